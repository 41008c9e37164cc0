/** Owns the signed-in page: who is logged in, since when, where and until when, the way out, and that somebody signed out elsewhere is seen here. */
import { elementOf, siteName } from './page.js'
import { fillWords } from './scan-login/dom.js'
import { languageFor, makeLanguageSwitch, recallLanguage } from './scan-login/language.js'
import { waitBeforeRetry } from './scan-login/wait.js'
import { dictionaries } from './scan-login/words.js'

/** @typedef {{ user: { name: string | null }, session: { created_at: string, expires_at: string, browser: { name: string, system: string } } }} LoggedIn */
/** @typedef {{ name: 'loading' | 'loggedOut' | 'busy' } | { name: 'loggedIn' | 'stillIn', who: LoggedIn }} View */

/** While somebody looks, the session is asked after every second at first, later less and less often, at last once a minute. */
const soonestMs = 1000
const latestMs = 60_000
const partOfTheLooking = 1 / 60

let words = dictionaries.en
/** @type {View} */
let view = { name: 'loading' }

/** Writes what isn't there yet: a screen reader would say the same line again. @param {string} id @param {string} text */
const write = (id, text) => {
  const element = elementOf(`#${id}`, HTMLElement)
  if (element.textContent !== text) element.textContent = text
}
/** @param {string} id @param {boolean} isShown */
const reveal = (id, isShown) => { elementOf(`#${id}`, HTMLElement).hidden = !isShown }

const draw = () => {
  const who = 'who' in view ? view.who : null
  write('line', words[view.name])
  reveal('facts', who !== null)
  reveal('log-out', who !== null)
  reveal('log-in', view.name === 'loggedOut')
  reveal('initial', view.name !== 'loggedOut')
  const name = who === null ? '' : who.user.name ?? words.nameless
  write('name', name)
  write('initial', Array.from(name)[0] ?? '')
  if (who === null) return
  write('since', inWords(who.session.created_at))
  write('browser', titleOf(who.session.browser))
  write('until', inWords(who.session.expires_at))
}

/** What the service couldn't tell it calls "Unknown browser": the page has its own words for that. @param {{ name: string, system: string }} browser */
const titleOf = ({ name, system }) => [name, system].filter((part) => !part.startsWith('Unknown ')).join(' · ') || words.unknownBrowser

/** @param {string} time ISO 8601 */
const inWords = (time) => new Intl.DateTimeFormat(words.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time))

/** @param {View} next */
const show = (next) => {
  view = next
  draw()
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let nextLook
let lookingSince = performance.now()
/** Grows with each look; what an earlier one finds no longer counts. */
let turn = 0

/** @param {number} failures */
const look = async (failures) => {
  clearTimeout(nextLook)
  const mine = ++turn
  const response = await fetch('api/session', { cache: 'no-store' }).catch(() => null)
  const who = response?.ok === true ? await response.json().catch(() => null) : null
  if (mine !== turn) return
  if (response?.status === 401) return show({ name: 'loggedOut' })
  if (isLoggedIn(who)) {
    if (view.name !== 'stillIn') show({ name: 'loggedIn', who })
    return lookAgainIn(Math.min(latestMs, Math.max(soonestMs, (performance.now() - lookingSince) * partOfTheLooking)), 1)
  }
  if (!('who' in view)) show({ name: 'busy' })
  const retryAfterMs = Number(response?.headers.get('Retry-After') ?? 0) * 1000 || 0
  lookAgainIn(waitBeforeRetry({ failures, retryAfterMs, random: Math.random }), failures + 1)
}

/** @param {number} ms @param {number} failures */
const lookAgainIn = (ms, failures) => {
  if (!document.hidden) nextLook = setTimeout(() => { look(failures) }, ms)
}

/** Somebody looks at the page again. */
const lookNow = () => {
  lookingSince = performance.now()
  look(1)
}

const logOut = async () => {
  if (!('who' in view)) return
  const { who } = view
  clearTimeout(nextLook)
  turn++
  const response = await fetch('api/session', { method: 'DELETE' }).catch(() => null)
  show(response?.status === 204 || response?.status === 401 ? { name: 'loggedOut' } : { name: 'stillIn', who })
  if (view.name === 'stillIn') lookAgainIn(soonestMs, 1)
}

/** @param {unknown} body @returns {body is LoggedIn} */
const isLoggedIn = (body) => typeof body === 'object' && body !== null && 'user' in body && 'session' in body

/** @param {import('./scan-login/words.js').Language} language */
const speak = (language) => {
  words = dictionaries[language]
  document.documentElement.lang = words.lang
  document.title = `${words.me} · ${siteName}`
  languageSwitch.show(language)
  fillWords(document, words)
  draw()
}
const languageSwitch = makeLanguageSwitch(speak)
elementOf('footer', HTMLElement).append(languageSwitch.element)
speak(languageFor([recallLanguage(), ...navigator.languages]))
elementOf('#log-out', HTMLElement).addEventListener('click', () => { logOut() })
addEventListener('pageshow', ({ persisted }) => { if (persisted) look(1) })
addEventListener('online', lookNow)
document.addEventListener('visibilitychange', () => { if (!document.hidden) lookNow() })
look(1)
