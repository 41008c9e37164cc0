/** One page in the document: its element and styles, and its scroll positions and focus while another page covers it. */
import type { Root } from 'glass-easel-miniprogram-adapter'
import type { Framework } from './framework.ts'

export interface PageView {
  readonly root: Root
  /** The element that scrolls. */
  readonly box: HTMLElement
  /** Shows the page with its styles, scroll positions and focus. */
  show (): void
  hide (): void
  close (): void
}

/** Builds a page, hidden at first. `enableStyle` switches its styles, which match all pages of the document: only the top page's may be on. */
export const createPageView = (framework: Framework, path: string, enableStyle: ((isOn: boolean) => void) | undefined): PageView => {
  const box = document.createElement('div')
  box.className = 'page-box'
  box.tabIndex = 0 // so that the keyboard can scroll a page without focusable elements
  box.hidden = true
  document.getElementById('pages')?.append(box)
  const root = framework.open(path, box)
  keepFocus(box)
  let scrollTops: ReadonlyArray<readonly [Element, number]> = []
  let focused: HTMLElement = box

  return {
    root,
    box,
    show: () => {
      enableStyle?.(true)
      box.hidden = false
      // Chromium keeps the positions of hidden elements; other browsers don't.
      for (const [element, top] of scrollTops) element.scrollTop = top
      // Only within the mini program: don't take the focus from another part of the phone.
      if (document.hasFocus()) (focused.isConnected ? focused : box).focus({ preventScroll: true })
    },
    hide: () => {
      scrollTops = [box, ...box.querySelectorAll('*')].filter(({ scrollTop }) => scrollTop > 0).map((element) => [element, element.scrollTop])
      focused = box.contains(document.activeElement) ? document.activeElement as HTMLElement : box
      box.hidden = true
      enableStyle?.(false)
    },
    close: () => {
      box.hidden = true
      enableStyle?.(false)
      root.release()
      box.remove()
    },
  }
}

/** Moves the focus to the page when the focused element is removed or disabled: otherwise the next Tab would start at the top of the document. */
const keepFocus = (box: HTMLElement): void => {
  let hadFocus = false
  box.addEventListener('focusin', () => { hadFocus = true })
  box.addEventListener('focusout', ({ relatedTarget }) => { hadFocus = relatedTarget === null && document.hasFocus() })
  new MutationObserver(() => {
    const { activeElement } = document
    if (hadFocus && !box.hidden && (activeElement === document.body || activeElement?.matches(':disabled') === true)) box.focus({ preventScroll: true })
  }).observe(box, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] })
}
