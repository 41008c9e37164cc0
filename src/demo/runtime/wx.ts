/** Owns the `wx` object: what the mini program uses and no more, so that anything else is as absent as on an old base library. */
import type { Answer, Callbacks } from './answer.ts'
import type { AppLife } from './app.ts'
import type { Dialogs, ModalOptions, ToastOptions } from './dialogs.ts'
import type { MiniProgramHost } from './host.ts'
import type { Pages } from './pages.ts'
import type { Project } from './project.ts'
import type { Requests } from './request.ts'
import type { Storage } from './storage.ts'

export const offlineWords = 'net::ERR_INTERNET_DISCONNECTED'

export interface WxOptions {
  readonly host: MiniProgramHost
  readonly project: Project
  readonly answer: Answer
  readonly app: AppLife
  readonly pages: Pages
  readonly requests: Requests
  readonly storage: Storage
  readonly dialogs: Dialogs
  /** A tap is being handled right now. */
  readonly tapping: () => boolean
}

export const createWx = ({ host, project, answer, app, pages, requests, storage, dialogs, tapping }: WxOptions) => {
  /** What WeChat tells of a scanned text. `path` is there only for a code of this mini program. */
  const scanned = (text: string) => ({
    result: text,
    ...(project.app.pages.some((page) => text === page || text.startsWith(`${page}?`)) ? { path: text } : {}),
    scanType: 'WX_CODE',
    charSet: 'utf-8',
    rawData: base64(text),
  })

  return {
    request: requests.request,
    login: answer('login', async () => {
      if (!host.settings().online) throw new Error(offlineWords)
      return { code: await host.jsCode() }
    }),

    getNetworkType: answer('getNetworkType', () => ({ networkType: host.settings().online ? 'wifi' : 'none' })),

    getStorageSync: storage.get,
    setStorageSync: storage.set,
    removeStorageSync: storage.remove,

    getRandomValues: answer('getRandomValues', ({ length }: Callbacks & { length: number }) =>
      ({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer })),

    getAppBaseInfo: () => {
      const { language, theme, fontSizePx } = host.settings()
      return { SDKVersion: '3.17.2', language, fontSizeSetting: fontSizePx, ...(project.app.darkmode === true ? { theme } : {}) }
    },
    getEnterOptionsSync: app.enterOptions,

    scanCode: answer('scanCode', async ({ onlyFromCamera = false }: Callbacks & { onlyFromCamera?: boolean }) => {
      const text = await host.scanCode({ onlyFromCamera })
      if (text === undefined) throw new Error('cancel')
      return scanned(text)
    }),
    exitMiniProgram: answer('exitMiniProgram', () => {
      if (!tapping()) throw new Error('can only be invoked by user TAP gesture.')
      host.exit()
    }),

    navigateTo: answer('navigateTo', ({ url }: Callbacks & { url: string }) => pages.navigateTo(url)),
    redirectTo: answer('redirectTo', ({ url }: Callbacks & { url: string }) => pages.redirectTo(url)),
    reLaunch: answer('reLaunch', ({ url }: Callbacks & { url: string }) => pages.reLaunch(url)),
    navigateBack: answer('navigateBack', ({ delta = 1 }: Callbacks & { delta?: number }) => pages.navigateBack(delta)),
    setNavigationBarTitle: answer('setNavigationBarTitle', ({ title }: Callbacks & { title: string }) => pages.setTitle(title)),

    showToast: answer('showToast', (options: Callbacks & ToastOptions) => dialogs.showToast(options)),
    showModal: answer('showModal', (options: Callbacks & ModalOptions) => dialogs.showModal(options)),

    updateWeChatApp: answer('updateWeChatApp', () => {}),
    getUpdateManager: () => ({
      onCheckForUpdate: (tell: (result: { hasUpdate: boolean }) => unknown) => { setTimeout(() => tell({ hasUpdate: false })) },
      onUpdateReady: () => {},
      onUpdateFailed: () => {},
      applyUpdate: () => host.restart(),
    }),
  }
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
