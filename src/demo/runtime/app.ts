/** The mini program's App: instance, lifecycle and enter options. */
import type { LaunchOptions } from './host.ts'

/** The options of `App.onLaunch`, `App.onShow` and `wx.getEnterOptionsSync`. */
export interface EnterOptions extends LaunchOptions {
  readonly referrerInfo: object
  readonly apiCategory: 'default'
}

interface AppInstance {
  onLaunch?: (options: EnterOptions) => unknown
  onShow?: (options: EnterOptions) => unknown
  onHide?: () => unknown
}

export interface AppLifecycle {
  /** The globals `App` and `getApp`. */
  readonly App: (instance: AppInstance) => void
  readonly getApp: () => AppInstance
  launch (): void
  /** `launch`: the options of a warm launch. */
  show (launch?: LaunchOptions): void
  hide (): void
  /** A new object each time. */
  readonly enterOptions: () => EnterOptions
}

export const createApp = (launch: LaunchOptions, guard: (run: () => unknown) => void): AppLifecycle => {
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
