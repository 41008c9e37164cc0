/** Owns the signed-in page: who is logged in, since when, where and until when, and the way out. */
import { elementOf, siteName, speakOnPage } from './page.js'
import { waitBeforeRetry } from './patience.js'
import { dictionaries } from './words.js'

/** @typedef {{ user: { name: string | null }, session: { created_at: string, expires_at: string, browser: { name: string, system: string } } }} LoggedIn */
/** @typedef {{ name: 'loading' | 'loggedOut' | 'busy' } | { name: 'loggedIn' | 'stillIn', who: LoggedIn }} View */

let words = dictionaries.en
/** @type {View} */
let view = { name: 'loading' }

/** @param {string} id @param {string} text */
const write = (id, text) => { elementOf(id, HTMLElement).textContent = text }
/** @param {string} id @param {boolean} isShown */
const reveal = (id, isShown) => { elementOf(id, HTMLElement).hidden = !isShown }

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
  write('browser', `${who.session.browser.name} · ${who.session.browser.system}`)
  write('until', inWords(who.session.expires_at))
}

/** @param {string} time ISO 8601 */
const inWords = (time) => new Intl.DateTimeFormat(words.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time))

/** @param {View} next */
const show = (next) => {
  view = next
  draw()
}

/** @param {number} failures */
const look = async (failures) => {
  const response = await fetch('api/session', { cache: 'no-store' }).catch(() => null)
  if (response?.status === 401) return show({ name: 'loggedOut' })
  const who = response?.ok === true ? await response.json().catch(() => null) : null
  if (isLoggedIn(who)) return show({ name: 'loggedIn', who })
  show({ name: 'busy' })
  const retryAfterMs = Number(response?.headers.get('Retry-After') ?? 0) * 1000 || 0
  setTimeout(() => { look(failures + 1) }, waitBeforeRetry({ failures, retryAfterMs, random: Math.random }))
}

const logOut = async () => {
  if (!('who' in view)) return
  const { who } = view
  const response = await fetch('api/session', { method: 'DELETE' }).catch(() => null)
  show(response?.status === 204 || response?.status === 401 ? { name: 'loggedOut' } : { name: 'stillIn', who })
}

/** @param {unknown} body @returns {body is LoggedIn} */
const isLoggedIn = (body) => typeof body === 'object' && body !== null && 'user' in body && 'session' in body

write('site', siteName)
speakOnPage((next) => {
  words = next
  document.title = `${words.me} · ${siteName}`
  draw()
})
elementOf('log-out', HTMLElement).addEventListener('click', () => { logOut() })
addEventListener('pageshow', ({ persisted }) => { if (persisted) look(1) })
look(1)
