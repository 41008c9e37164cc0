/** Owns the stack of pages: opening, closing, their lifecycle in WeChat's order, and the bar above them. Draws no page itself. */
import type { Framework } from './framework.ts'
import type { LaunchOptions, MiniProgramHost } from './host.ts'
import { createPageView } from './page-view.ts'
import type { PageView } from './page-view.ts'
import { themed } from './project.ts'
import type { Code } from './project.ts'
import { routeOf } from './route.ts'
import type { Route } from './route.ts'

/** WeChat's own limit. */
const maxDepth = 10

/** What a page's script gets as `this`, as far as the runtime calls it. */
export interface PageInstance {
  route: string
  options: Readonly<Record<string, string>>
  onLoad?: (query: Readonly<Record<string, string>>) => unknown
  onShow?: () => unknown
  onReady?: () => unknown
  onHide?: () => unknown
  onUnload?: () => unknown
  setData (change: object): void
}

interface OpenPage {
  readonly path: string
  readonly instance: PageInstance
  readonly view: PageView
  /** Chosen by the page itself. */
  title?: string
}

export interface Pages {
  /** These reject with what WeChat would say. They take effect one after the other, never inside a page's own lifecycle call. */
  navigateTo (url: string): Promise<void>
  redirectTo (url: string): Promise<void>
  reLaunch (url: string): Promise<void>
  navigateBack (delta: number): Promise<void>
  /** Closes all pages and opens the one that the mini program is entered by. */
  enter (launch: LaunchOptions): Promise<void>
  /** The mini program comes to the foreground, or leaves it. */
  show (): void
  hide (): void
  setTitle (title: string): void
  drawBar (): void
  /** The global of that name. */
  readonly getCurrentPages: () => PageInstance[]
}

export interface PagesOptions {
  readonly code: Code
  readonly framework: Framework
  readonly host: MiniProgramHost
  /** By path: switches a page's styles on and off. */
  readonly styles: ReadonlyMap<string, (on: boolean) => void>
  guard (run: () => unknown): void
}

export const createPages = ({ code: { project }, framework, host, styles, guard }: PagesOptions): Pages => {
  const stack: OpenPage[] = []
  let last: Promise<void> = Promise.resolve()

  const top = (): OpenPage | undefined => stack.at(-1)

  const drawBar = (): void => {
    const page = top()
    if (page === undefined) return
    const config = { ...project.app.window, ...project.configs[page.path] }
    const look = (value: string | undefined, usual: string): string => themed(project, value ?? usual, host.settings().theme) || usual
    const title = page.title ?? config.navigationBarTitleText ?? ''
    document.title = title
    document.body.style.background = look(config.backgroundColor, '#ffffff')
    host.drawBar({
      title,
      background: look(config.navigationBarBackgroundColor, '#000000'),
      text: look(config.navigationBarTextStyle, 'white') === 'black' ? 'black' : 'white',
      canGoBack: stack.length > 1,
    })
  }

  const open = ({ path, query }: Route): void => {
    top()?.view.hide()
    const view = createPageView(framework, path, styles.get(path))
    const instance = view.root.get() as unknown as PageInstance // the framework's type lacks what a script added
    instance.route = path
    instance.options = query
    stack.push({ path, instance, view })
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
      // Answers come late; WeChat has nowhere to draw them either.
      page.instance.setData = () => console.warn(`${page.path} sets data though it was closed`)
    }
  }

  /** A navigation that a page asks for inside its own `onLoad` starts once that is over. */
  const afterwards = (navigate: () => void): Promise<void> => {
    const done = last.then(navigate)
    last = done.catch(() => {})
    return done
  }

  const known = (url: string): Route => {
    const route = routeOf(url, top()?.path ?? '')
    if (!project.app.pages.includes(route.path)) throw new Error(`page "${route.path}${url.includes('?') ? url.slice(url.indexOf('?')) : ''}" is not found`)
    return route
  }

  return {
    navigateTo: (url) => afterwards(() => {
      const route = known(url)
      if (stack.length >= maxDepth) throw new Error('webview count limit exceed')
      guard(() => top()?.instance.onHide?.())
      open(route)
    }),
    redirectTo: (url) => afterwards(() => {
      const route = known(url)
      close(1)
      open(route)
    }),
    reLaunch: (url) => afterwards(() => {
      const route = known(url)
      close(stack.length)
      open(route)
    }),
    navigateBack: (delta) => afterwards(() => {
      if (stack.length < 2) throw new Error('cannot navigate back at first page.')
      close(Math.min(delta, stack.length - 1))
      const page = top()
      drawBar()
      page?.view.show()
      guard(() => page?.instance.onShow?.())
    }),
    enter: ({ path, query }) => afterwards(() => {
      known(`/${path}`)
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
    drawBar,
    getCurrentPages: () => stack.map(({ instance }) => instance),
  }
}
