/** Owns the element: its attributes, its events, and that exactly one flow runs while it stands in a page. Draws by view.js, decides nothing of a login. */
import { clock, createHoldMemory, createPersonMemory, loadPicture, watchBrowser } from './browser.js'
import { destination } from './destination.js'
import { deviceOf } from './device.js'
import { createHold } from './hold.js'
import { createKeepsake } from './keepsake.js'
import { languageFor, makeLanguageSwitch, recallLanguage } from './language.js'
import { createLoginFlow } from './login-flow.js'
import { liveCodeOn, stageOf } from './login-screen.js'
import { savePicture } from './save-picture.js'
import { style } from './style.js'
import { createTicketApi } from './ticket-api.js'
import { createLoginView } from './view.js'
import { dictionaries } from './words.js'

/** A login by WeChat. Attributes, events, slots, parts and properties: scan-login.d.ts. */
export class ScanLoginElement extends HTMLElement {
  static observedAttributes = ['server', 'return-to', 'locale']
  /** The service that an element without `server` belongs to; the script that defines it knows where it came from. */
  static home = document.baseURI

  /** @type {import('./words.js').Language} */
  #language = 'en'
  /** @type {import('./login-screen.js').View} */
  #view = { name: 'making' }
  #languageSwitch = makeLanguageSwitch((language) => { this.#speak(language) })
  #draw
  /** What runs now: for which wish, how it begins anew, how it ends. @type {{ wish: string, renew: () => void, answer: (isThem: boolean) => void, end: () => void } | null} */
  #running = null

  constructor () {
    super()
    const root = this.attachShadow({ mode: 'open' })
    dress(root)
    this.#draw = createLoginView(root, {
      device: deviceOf(navigator.userAgent),
      languageSwitch: this.#languageSwitch.element,
      renew: () => { this.#running?.renew() },
      save: () => { this.#save() },
      answer: (isThem) => { this.#running?.answer(isThem) },
    })
  }

  connectedCallback () {
    this.#chooseLanguage()
    this.#settleSoon()
  }

  disconnectedCallback () { this.#settleSoon() }

  /** @param {string} name */
  attributeChangedCallback (name) {
    if (name === 'locale') this.#chooseLanguage()
    else this.#settleSoon()
  }

  /** Moves, and attributes that are set one after the other, count as one change. */
  #settleSoon () { queueMicrotask(() => { this.#settle() }) }

  /** Makes what runs fit what the element is now: none where it stands in no page, another where it has another wish. */
  #settle () {
    const server = this.#server()
    const returnTo = this.getAttribute('return-to')
    const wish = this.isConnected ? JSON.stringify([server, returnTo]) : null
    if (wish === (this.#running?.wish ?? null)) return
    this.#running?.end()
    this.#running = wish === null ? null : { wish, ...(server === null ? this.#despair() : this.#run(server, returnTo)) }
  }

  /** A mistake of the site's: there is nothing to try again, and no reason to break the rest of its page. */
  #despair () {
    console.error(`<scan-login server="${this.getAttribute('server')}">: this is no address of a service`)
    this.#view = { name: 'no-code', why: 'unreachable', retryMs: Infinity }
    this.#redraw()
    this.#tell({ name: 'error', reason: 'unreachable' })
    return { renew: () => {}, answer: () => {}, end: () => {} }
  }

  /** @param {string} server @param {string | null} returnTo */
  #run (server, returnTo) {
    const listening = new AbortController()
    const { signal } = listening
    const flow = createLoginFlow({
      ...watchBrowser(signal),
      api: createTicketApi({ fetch: (...request) => fetch(...request), clock, server, isOwnPage: new URL(server).origin === location.origin }),
      clock,
      random: Math.random,
      loadCode: loadPicture,
      hold: createHold(createHoldMemory(server)),
      lastPerson: createPersonMemory(server),
      keepsake: createKeepsake({ server, store: tabStorage(), clock, wallClock: Date.now }),
      show: (view) => {
        this.#view = view
        this.#redraw()
      },
      tell: (step) => this.#tell(step),
      done: ({ returnTo }) => { if (returnTo !== null) location.replace(destination(returnTo, server)) },
    })
    addEventListener('pagehide', () => { flow.suspend() }, { signal })
    addEventListener('pageshow', ({ persisted }) => { if (persisted) flow.start(returnTo) }, { signal })
    flow.start(returnTo)
    return {
      renew: flow.renew,
      answer: flow.answer,
      end: () => {
        listening.abort()
        flow.leave()
      },
    }
  }

  /** Events that don't bubble: `error` on its way through a page would be taken for the page's own. @param {import('./login-flow.js').Step} step */
  #tell (step) {
    const { name, ...detail } = 'session' in step ? { name: step.name, ...step.session } : step
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable: name === 'login' }))
  }

  #chooseLanguage () { this.#speak(languageFor([this.getAttribute('locale'), recallLanguage(), ...navigator.languages])) }

  /** @param {import('./words.js').Language} language */
  #speak (language) {
    this.#language = language
    this.#languageSwitch.show(language)
    if (this.lang !== dictionaries[language].lang) this.lang = dictionaries[language].lang
    this.#redraw()
  }

  #redraw () { this.#draw(this.#view, dictionaries[this.#language]) }

  #save () {
    const code = liveCodeOn(stageOf(this.#view))
    if (code !== null) savePicture(code.url, dictionaries[this.#language].picture).catch(() => {}) // dismissed, or no network: the picture can still be pressed long
  }

  /** The address of the service, with a slash at its end; null where the attribute holds none. */
  #server () {
    try {
      return new URL((this.getAttribute('server') ?? ScanLoginElement.home).replace(/\/*$/, '/'), document.baseURI).href
    } catch {
      return null
    }
  }
}

/** @param {ShadowRoot} root */
const dress = (root) => {
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(style)
    root.adoptedStyleSheets = [sheet]
  } catch {
    // Before Safari 16.4 there are none; a strict policy then leaves the element undressed, but at work.
    const element = document.createElement('style')
    element.textContent = style
    root.append(element)
  }
}

/** The tab's own storage; where a browser forbids it, the mere look at it throws. */
const tabStorage = () => {
  try {
    return sessionStorage
  } catch {
    return { getItem: () => null, setItem: () => {} }
  }
}
