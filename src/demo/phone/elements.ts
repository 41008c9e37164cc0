/** DOM helpers of the demo's scripts. They set text only, never markup, so that names from the address can't inject any. */

/** Finds an element that the page's HTML must have. */
export const part = <Kind extends HTMLElement = HTMLElement>(selector: string): Kind => {
  const found = document.querySelector<Kind>(selector)
  if (found === null) throw new Error(`the page has no ${selector}`)
  return found
}

type Attributes = Readonly<Record<string, string>>

export const element = <Tag extends keyof HTMLElementTagNameMap>(tag: Tag, attributes: Attributes, text = ''): HTMLElementTagNameMap[Tag] => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.textContent = text
  return made
}

export const onTap = (selector: string, tap: () => void): void => part(selector).addEventListener('click', tap)

/** Fills in the texts: `data-word` as text, `data-label` as the accessible name. */
export const fillWords = (words: Readonly<Record<string, unknown>>): void => {
  const wordFor = (key: string | undefined): string => {
    const word = words[key ?? '']
    if (typeof word !== 'string') throw new Error(`there is no word for ${key}`)
    return word
  }
  for (const target of document.querySelectorAll<HTMLElement>('[data-word]')) target.textContent = wordFor(target.dataset.word)
  for (const target of document.querySelectorAll<HTMLElement>('[data-label]')) target.setAttribute('aria-label', wordFor(target.dataset.label))
}
