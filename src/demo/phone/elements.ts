/** Owns how the demo's pages are put together: elements made by hand, so that nothing from outside is ever read as markup. */

type Attributes = Readonly<Record<string, string | boolean | undefined>>

/** Makes an element. An attribute that is false or undefined is left out, one that is true is empty. */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag, attributes: Attributes = {}, ...children: ReadonlyArray<Node | string | undefined>
): HTMLElementTagNameMap[Tag] => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value)
  }
  made.append(...children.filter((child) => child !== undefined))
  return made
}

export interface ButtonOptions {
  /** Tells this button from its neighbours, before and after a redraw. */
  readonly key: string
  readonly class?: string
  readonly disabled?: boolean
  readonly label?: string
}

export const button = (text: string, options: ButtonOptions, tap: () => void): HTMLButtonElement => {
  const made = element('button', {
    type: 'button',
    class: options.class ?? 'button',
    'data-key': options.key,
    disabled: options.disabled === true,
    'aria-label': options.label,
  }, text)
  made.addEventListener('click', tap)
  return made
}

/** Puts new content in place of the old and leaves the keyboard's focus where it was, where that is still there. */
export const redraw = (root: HTMLElement, ...content: readonly Node[]): void => {
  const focused = document.activeElement
  const key = focused instanceof HTMLElement && root.contains(focused) ? focused.dataset.key : undefined
  root.replaceChildren(...content)
  const again = key === undefined ? null : root.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
  again?.focus()
  if (again instanceof HTMLInputElement) again.setSelectionRange(again.value.length, again.value.length)
}
