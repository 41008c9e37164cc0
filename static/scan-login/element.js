/** The element `<scan-login>`: its attributes and events. Exactly one login runs while it is in a page. */
import { clock, listen, loadPicture, watchBrowser } from './browser.js'
import { destination } from './destination.js'
import { deviceOf } from './device.js'
import { languageFor, makeLanguageSwitch, recallLanguage } from './language.js'
import { createHoldMemory, createPersonMemory } from './local-storage.js'
import { createLocks } from './locks.js'
import { createLoginController } from './login-controller.js'
import { createPollHold } from './poll-hold.js'
import { createLoginRenderer } from './render-view.js'
import { createPictureSaver } from './save-picture.js'
import { createSavedTickets } from './saved-tickets.js'
import { style } from './style.js'
import { createTicketApi } from './ticket-api.js'
import { dictionaries } from './words.js'

/** A login by WeChat. Attributes, events, slots, parts and properties: scan-login.d.ts. */
export class ScanLoginElement extends HTMLElement {
  static observedAttributes = ['server', 'return-to', 'locale']
  /** The service of an element without `server`; scan-login.js sets it to where the script comes from. */
  static defaultServer = document.baseURI

  /** @type {import('./words.js').Language} */
  #language = 'en'
  /** @type {import('./view-state.js').View} */
  #view = { name: 'making' }
  #languageSwitch = makeLanguageSwitch((language) => { this.#setLanguage(language) })
  #draw
  /** The login that runs now; `target` is its server and destination. @type {{ target: string, renew: () => void, answer: (isMe: boolean) => void, end: () => void } | null} */
  #running = null

  constructor () {
    super()
    const root = this.attachShadow({ mode: 'open' })
    applyStyle(root)
    this.#draw = createLoginRenderer(root, {
      device: deviceOf(navigator.userAgent),
      languageSwitch: this.#languageSwitch.element,
      renew: () => { this.#running?.renew() },
      picture: createPictureSaver(),
      answer: (isMe) => { this.#running?.answer(isMe) },
      goesOn: () => this.hasAttribute('return-to') || this.#isOwnPage(),
    })
  }

  connectedCallback () {
    this.#chooseLanguage()
    this.#updateSoon()
  }

  disconnectedCallback () { this.#updateSoon() }

  /** @param {string} name */
  attributeChangedCallback (name) {
    if (name === 'locale') this.#chooseLanguage()
    else this.#updateSoon()
  }

  /** A moved element, or several attributes set in turn, count as one change. */
  #updateSoon () { queueMicrotask(() => { this.#update() }) }

  /** Ends the running login if the element is in no page, and replaces it if server or destination have changed. */
  #update () {
    const server = this.#server()
    const returnTo = this.getAttribute('return-to')
    const target = this.isConnected ? JSON.stringify([server, returnTo]) : null
    if (target === (this.#running?.target ?? null)) return
    this.#running?.end()
    this.#running = target === null ? null : { target, ...(server === null ? this.#reportBadServer() : this.#run(server, returnTo)) }
  }

  /** A mistake of the site: trying again won't help, and an exception would break the rest of its page. */
  #reportBadServer () {
    console.error(`<scan-login server="${this.getAttribute('server')}">: this is no address of a service`)
    this.#view = { name: 'no-code', why: 'unreachable', retryMs: Infinity } // there is no retry: Infinity only chooses the text for a long wait
    this.#redraw()
    this.#emit({ name: 'error', reason: 'unreachable' })
    return { renew: () => {}, answer: () => {}, end: () => {} }
  }

  /** @param {string} server @param {string | null} returnTo */
  #run (server, returnTo) {
    const lifetime = new AbortController()
    const { signal } = lifetime
    const locks = createLocks(navigator.locks)
    const browser = watchBrowser(signal)
    const controller = createLoginController({
      ...browser,
      server,
      isUnattended: () => this.hasAttribute('unattended'),
      lastActivityAt: () => this.hasAttribute('unattended') ? clock.now() : browser.lastActivityAt(),
      api: createTicketApi({ fetch: (...request) => fetch(...request), clock, server, isOwnPage: this.#isOwnPage() }),
      clock,
      random: Math.random,
      loadCode: loadPicture,
      hold: createPollHold(createHoldMemory(server), Date.now),
      locks,
      lastPerson: createPersonMemory(server),
      savedTickets: createSavedTickets({ server, store: tabStorage(), locks, clock, wallClock: Date.now }),
      show: (view) => {
        this.#view = view
        this.#redraw()
      },
      emit: (event) => this.#emit(event),
      redirect: ({ returnTo }) => { if (returnTo !== null) location.replace(destination(returnTo, server)) },
    })
    // Before a reload, too: the next page finds the ticket that is saved here.
    listen(window, 'pagehide', () => { controller.suspend() }, signal)
    listen(window, 'pageshow', ({ persisted }) => { if (persisted) controller.start(returnTo) }, signal)
    controller.start(returnTo)
    return {
      renew: controller.renew,
      answer: controller.answer,
      end: () => {
        lifetime.abort()
        controller.cancel()
      },
    }
  }

  /** Returns false if the page has prevented `login`. Events don't bubble: a page would take a bubbling `error` for its own. @param {import('./login-types.js').LoginEvent} event */
  #emit (event) {
    const { name, ...detail } = 'session' in event ? { name: event.name, ...event.session } : event
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable: name === 'login' }))
  }

  #chooseLanguage () { this.#setLanguage(languageFor([this.getAttribute('locale'), recallLanguage(), ...navigator.languages])) }

  /** @param {import('./words.js').Language} language */
  #setLanguage (language) {
    this.#language = language
    this.#languageSwitch.show(language)
    if (this.lang !== dictionaries[language].lang) this.lang = dictionaries[language].lang
    this.#redraw()
  }

  #redraw () { this.#draw(this.#view, dictionaries[this.#language]) }

  /** Whether the page is the service's own, or another at its origin. */
  #isOwnPage () {
    const server = this.#server()
    return server !== null && new URL(server).origin === location.origin
  }

  /** The service's address, ending with a slash; null if the attribute is no valid URL. */
  #server () {
    try {
      return new URL((this.getAttribute('server') ?? ScanLoginElement.defaultServer).replace(/\/*$/, '/'), document.baseURI).href
    } catch {
      return null
    }
  }
}

/** Safari before 16.4 and Firefox before 101 have no constructed style sheets. Where a page's policy then blocks the <style>, the element works without. @param {ShadowRoot} root */
const applyStyle = (root) => {
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(style)
    if (!('adoptedStyleSheets' in root)) throw new TypeError('style sheets can be constructed, but not adopted')
    root.adoptedStyleSheets = [sheet]
  } catch {
    const element = document.createElement('style')
    element.textContent = style
    root.append(element)
  }
}

/** The tab's sessionStorage; if a browser forbids it, even reading the property throws. */
const tabStorage = () => {
  try {
    return sessionStorage
  } catch {
    return { getItem: () => null, setItem: () => {} }
  }
}
