/**
 * The WeChat that this runs in: its language, whether it is new enough, how it was entered, and updates. Old base libraries, developers' tools and WeChat on
 * computers lack interfaces or answer oddly; what is read here, before there is a page, must not throw, or nothing is ever drawn.
 */
import { isAtLeast, neededLibrary } from './base-library'

/** Calls WeChat; undefined if it lacks the interface or throws. */
const tried = <T>(call: () => T): T | undefined => {
  try {
    return call()
  } catch {
    return undefined
  }
}

// `getAppBaseInfo` came with 2.20.1.
const info: Partial<Record<'SDKVersion' | 'language', unknown>> = tried(() => wx.getAppBaseInfo()) ?? tried(() => wx.getSystemInfoSync()) ?? {}

/** Chinese if WeChat doesn't tell, as most of its users read that. */
export const language = typeof info.language === 'string' && info.language !== '' ? info.language : 'zh_CN'

/** This mini program's AppID, `touristappid` with DevTools' test account; empty if WeChat doesn't tell. */
export const appId = tried(() => wx.getAccountInfoSync().miniProgram.appId) ?? ''

/** What no login works without; the rest has a substitute, or can do without. */
const neededInterfaces = ['request', 'login', 'getRandomValues'] as const

/** Missing, or a word such as `dev`, in some developers' tools and WeChats for computers. */
const hasVersion = typeof info.SDKVersion === 'string' && /^\d+(?:\.\d+)*$/.test(info.SDKVersion)

/** By its version; where it tells none, what it can do decides alone. */
export const isTooOld = neededInterfaces.some((name) => typeof wx[name] !== 'function') || (hasVersion && !isAtLeast(String(info.SDKVersion), neededLibrary))

/** How the mini program was entered last: WeChat's scene number, 0 if it doesn't tell, and the query. */
export const entry = (): { readonly scene: number, readonly query: Readonly<Record<string, string | undefined>> } => {
  const options: Partial<WechatMiniprogram.LaunchOptionsApp> | undefined = tried(() => wx.getEnterOptionsSync())
  return { scene: options?.scene ?? 0, query: options?.query ?? {} }
}

let isUpdateReady = false

/** Notes when WeChat has loaded a newer version of this mini program. To be called once, at launch. */
export const watchForUpdate = (): void => {
  tried(() => wx.getUpdateManager().onUpdateReady(() => { isUpdateReady = true }))
}

/**
 * Updates what is too old: WeChat, or the mini program. If no update is ready, or WeChat can't be updated from here, the mini program exits; WeChat checks for
 * one at the next start. Call this only in the handler of a tap: WeChat refuses it anywhere else.
 */
export const update = (): void => {
  if (isTooOld && typeof wx.updateWeChatApp === 'function') wx.updateWeChatApp()
  else if (isUpdateReady) wx.getUpdateManager().applyUpdate()
  else tried(() => wx.exitMiniProgram())
}
