/** Owns one page's place in the document: its box, its styles, and where its scroll positions and the keyboard's focus were. */
import type { Root } from 'glass-easel-miniprogram-adapter'
import type { Framework } from './framework.ts'

export interface PageView {
  readonly root: Root
  /** Puts it on top: drawn, its styles on, scrolled and focused as it was. */
  show (): void
  hide (): void
  close (): void
}

/** Builds a page, not shown yet. Its styles match every page of the document, so that only the top page's may be on. */
export const createPageView = (framework: Framework, path: string, style: ((on: boolean) => void) | undefined): PageView => {
  const box = document.createElement('div')
  box.className = 'page-box'
  box.tabIndex = 0 // with nothing else in it that takes the keyboard's focus, it has to be scrolled all the same
  box.hidden = true
  document.getElementById('pages')?.append(box)
  const root = framework.open(path, box)
  keepFocus(box)
  let scrolled: ReadonlyArray<readonly [Element, number]> = []
  let focused: HTMLElement = box

  return {
    root,
    show: () => {
      style?.(true)
      box.hidden = false
      // Chromium remembers it by itself; other browsers forget it with the box.
      for (const [element, top] of scrolled) element.scrollTop = top
      // Focus is passed on within the mini program; one that is elsewhere on the phone isn't taken away.
      if (document.hasFocus()) (focused.isConnected ? focused : box).focus({ preventScroll: true })
    },
    hide: () => {
      scrolled = [box, ...box.querySelectorAll('*')].filter(({ scrollTop }) => scrollTop > 0).map((element) => [element, element.scrollTop])
      focused = box.contains(document.activeElement) ? document.activeElement as HTMLElement : box
      box.hidden = true
      style?.(false)
    },
    close: () => {
      box.hidden = true
      style?.(false)
      root.release()
      box.remove()
    },
  }
}

/** Takes the keyboard's focus when what had it is gone or disabled, so that the next Tab goes on from here and not from the top. */
const keepFocus = (box: HTMLElement): void => {
  let hadFocus = false
  box.addEventListener('focusin', () => { hadFocus = true })
  box.addEventListener('focusout', ({ relatedTarget }) => { hadFocus = relatedTarget === null && document.hasFocus() })
  new MutationObserver(() => {
    const now = document.activeElement
    if (hadFocus && !box.hidden && (now === document.body || now?.matches(':disabled') === true)) box.focus({ preventScroll: true })
  }).observe(box, { childList: true, subtree: true, attributes: true, attributeFilter: ['disabled'] })
}
