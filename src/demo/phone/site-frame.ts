/** The website in its frame: its address, how far its login is, and its narrow form. */
import { narrowWindow } from './fit.ts'
import { sayName } from './say-name.ts'

/** How far the login on the website is; `waiting` also while there is no code yet. */
export type LoginState = 'waiting' | 'scanned' | 'confirmed' | 'logged-in'

export interface SiteFrame {
  state (): LoginState
  /** Opens a path of the website, and gives the login that runs there up. */
  open (path: string): void
  /** Resolves once a code can be photographed. */
  codeShown (): Promise<void>
  /** Resolves at the next change. */
  changed (): Promise<void>
}

export interface SiteFrameOptions {
  readonly frame: HTMLIFrameElement
  /** What the website is called here. */
  readonly siteName: string
  /** Called after each change in the frame. */
  onChange (address: URL, state: LoginState): void
}

export const createSiteFrame = ({ frame, siteName, onChange }: SiteFrameOptions): SiteFrame => {
  const narrow = matchMedia(narrowWindow)
  /** Callers that wait for the next change. */
  const waiting: Array<() => void> = []
  let state: LoginState = 'waiting'
  let observed: Document | undefined
  let observedRoot: ShadowRoot | undefined
  /** Another page was asked for; until it comes, what the old one shows says nothing. */
  let isLeaving = false
  /** Where the last link on a page leads: the address of a page of another origin can't be read. */
  let linked: URL | undefined

  const currentPage = (): Document | null => {
    const page = frame.contentDocument
    return isLeaving || !page?.URL.startsWith('http') ? null : page // before it is loaded, the frame has an empty one
  }
  const observer = new MutationObserver(() => read())
  const read = (): void => {
    const page = currentPage()
    if (page === null) return
    observe(page)
    setNarrow(page, narrow.matches)
    sayName(page, siteName)
    state = stateOf(page)
    onChange(new URL(page.URL), state)
    for (const resolve of waiting.splice(0)) resolve()
  }
  /** The element gets its shadow root some time after the page is loaded. */
  const observe = (page: Document): void => {
    const root = loginOf(page)?.shadowRoot ?? undefined
    if (page === observed && root === observedRoot) return
    observer.disconnect()
    if (page !== observed) page.addEventListener('click', ({ target }) => { linked = addressOf(target) ?? linked })
    observed = page
    observedRoot = root
    for (const node of [page, root]) {
      if (node !== undefined) observer.observe(node, { subtree: true, childList: true, attributes: true, attributeFilter: ['hidden', 'lang', 'class', 'src'] })
    }
  }
  const changed = (): Promise<void> => new Promise((resolve) => { waiting.push(resolve) })
  frame.addEventListener('load', () => {
    isLeaving = false
    read()
    if (frame.contentDocument === null && linked !== undefined) onChange(linked, 'waiting')
  })
  narrow.addEventListener('change', read)
  read()

  return {
    state: () => state,
    open: (path) => {
      // Removing the element cancels its ticket; merely leaving the page saves the ticket for a reload.
      frame.contentDocument?.querySelector('scan-login')?.remove()
      state = 'waiting'
      isLeaving = true
      frame.src = path
    },
    codeShown: async () => {
      while (!isCodeShown(currentPage())) await changed()
    },
    changed,
  }
}

/** By `closest` and `href`, not `instanceof`: elements of another frame have constructors of their own. */
const addressOf = (target: EventTarget | null): URL | undefined => {
  const link = (target as Element | null)?.closest<HTMLAnchorElement>('a[href]:not([target])') // clicks come from elements
  return link === null || link === undefined ? undefined : new URL(link.href)
}

const loginOf = (page: Document): Element | null => page.querySelector('scan-login')

const layerOf = (page: Document): HTMLElement | null => loginOf(page)?.shadowRoot?.querySelector<HTMLElement>('.layer:not(.leaving)') ?? null

const isCodeShown = (page: Document | null): boolean => {
  const image = page === null ? null : layerOf(page)?.querySelector<HTMLImageElement>('.code-image')
  if (image === null || image === undefined) return false
  return image.complete && image.naturalWidth > 0
}

/** `another` asks whether to go on as another person than before. */
const afterYes: ReadonlySet<string> = new Set(['confirmed', 'logging-in', 'another'])

const stateOf = (page: Document): LoginState => {
  const logOut = page.querySelector<HTMLElement>('#log-out')
  if (logOut !== null) return logOut.hidden || page.querySelector('.unknown') !== null ? 'waiting' : 'logged-in'
  const stage = layerOf(page)?.dataset.stage
  if (stage === 'scanned') return 'scanned'
  return stage !== undefined && afterYes.has(stage) ? 'confirmed' : 'waiting'
}

/** Beside a phone in a narrow window, the website is a strip: its code or number on the left, what it says on the right. */
const setNarrow = (page: Document, isNarrow: boolean): void => {
  const login = loginOf(page)
  if (login !== null && login.hasAttribute('compact') !== isNarrow) login.toggleAttribute('compact', isNarrow)
  for (const [root, text] of [[page, pageStrip], [login?.shadowRoot, elementStrip]] as const) {
    if (root === null || root === undefined || page.defaultView === null) continue
    const isSet = root.adoptedStyleSheets.some((sheet) => strips.has(sheet))
    if (isSet === isNarrow) continue
    root.adoptedStyleSheets = isNarrow ? [...root.adoptedStyleSheets, stripFor(page.defaultView, text)] : [...root.adoptedStyleSheets].filter((sheet) => !strips.has(sheet))
  }
}

const strips = new WeakSet<CSSStyleSheet>()

/** A page takes only style sheets that its own window made. */
const stripFor = (view: Window, text: string): CSSStyleSheet => {
  const sheet = new (view as typeof globalThis & Window).CSSStyleSheet()
  sheet.replaceSync(text)
  strips.add(sheet)
  return sheet
}

const pageStrip = `
body { place-items: stretch; }
.card { width: 100%; max-width: 560px; margin: 0 auto; padding: 6px 14px; border-radius: 0; box-shadow: none; text-align: start; }
body { background: var(--card); }
.logo, .card > footer, nav { display: none; }
h1 { font-size: 1rem; text-wrap: wrap; }
.log-in-to { display: inline; font-size: 1rem; }
.me { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 8px; }
.me > * { grid-column: 1 / -1; }
.me > :is(.who, .name, .note, dl, #log-in-as, .trouble:empty) { display: none; }
.me > :is(h1, #line) { margin: 0; font-size: 1rem; line-height: 1.3; }
.me > h1 { font-weight: 400; color: var(--soft); }
.me > :is(#home, #log-out) { grid-column: auto; min-height: 40px; margin: 4px 0 0; padding: 0 8px; font-size: .875rem; }
.me > #log-in { margin-top: 4px; min-height: 40px; }
`

const elementStrip = `
:host([compact]) { --size: 92px; display: grid; grid-template-columns: auto 1fr; grid-template-rows: auto 1fr; column-gap: 16px; width: 100%; text-align: start; }
:host([compact]) .stage { grid-row: 1 / span 3; margin: 0; }
:host([compact]) :is(slot, .say) { grid-column: 2; }
:host([compact]) .say { min-height: 0; text-wrap: wrap; }
:host([compact]) .line { font-size: 1em; line-height: 1.3; }
:host([compact]) .help { font-size: .8667em; line-height: 1.3; }
:host([compact]) .actions [data-action="renew"]:not(.late) { display: none; }
.actions { justify-items: start; margin: 0; }
.actions .quiet { padding: 0; min-height: 32px; }
`
