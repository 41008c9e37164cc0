/** How the login goes, in three steps, and what never to scan, over the page. A <dialog>; a plain panel in browsers without one, as Safari before 15.4 and Firefox before 98. */
import { make } from './dom.js'

/** Makes it closed. `element` is to be added to the page. */
export const makeExplanation = () => {
  const close = make('button', { class: 'main', part: 'button', 'data-action': 'close', 'data-word': 'close' })
  const content = [
    make('h2', { id: 'what-title', 'data-word': 'whatTitle' }),
    make('ol', {}, ...['what1', 'what2', 'what3'].map((word) => make('li', { 'data-word': word }))),
    make('p', { 'data-word': 'whatNever' }),
    close,
  ]
  const dialog = make('dialog', { class: 'dialog', 'aria-labelledby': 'what-title' })
  return 'showModal' in dialog ? makeDialog(dialog, content) : makePanel(content, close)
}

/** @param {HTMLDialogElement} element @param {Element[]} content */
const makeDialog = (element, content) => {
  element.append(...content)
  element.addEventListener('click', ({ target }) => { if (target === element) element.close() }) // a click beside it
  return { element, open: () => { element.showModal() }, close: () => { element.close() } }
}

/** The focus stays on its one button, and returns to where it was. @param {Element[]} content @param {HTMLElement} button */
const makePanel = (content, button) => {
  const panel = make('div', { class: 'dialog', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'what-title' }, ...content)
  const element = make('div', { class: 'veil', hidden: '' }, panel)
  /** @type {HTMLElement | null} */
  let opener = null
  const open = () => {
    const root = element.getRootNode()
    opener = /** @type {HTMLElement | null} */ (root instanceof ShadowRoot ? root.activeElement : null)
    element.hidden = false
    button.focus()
  }
  const close = () => {
    element.hidden = true
    opener?.focus()
  }
  element.addEventListener('click', ({ target }) => { if (target === element) close() })
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close()
    if (event.key === 'Tab') event.preventDefault()
  })
  return { element, open, close }
}
