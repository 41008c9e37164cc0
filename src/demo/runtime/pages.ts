/** The page stack: navigation, lifecycle calls in WeChat's order, and the navigation bar. */
import type { Framework } from './framework.ts'
import type { LaunchOptions, MiniProgramHost } from './host.ts'
import { createPageView } from './page-view.ts'
import type { PageView } from './page-view.ts'
import { themed } from './project.ts'
import type { CompiledMiniProgram } from './project.ts'
import { routeOf } from './route.ts'
import type { Route } from './route.ts'
import { watchScrolling } from './scrolling.ts'
import type { Scrolling } from './scrolling.ts'

/** WeChat's limit. */
const maxDepth = 10

/** A page's `this`, as far as the runtime uses it. */
export interface PageInstance {
  route: string
  options: Readonly<Record<string, string>>
  onLoad?: (query: Readonly<Record<string, string>>) => unknown
  onShow?: () => unknown
  onReady?: () => unknown
  onHide?: () => unknown
  onUnload?: () => unknown
  onPullDownRefresh?: () => unknown
  onReachBottom?: () => unknown
  setData (change: object): void
}

interface OpenPage {
  readonly path: string
  readonly instance: PageInstance
  readonly view: PageView
  readonly scrolling: Scrolling
  /** Set by `wx.setNavigationBarTitle`. */
  title?: string
}

export interface Pages {
  /** These reject with WeChat's error texts. They run one after the other, never inside a page's own lifecycle call. */
  navigateTo (url: string): Promise<void>
  redirectTo (url: string): Promise<void>
  reLaunch (url: string): Promise<void>
  navigateBack (delta: number): Promise<void>
  /** Closes all pages and opens the launch page. */
  enter (launch: LaunchOptions): Promise<void>
  /** Calls the top page's `onShow` or `onHide`, when the mini program enters or leaves the foreground. */
  show (): void
  hide (): void
  setTitle (title: string): void
  /** Ends the refresh that a pull began. */
  stopPullDownRefresh (): void
  drawBar (): void
  /** The global `getCurrentPages`. */
  readonly getCurrentPages: () => PageInstance[]
}

export interface PagesOptions {
  readonly code: CompiledMiniProgram
  readonly framework: Framework
  readonly host: MiniProgramHost
  /** Path → switches a page's styles on or off. */
  readonly styles: ReadonlyMap<string, (isOn: boolean) => void>
  guard (run: () => unknown): void
}

export const createPages = ({ code: { project }, framework, host, styles, guard }: PagesOptions): Pages => {
  const stack: OpenPage[] = []
  let lastNavigation: Promise<void> = Promise.resolve()

  const top = (): OpenPage | undefined => stack.at(-1)

  const drawBar = (): void => {
    const page = top()
    if (page === undefined) return
    const config = { ...project.app.window, ...project.configs[page.path] }
    const themedOr = (value: string | undefined, fallback: string): string => themed(project, value ?? fallback, host.settings().theme) || fallback
    const title = page.title ?? config.navigationBarTitleText ?? ''
    document.title = title
    document.body.style.background = themedOr(config.backgroundColor, '#ffffff')
    host.drawBar({
      title,
      background: themedOr(config.navigationBarBackgroundColor, '#000000'),
      text: themedOr(config.navigationBarTextStyle, 'white') === 'black' ? 'black' : 'white',
      canGoBack: stack.length > 1,
    })
  }

  const open = ({ path, query }: Route): void => {
    top()?.view.hide()
    const view = createPageView(framework, path, styles.get(path))
    const instance = view.root.get() as unknown as PageInstance // the framework's type lacks the members that the script defines
    instance.route = path
    instance.options = query
    const scrolling = watchScrolling({
      box: view.box,
      canBePulled: { ...project.app.window, ...project.configs[path] }.enablePullDownRefresh === true,
      onReachBottom: () => guard(() => instance.onReachBottom?.()),
      onPullDown: () => guard(() => instance.onPullDownRefresh?.()),
    })
    stack.push({ path, instance, view, scrolling })
    drawBar()
    guard(() => instance.onLoad?.(query))
    guard(() => instance.onShow?.())
    view.show()
    guard(() => instance.onReady?.())
  }

  const close = (count: number): void => {
    for (const page of stack.splice(Math.max(0, stack.length - count)).reverse()) {
      guard(() => page.instance.onUnload?.())
      page.view.close()
      // For answers that arrive after the page was closed: WeChat ignores these calls, too.
      page.instance.setData = () => console.warn(`${page.path} called setData after it was closed`)
    }
  }

  /** Runs a navigation after those before it, so that one from a page's `onLoad` starts when `onLoad` has returned. */
  const enqueue = (navigate: () => void): Promise<void> => {
    const done = lastNavigation.then(navigate)
    lastNavigation = done.catch(() => {})
    return done
  }

  /** Resolves a URL to a page of app.json. Throws WeChat's error for any other. */
  const resolvePage = (url: string): Route => {
    const route = routeOf(url, top()?.path ?? '')
    if (!project.app.pages.includes(route.path)) throw new Error(`page "${route.path}${url.includes('?') ? url.slice(url.indexOf('?')) : ''}" is not found`)
    return route
  }

  return {
    navigateTo: (url) => enqueue(() => {
      const route = resolvePage(url)
      if (stack.length >= maxDepth) throw new Error('webview count limit exceed')
      guard(() => top()?.instance.onHide?.())
      open(route)
    }),
    redirectTo: (url) => enqueue(() => {
      const route = resolvePage(url)
      close(1)
      open(route)
    }),
    reLaunch: (url) => enqueue(() => {
      const route = resolvePage(url)
      close(stack.length)
      open(route)
    }),
    navigateBack: (delta) => enqueue(() => {
      if (stack.length < 2) throw new Error('cannot navigate back at first page.')
      close(Math.min(delta, stack.length - 1))
      const page = top()
      drawBar()
      page?.view.show()
      guard(() => page?.instance.onShow?.())
    }),
    enter: ({ path, query }) => enqueue(() => {
      resolvePage(`/${path}`)
      close(stack.length)
      open({ path, query: { ...query } })
    }),
    show: () => guard(() => top()?.instance.onShow?.()),
    hide: () => guard(() => top()?.instance.onHide?.()),
    setTitle: (title) => {
      const page = top()
      if (page !== undefined) page.title = title
      drawBar()
    },
    stopPullDownRefresh: () => top()?.scrolling.stopRefresh(),
    drawBar,
    getCurrentPages: () => stack.map(({ instance }) => instance),
  }
}
