/** The global `wx`, with only what the mini program uses: anything else is absent, as with an old base library. */
import { appid } from '../wechat-simulator/appid.ts'
import type { AppLifecycle } from './app.ts'
import type { Dialogs, ModalOptions, ToastOptions } from './dialogs.ts'
import type { MiniProgramHost } from './host.ts'
import type { Pages } from './pages.ts'
import type { CompiledProject } from './project.ts'
import type { Requests } from './request.ts'
import type { Storage } from './storage.ts'
import type { Callbacks, MethodFactory } from './wx-method.ts'

export const offlineError = 'net::ERR_INTERNET_DISCONNECTED'

export interface WxOptions {
  readonly host: MiniProgramHost
  readonly project: CompiledProject
  readonly method: MethodFactory
  readonly app: AppLifecycle
  readonly pages: Pages
  readonly requests: Requests
  readonly storage: Storage
  readonly dialogs: Dialogs
  readonly isHandlingTap: () => boolean
}

export const createWx = ({ host, project, method, app, pages, requests, storage, dialogs, isHandlingTap }: WxOptions) => {
  /** WeChat's result for a scanned code. `path` is present only for a code of this mini program. */
  const scanResult = (text: string) => ({
    result: text,
    ...(project.app.pages.some((page) => text === page || text.startsWith(`${page}?`)) ? { path: text } : {}),
    scanType: 'WX_CODE',
    charSet: 'utf-8',
    rawData: base64(text),
  })

  return {
    request: requests.request,
    login: method('login', async () => {
      if (!host.settings().online) throw new Error(offlineError)
      return { code: await host.jsCode() }
    }),

    getNetworkType: method('getNetworkType', () => ({ networkType: host.settings().online ? 'wifi' : 'none' })),

    getStorageSync: storage.get,
    setStorageSync: storage.set,
    removeStorageSync: storage.remove,

    getRandomValues: method('getRandomValues', ({ length }: Callbacks & { length: number }) =>
      ({ randomValues: crypto.getRandomValues(new Uint8Array(length)).buffer })),

    getAppBaseInfo: () => {
      const { language, theme, fontSizePx } = host.settings()
      return { SDKVersion: '3.17.2', language, fontSizeSetting: fontSizePx, ...(project.app.darkmode === true ? { theme } : {}) }
    },
    getAccountInfoSync: () => ({ miniProgram: { appId: appid, envVersion: 'release', version: '1.0.0' } }),
    getEnterOptionsSync: app.enterOptions,

    scanCode: method('scanCode', async ({ onlyFromCamera = false }: Callbacks & { onlyFromCamera?: boolean }) => {
      const text = await host.scanCode({ onlyFromCamera })
      if (text === undefined) throw new Error('cancel')
      return scanResult(text)
    }),
    exitMiniProgram: method('exitMiniProgram', () => {
      if (!isHandlingTap()) throw new Error('can only be invoked by user TAP gesture.')
      host.exit()
    }),

    navigateTo: method('navigateTo', ({ url }: Callbacks & { url: string }) => pages.navigateTo(url)),
    redirectTo: method('redirectTo', ({ url }: Callbacks & { url: string }) => pages.redirectTo(url)),
    reLaunch: method('reLaunch', ({ url }: Callbacks & { url: string }) => pages.reLaunch(url)),
    navigateBack: method('navigateBack', ({ delta = 1 }: Callbacks & { delta?: number }) => pages.navigateBack(delta)),
    setNavigationBarTitle: method('setNavigationBarTitle', ({ title }: Callbacks & { title: string }) => pages.setTitle(title)),

    stopPullDownRefresh: method('stopPullDownRefresh', () => pages.stopPullDownRefresh()),

    showToast: method('showToast', (options: Callbacks & ToastOptions) => dialogs.showToast(options)),
    showModal: method('showModal', (options: Callbacks & ModalOptions) => dialogs.showModal(options)),

    updateWeChatApp: method('updateWeChatApp', () => {}),
    getUpdateManager: () => ({
      onCheckForUpdate: (listener: (result: { hasUpdate: boolean }) => unknown) => { setTimeout(() => listener({ hasUpdate: false })) },
      onUpdateReady: () => {},
      onUpdateFailed: () => {},
      applyUpdate: () => host.restart(),
    }),
  }
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
