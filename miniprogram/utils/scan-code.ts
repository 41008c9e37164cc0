/** WeChat's scanner, and whether a ticket's code was scanned with this person's camera. */
import { isCameraScene, ticketFromPath } from './scene'
import { entry } from './wechat'

let lastScanned: string | undefined

/**
 * Opens WeChat's scanner. Resolves with the ticket of the code, null for a code that isn't ours, undefined if the person went back. Only the camera is
 * allowed: WeChat doesn't say whether a picture was chosen instead, and somebody may have sent that picture.
 */
export const scanCode = (): Promise<string | null | undefined> => new Promise((resolve) => {
  if (typeof wx.scanCode !== 'function') return resolve(undefined) // as in some WeChats for computers
  wx.scanCode({
    onlyFromCamera: true,
    scanType: ['qrCode', 'wxCode'],
    success: ({ path }) => {
      lastScanned = ticketFromPath(path)
      resolve(lastScanned ?? null)
    },
    fail: () => resolve(undefined),
  })
})

/** Whether this person's camera has scanned the ticket's code, as far as WeChat tells: with `scanCode`, or with the scanner that opened the mini program. */
export const isFromCamera = (ticket: string | undefined): boolean =>
  (ticket !== undefined && ticket === lastScanned) || isCameraScene(entry().scene)

/** The path of the login page for a ticket. */
export const loginPage = (ticket: string): string => `/pages/login/login?scene=${ticket}`
