/** Owns the App: its one instance, its lifecycle, and what the mini program was opened with. */
import type { LaunchOptions } from './host.ts'

/** What `App.onLaunch`, `App.onShow` and `wx.getEnterOptionsSync` give. */
export interface EnterOptions extends LaunchOptions {
  readonly referrerInfo: object
  readonly apiCategory: 'default'
}

interface AppInstance {
  onLaunch?: (options: EnterOptions) => unknown
  onShow?: (options: EnterOptions) => unknown
  onHide?: () => unknown
}

export interface AppLife {
  /** The globals of that name. */
  readonly App: (instance: AppInstance) => void
  readonly getApp: () => AppInstance
  launch (): void
  /** With options where it was opened another way than before. */
  show (launch?: LaunchOptions): void
  hide (): void
  /** A fresh object each time. */
  readonly enterOptions: () => EnterOptions
}

export const createApp = (launch: LaunchOptions, guard: (run: () => unknown) => void): AppLife => {
  let instance: AppInstance = {}
  let entered = launch
  const enterOptions = (): EnterOptions =>
    ({ path: entered.path, query: { ...entered.query }, scene: entered.scene, referrerInfo: {}, apiCategory: 'default' })

  return {
    App: (registered) => { instance = registered },
    getApp: () => instance,
    launch: () => guard(() => instance.onLaunch?.(enterOptions())),
    show: (next) => {
      entered = next ?? entered
      guard(() => instance.onShow?.(enterOptions()))
    },
    hide: () => guard(() => instance.onHide?.()),
    enterOptions,
  }
}
