/** The phone's mini program: its frame, cold and warm starts, foreground and background. */
import type { LaunchOptions, MiniProgramHost, NavigationBar, RunningMiniProgram } from '../runtime/host.ts'
import { element, part } from './elements.ts'

declare global {
  interface Window {
    miniProgramHost?: MiniProgramHost
  }
}

/** The part of the mini program's host that the phone provides; this module provides the rest. */
export type PhoneServices = Pick<MiniProgramHost, 'person' | 'settings' | 'jsCode' | 'scanCode' | 'exit' | 'routed' | 'translated'>

export interface MiniProgram {
  /** Starts it cold, or passes the launch options to the warm one, as soon as that is in the foreground. */
  launch (launch: LaunchOptions): void
  /** Keeps a warm one as it is. Starts it cold with `fallback` if there is none yet. */
  resume (fallback: LaunchOptions): void
  /** Starts it anew, cold, with the last launch options. */
  restart (): void
  back (): void
  /** Whether the phone shows its screen. In a hidden browser tab it is in the background nevertheless. */
  setShown (isShown: boolean): void
  settingsChanged (): void
}

export const createMiniProgram = (name: string, phone: PhoneServices): MiniProgram => {
  const pages = part('#pages')
  const launchScreen = part('#launch-screen')
  let frame: HTMLIFrameElement | undefined
  let running: RunningMiniProgram | undefined
  let lastLaunch: LaunchOptions | undefined
  /** Options of a warm launch that waits for the foreground. */
  let pendingLaunch: LaunchOptions | undefined
  let isShown = false
  let isInForeground = false

  const start = (launch: LaunchOptions): void => {
    const hadFocus = frame !== undefined && document.activeElement === frame
    frame?.remove()
    lastLaunch = launch
    running = pendingLaunch = undefined
    launchScreen.hidden = false
    drawBar(undefined)
    setShade(false)
    window.miniProgramHost = { ...phone, launch, drawBar, setShade, restart, started }
    frame = element('iframe', { src: 'phone/app', title: name })
    pages.append(frame)
    if (hadFocus) frame.focus()
  }
  const restart = (): void => { if (lastLaunch !== undefined) start(lastLaunch) }
  const started = (program: RunningMiniProgram): void => {
    running = program
    launchScreen.hidden = true
    isInForeground = true // it starts in the foreground; if the person has left since, updateForeground() hides it
    updateForeground()
  }
  const updateForeground = (): void => {
    const wasInForeground = isInForeground
    isInForeground = isShown && document.visibilityState === 'visible'
    if (wasInForeground && !isInForeground) running?.hide()
    if (!isInForeground || (wasInForeground && pendingLaunch === undefined)) return
    running?.show(pendingLaunch)
    pendingLaunch = undefined
  }
  document.addEventListener('visibilitychange', updateForeground)

  return {
    launch: (launch) => {
      if (running === undefined) return start(launch)
      lastLaunch = pendingLaunch = launch
      updateForeground()
    },
    // If it doesn't run yet, its frame may have failed to load: try again.
    resume: (fallback) => { if (running === undefined) start(lastLaunch ?? fallback) },
    restart,
    back: () => running?.back(),
    setShown: (value) => {
      isShown = value
      updateForeground()
    },
    settingsChanged: () => running?.settingsChanged(),
  }
}

/** Draws the navigation bar as the page configures it; without a page, empty and in the phone's colours. */
const drawBar = (bar: NavigationBar | undefined): void => {
  const phone = part('#phone')
  part('#bar-title').textContent = bar?.title ?? ''
  part('#bar-back').hidden = !bar?.canGoBack
  phone.style.setProperty('--bar', bar?.background ?? '')
  phone.style.setProperty('--bar-ink', bar === undefined ? '' : bar.text)
}

const setShade = (isShown: boolean): void => { part('#phone').toggleAttribute('data-shade', isShown) }
