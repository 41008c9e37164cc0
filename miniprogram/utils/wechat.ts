/** Owns what has to be known of the WeChat this runs in: its language, whether it is new enough, and whether a newer version of us waits. */
import { isAtLeast, neededLibrary } from './base-library'

// `getAppBaseInfo` came with 2.20.1: a WeChat that is too old has to be told so, which takes getting past this line.
const info = wx.getAppBaseInfo === undefined ? wx.getSystemInfoSync() : wx.getAppBaseInfo()

export const language = info.language

export const isTooOld = !isAtLeast(info.SDKVersion, neededLibrary)

let isUpdateReady = false

/** Listens for a newer version of this mini program, which WeChat loads by itself. To be called once, at launch. */
export const watchForUpdate = (): void => {
  wx.getUpdateManager().onUpdateReady(() => { isUpdateReady = true })
}

/** Brings this up to date as far as can be done from here: WeChat itself, or this mini program; else leaves, since WeChat looks for updates at the next start. In a tap only. */
export const update = (): void => {
  if (isTooOld) wx.updateWeChatApp()
  else if (isUpdateReady) wx.getUpdateManager().applyUpdate()
  else wx.exitMiniProgram()
}
