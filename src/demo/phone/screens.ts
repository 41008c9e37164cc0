/** The phone's screen: WeChat with one of its screens, or the home screen in front of it. */
import { part } from './elements.ts'

export type WechatScreen = 'wechat' | 'chat' | 'camera' | 'mini-program'
export type Screen = 'home-screen' | WechatScreen

export interface Screens {
  shown (): Screen
  /** Switches WeChat's screen. Behind the home screen it becomes visible when the person returns to WeChat. */
  show (screen: WechatScreen): void
  /** Goes to the home screen. */
  leaveWechat (): void
  /** Returns from the home screen to WeChat as it was. */
  enterWechat (): void
}

/** The element that gets the keyboard focus on each screen. */
const focusTargets: Record<Screen, string> = { 'home-screen': '#wechat-icon', wechat: '#scan', chat: '#recognise', camera: '#camera-back', 'mini-program': '#pages iframe' }

export const createScreens = (onChange: () => void): Screens => {
  const all = Object.keys(focusTargets) as Screen[]
  let wechatScreen: WechatScreen = 'wechat'
  let isHomeScreen = false
  const shown = (): Screen => isHomeScreen ? 'home-screen' : wechatScreen

  const draw = (): void => {
    part('#phone').dataset.screen = shown()
    for (const screen of all) part(`#${screen}`).hidden = screen !== shown()
  }
  const update = (change: () => void): void => {
    const before = shown()
    change()
    if (shown() === before) return
    draw()
    onChange()
    // Don't take the focus from another frame of the window.
    if (document.hasFocus()) part(focusTargets[shown()]).focus({ preventScroll: true })
  }

  draw()
  return {
    shown,
    show: (screen) => update(() => { wechatScreen = screen }),
    leaveWechat: () => update(() => { isHomeScreen = true }),
    enterWechat: () => update(() => { isHomeScreen = false }),
  }
}
