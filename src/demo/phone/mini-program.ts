/** Owns the one mini program of this phone: its frame, started cold or kept warm, and whether it is in front. Knows nothing of the other screens. */
import type { LaunchOptions, MiniProgramHost, NavigationBar, RunningMiniProgram } from '../runtime/host.ts'
import { element, part } from './elements.ts'

declare global {
  interface Window {
    miniProgramHost?: MiniProgramHost
  }
}

/** What the phone does for it; the rest of its host is done here. */
export type PhoneServices = Pick<MiniProgramHost, 'person' | 'settings' | 'jsCode' | 'scanCode' | 'exit'>

export interface MiniProgram {
  /** Starts it cold, or lets the warm one open what was scanned as soon as it is in front. */
  launch (launch: LaunchOptions): void
  /** Leaves it as it is; starts it cold where there is none yet. */
  resume (otherwise: LaunchOptions): void
  /** Starts it anew, cold, the way it was opened last. */
  restart (): void
  back (): void
  /** Whether its screen is what the phone shows. In a tab that nobody looks at it is in the background all the same. */
  setShown (isShown: boolean): void
  settingsChanged (): void
}

export const createMiniProgram = (name: string, phone: PhoneServices): MiniProgram => {
  const pages = part('#pages')
  const launchScreen = part('#launch-screen')
  let frame: HTMLIFrameElement | undefined
  let running: RunningMiniProgram | undefined
  let last: LaunchOptions | undefined
  let toOpen: LaunchOptions | undefined
  let isShown = false
  let isInFront = false

  const start = (launch: LaunchOptions): void => {
    const hadFocus = frame !== undefined && document.activeElement === frame
    frame?.remove()
    last = launch
    running = toOpen = undefined
    launchScreen.hidden = false
    drawBar(undefined)
    window.miniProgramHost = { ...phone, launch, drawBar, restart, started }
    frame = element('iframe', { src: 'phone/app', title: name })
    pages.append(frame)
    if (hadFocus) frame.focus()
  }
  const restart = (): void => { if (last !== undefined) start(last) }
  const started = (itself: RunningMiniProgram): void => {
    running = itself
    launchScreen.hidden = true
    isInFront = true // it starts as though it were; whoever left meanwhile, it hears of next
    settle()
  }
  const settle = (): void => {
    const wasInFront = isInFront
    isInFront = isShown && document.visibilityState === 'visible'
    if (wasInFront && !isInFront) running?.hide()
    if (!isInFront || (wasInFront && toOpen === undefined)) return
    running?.show(toOpen)
    toOpen = undefined
  }
  document.addEventListener('visibilitychange', settle)

  return {
    launch: (launch) => {
      if (running === undefined) return start(launch)
      last = toOpen = launch
      settle()
    },
    // A frame that doesn't run yet may have failed to load: then this tap is the second try.
    resume: (otherwise) => { if (running === undefined) start(last ?? otherwise) },
    restart,
    back: () => running?.back(),
    setShown: (value) => {
      isShown = value
      settle()
    },
    settingsChanged: () => running?.settingsChanged(),
  }
}

/** Draws the bar as a page wants it; bare, in the phone's own colours, as long as there is no page. */
const drawBar = (bar: NavigationBar | undefined): void => {
  const phone = part('#phone')
  part('#bar-title').textContent = bar?.title ?? ''
  part('#bar-back').hidden = !bar?.canGoBack
  phone.style.setProperty('--bar', bar?.background ?? '')
  phone.style.setProperty('--bar-ink', bar === undefined ? '' : bar.text)
}
