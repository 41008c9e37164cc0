/** The login page: goes on at once where the visitor is logged in, else passes `return_to` to the element, follows its language and its number, and goes where the visitor wanted. */
import { announceLogin, goOnIfLoggedIn, watchLogins } from './go-on.js'
import { destination, refusedDestination } from './scan-login/destination.js'
import { fillWords, make } from './scan-login/dom.js'
import { ScanLoginElement } from './scan-login/element.js'
import { languageFor, recallLanguage } from './scan-login/language.js'
import { createPersonMemory } from './scan-login/local-storage.js'
import { confirmedForMs } from './scan-login/login-flow.js'
import { dictionaries } from './scan-login/words.js'
import { elementOf, focusCard, siteName } from './page.js'

/** A visitor who has logged in here before gets a code after this long, also if it isn't known yet whether they still are logged in. */
const checkMs = 1_000

const login = elementOf('scan-login', HTMLElement)
// Nothing else is read from the address, above all no ticket: a link could plant somebody else's.
const query = new URLSearchParams(location.search)
const asked = query.get('return_to')
// A site that redirects here can't send on what follows `#`: browsers keep that, and put it behind the new address.
const returnTo = asked === null || asked.includes('#') ? asked : asked + location.hash
if (returnTo !== null) login.setAttribute('return-to', returnTo)

let isBusy = false
for (const [event, isBusyThen] of /** @type {const} */ ([['ticket', false], ['scanned', true], ['confirmed', true], ['cancelled', false], ['expired', false]])) {
  login.addEventListener(event, () => { isBusy = isBusyThen })
}

// The visitor comes from an app, and wants to be logged in there.
login.addEventListener('ticket', (event) => {
  const { app } = /** @type {CustomEvent<{ app?: string }>} */ (event).detail
  const where = login.querySelector('.log-in-where')
  if (app !== undefined && where !== null) where.textContent = app
})

login.addEventListener('login', (event) => {
  isBusy = true
  announceLogin()
  const { returnTo: allowed } = /** @type {CustomEvent<import('./scan-login/ticket-api.js').Session>} */ (event).detail
  if (allowed !== null) return // the element goes there
  const address = returnTo === null ? destination(null, location.href) : refusedDestination(location.href)
  // In a microtask, so that the timer is set after the element's of the same length: the element has then given its ticket up, and saves none when the page goes.
  queueMicrotask(() => setTimeout(() => { location.replace(address) }, confirmedForMs))
})

/**
 * Shows the way in place of the element, which then gives its ticket up: the destination may be slow, or no page at all but a file to download.
 * @param {string} address
 */
const leave = (address) => {
  isBusy = true // after a download this page is still here, and would load the file again each time it becomes visible
  elementOf('main', HTMLElement).classList.remove('login') // the card is low then
  login.querySelector('.log-in-to')?.remove()
  const hadFocus = document.activeElement === login
  login.replaceWith(...login.querySelectorAll('.logo, h1'), make('p', { class: 'line', 'data-word': 'loggedIn' }), make('a', { class: 'main', href: address, 'data-word': 'continue' }))
  if (hadFocus) focusCard()
  translate()
}

const translate = () => {
  const words = dictionaries[languageFor([login.lang, recallLanguage(), ...navigator.languages])]
  document.documentElement.lang = words.lang
  const number = login.shadowRoot?.querySelector('.layer:not(.leaving) .number')?.textContent ?? null
  // The tab may be behind another window while the visitor holds the phone.
  document.title = number === null ? `${words.logInTo} ${siteName}` : `(${number}) ${words.scannedTitle} · ${siteName}`
  fillWords(document, words)
}

const server = new URL('.', import.meta.url).href
const start = () => {
  ScanLoginElement.defaultServer = server
  customElements.define('scan-login', ScanLoginElement)
  const observer = new MutationObserver(translate)
  observer.observe(login, { attributeFilter: ['lang'] })
  const stage = login.shadowRoot?.querySelector('.stage')
  if (stage) observer.observe(stage, { childList: true })
  translate()
}

if (query.get('prompt') === 'login') start() // somebody who is logged in wants to log in as somebody else
else {
  const goOn = () => goOnIfLoggedIn({ returnTo, isBusy: () => isBusy, leave })
  const startAndWatch = () => {
    start()
    watchLogins(goOn)
  }
  const going = goOn()
  // Whoever is here for the first time is hardly logged in: their ticket is not asked for a round trip later.
  if (createPersonMemory(server).recall() === null) startAndWatch()
  else Promise.race([going, new Promise((resolve) => { setTimeout(resolve, checkMs, false) })]).then((isGoing) => { if (!isGoing) startAndWatch() })
}
