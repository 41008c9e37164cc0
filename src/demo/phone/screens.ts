/** Owns what is on the phone's screen: WeChat with one of its three screens, or the desktop over it. Knows nothing of what leads where. */
import { part } from './elements.ts'

export type WechatScreen = 'wechat' | 'camera' | 'mini-program'
export type Screen = 'desktop' | WechatScreen

export interface Screens {
  shown (): Screen
  /** What WeChat shows from now on. Where the desktop is in front, it is seen when the person comes back. */
  show (screen: WechatScreen): void
  /** To the desktop. */
  leaveWechat (): void
  /** Back from there, to what WeChat showed. */
  enterWechat (): void
}

/** Where the keyboard goes on each screen. */
const firstOf: Record<Screen, string> = { desktop: '#wechat-icon', wechat: '#scan', camera: '#camera-back', 'mini-program': '#pages iframe' }

export const createScreens = (changed: () => void): Screens => {
  const all = Object.keys(firstOf) as Screen[]
  let inWechat: WechatScreen = 'wechat'
  let isDesktop = false
  const shown = (): Screen => isDesktop ? 'desktop' : inWechat

  const draw = (): void => {
    part('#phone').dataset.screen = shown()
    for (const screen of all) part(`#${screen}`).hidden = screen !== shown()
  }
  const turn = (change: () => void): void => {
    const before = shown()
    change()
    if (shown() === before) return
    draw()
    changed()
    // Other pages of the window keep the keyboard where the person took it there meanwhile.
    if (document.hasFocus()) part(firstOf[shown()]).focus({ preventScroll: true })
  }

  draw()
  return {
    shown,
    show: (screen) => turn(() => { inWechat = screen }),
    leaveWechat: () => turn(() => { isDesktop = true }),
    enterWechat: () => turn(() => { isDesktop = false }),
  }
}
