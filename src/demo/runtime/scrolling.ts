/** What a page is told of its scrolling: that its end was reached, and that it was pulled down for a refresh. */

/** WeChat's default of `onReachBottomDistance`. */
const bottomPx = 50

/** A shorter pull is none. */
const pullPx = 60

export interface ScrollingOptions {
  /** The page's scroller. */
  readonly box: HTMLElement
  readonly canBePulled: boolean
  onReachBottom (): void
  onPullDown (): void
}

export interface Scrolling {
  /** Hides the sign of a refresh. */
  stopRefresh (): void
}

export const watchScrolling = ({ box, canBePulled, onReachBottom, onPullDown }: ScrollingOptions): Scrolling => {
  let isAtBottom = false
  let lastHeight = 0
  box.addEventListener('scroll', () => {
    const isNow = box.scrollHeight - box.scrollTop - box.clientHeight <= bottomPx
    const isNew = isNow && (!isAtBottom || box.scrollHeight !== lastHeight) // also where the list has grown under it
    isAtBottom = isNow
    lastHeight = box.scrollHeight
    if (isNew) onReachBottom()
  })
  return canBePulled ? watchPulls(box, onPullDown) : { stopRefresh: () => {} }
}

/** Shows the pulled space above the page. By touch, as on a phone, and by mouse, as there is no finger in most browsers of the demo. */
const watchPulls = (box: HTMLElement, onPullDown: () => void): Scrolling => {
  const space = document.createElement('div')
  space.className = 'pull'
  space.setAttribute('aria-hidden', 'true')
  box.classList.add('page-box--pulled')
  box.prepend(space)
  let startY: number | undefined
  let isRefreshing = false

  const setHeight = (px: number): void => { space.style.height = `${px}px` }
  const start = (y: number): void => { if (box.scrollTop <= 0 && !isRefreshing) startY = y }
  const move = (y: number): void => {
    if (startY === undefined) return
    if (box.scrollTop > 0) startY = undefined
    setHeight(startY === undefined ? 0 : Math.min(Math.max(0, y - startY) / 2, pullPx))
  }
  const end = (y: number): void => {
    const isPull = startY !== undefined && y - startY >= pullPx
    startY = undefined
    if (isRefreshing) return
    setHeight(isPull ? pullPx : 0)
    if (!isPull) return
    isRefreshing = true
    space.classList.add('pull--busy')
    onPullDown()
  }

  const byTouch = (act: (y: number) => void) => ({ changedTouches: [touch] }: TouchEvent): void => { if (touch !== undefined) act(touch.clientY) }
  box.addEventListener('touchstart', byTouch(start), { passive: true })
  box.addEventListener('touchmove', byTouch(move), { passive: true })
  box.addEventListener('touchend', byTouch(end), { passive: true })
  box.addEventListener('touchcancel', byTouch(() => end(-Infinity)), { passive: true })
  const byMouse = (act: (y: number) => void) => ({ pointerType, clientY }: PointerEvent): void => { if (pointerType === 'mouse') act(clientY) }
  box.addEventListener('pointerdown', byMouse(start))
  box.addEventListener('pointermove', byMouse(move))
  for (const type of ['pointerup', 'pointerleave'] as const) box.addEventListener(type, byMouse(end))

  return {
    stopRefresh: () => {
      isRefreshing = false
      space.classList.remove('pull--busy')
      setHeight(0)
    },
  }
}
