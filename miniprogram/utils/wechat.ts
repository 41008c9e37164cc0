/** The WeChat that this runs in: its language, whether it is new enough, and updates of it or of the mini program. */
import { isAtLeast, neededLibrary } from './base-library'

// `getAppBaseInfo` came with 2.20.1. A WeChat without it is too old, but this line must not throw: the page has to say so.
const info = wx.getAppBaseInfo === undefined ? wx.getSystemInfoSync() : wx.getAppBaseInfo()

export const language = info.language

export const isTooOld = !isAtLeast(info.SDKVersion, neededLibrary)

let isUpdateReady = false

/** Notes when WeChat has loaded a newer version of this mini program. To be called once, at launch. */
export const watchForUpdate = (): void => {
  wx.getUpdateManager().onUpdateReady(() => { isUpdateReady = true })
}

/**
 * Updates what is too old: WeChat, or the mini program. If no update is ready, the mini program exits, and WeChat checks for one at the next start. Call
 * this only in the handler of a tap: WeChat refuses it anywhere else.
 */
export const update = (): void => {
  if (isTooOld) wx.updateWeChatApp()
  else if (isUpdateReady) wx.getUpdateManager().applyUpdate()
  else wx.exitMiniProgram()
}
