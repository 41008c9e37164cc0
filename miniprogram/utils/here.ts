/** What all pages share on this phone: the one service, its words, and WeChat's scanner and dialog. */
import { serviceUrl } from '../config'
import { wxPlatform } from './platform'
import { isCameraScene, ticketFromPath } from './scene'
import { createService } from './service'
import { language } from './wechat'
import { wordsFor } from './words'

export const service = createService(wxPlatform, serviceUrl)
export const words = wordsFor(language)

/** The host of the service, as a person can read it on the login page. */
export const host = serviceUrl.replace(/^https?:\/\//, '').replace(/\/.*$/, '')

/** What the camera here saw last. */
let seen: string | undefined

/**
 * Opens WeChat's scanner: the ticket of the code, null for a code that isn't ours, undefined where the person went back. The camera alone: whether
 * a picture was chosen instead, which somebody may have sent, would not be told.
 */
export const scanCode = (): Promise<string | null | undefined> => new Promise((resolve) => {
  wx.scanCode({
    onlyFromCamera: true,
    scanType: ['qrCode', 'wxCode'],
    success: ({ path }) => {
      seen = ticketFromPath(path)
      resolve(seen ?? null)
    },
    fail: () => resolve(undefined),
  })
})

/** Whether this person's own camera saw the code of a ticket, as far as can be told: in here, or in WeChat's scanner that led here. */
export const isFromCamera = (ticket: string | undefined): boolean =>
  (ticket !== undefined && ticket === seen) || isCameraScene(wx.getEnterOptionsSync().scene)

/** The login page's address for a ticket. */
export const loginPage = (ticket: string): string => `/pages/login/login?scene=${ticket}`

/** Asks before something is done that can't be taken back. Whatever isn't a yes is a no. */
export const confirmed = (question: string, { yes, no }: { yes: string, no: string }): Promise<boolean> => new Promise((resolve) => {
  wx.showModal({
    content: question,
    confirmText: yes,
    cancelText: no,
    success: ({ confirm }) => resolve(confirm),
    fail: () => resolve(false),
  })
})
