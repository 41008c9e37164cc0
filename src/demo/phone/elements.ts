/** Owns how the demo's scripts get at their pages: parts by selector, words filled in as text, so that nothing from outside is ever read as markup. */

/** The part of the page that a selector names. A page without it is a mistake of ours. */
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

/** Fills every `data-word` with its word as text, and gives every `data-label` its word as a name for those who don't see it. */
export const fillWords = (words: Readonly<Record<string, unknown>>): void => {
  const word = (key: string | undefined): string => {
    const found = words[key ?? '']
    if (typeof found !== 'string') throw new Error(`there is no word for ${key}`)
    return found
  }
  for (const place of document.querySelectorAll<HTMLElement>('[data-word]')) place.textContent = word(place.dataset.word)
  for (const place of document.querySelectorAll<HTMLElement>('[data-label]')) place.setAttribute('aria-label', word(place.dataset.label))
}
