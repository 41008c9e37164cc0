/** The signed-in page: who is logged in, where and since when, the way on to the site, and logging out. A logout elsewhere shows here soon. */
import { elementOf, focusCard, siteName } from './page.js'
import { isNobody, jsonOf, optionalSession, problemCodeOf } from './scan-login/answer.js'
import { encodeReturn, returnRefused } from './scan-login/destination.js'
import { fillWords } from './scan-login/dom.js'
import { languageFor, makeLanguageSwitch, recallLanguage } from './scan-login/language.js'
import { retryDelayMs } from './scan-login/wait.js'
import { dictionaries } from './scan-login/words.js'

/** @typedef {{ user: { name: string | null }, session: { created_at: string, browser: { name: string, system: string } } }} LoggedIn */
/** @typedef {{ name: 'loading' | 'loggedOut' | 'justLoggedOut' | 'busy' } | { name: 'loggedIn' | 'stillIn', who: LoggedIn }} View */

/** While the page is visible, the session is read every second at first, then after a sixtieth of the time visible, at most once a minute. */
const shortestIntervalMs = 1000
const longestIntervalMs = 60_000
const partOfTimeVisible = 1 / 60

/** Where a visitor may go on who can't be sent back to the page that they came from: the site's root, once the service has said that it is one of its sites. @type {URL | null} */
let site = null

let words = dictionaries.en
/** @type {View} */
let view = { name: 'loading' }

/** Writes only a changed text: a screen reader would read the same line again. @param {string} id @param {string} text */
const write = (id, text) => {
  const element = elementOf(`#${id}`, HTMLElement)
  if (element.textContent !== text) element.textContent = text
}
/** @param {string} id @param {boolean} isShown */
const setShown = (id, isShown) => { elementOf(`#${id}`, HTMLElement).hidden = !isShown }

const draw = () => {
  const focused = document.activeElement
  const who = 'who' in view ? view.who : null
  const isNobody = view.name === 'loggedOut' || view.name === 'justLoggedOut'
  write('line', who === null ? words[view.name] : words.loggedIn)
  write('trouble', view.name === 'stillIn' ? words.stillIn : '')
  elementOf('main', HTMLElement).classList.toggle('unknown', who === null && !isNobody) // keeps the place of what is to come
  for (const id of ['name', 'facts', 'hint', 'log-out', 'log-in-as']) setShown(id, !isNobody)
  const home = elementOf('#home', HTMLAnchorElement)
  if (site !== null) home.href = site.href
  setShown('home', !isNobody && home.getAttribute('href') !== '')
  setShown('refused', who !== null && location.hash === returnRefused)
  setShown('log-in', isNobody)
  write('home', `${words.goTo} ${site?.host ?? siteName}`)
  write('name', who?.user.name ?? '')
  write('since', who === null ? '' : formatTime(who.session.created_at))
  write('browser', who === null ? '' : titleOf(who.session.browser))
  if (focused instanceof HTMLElement && (focused.hidden || getComputedStyle(focused).visibility === 'hidden')) focusCard()
}

/** What the service can't recognise it calls "Unknown browser": the page has its own words for that. @param {{ name: string, system: string }} browser */
const titleOf = ({ name, system }) => [name, system].filter((part) => !part.startsWith('Unknown ')).join(' · ') || words.unknownBrowser

/** @param {string} time ISO 8601 */
const formatTime = (time) => new Intl.DateTimeFormat(words.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time))

/** @param {View} next */
const show = (next) => {
  view = next
  draw()
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let nextRead
let visibleSince = performance.now()
/** Incremented by each call: answers to earlier calls are ignored. */
let lastCall = 0

const askWho = async () => {
  const response = await fetch(`api/${optionalSession}`, { cache: 'no-store' }).catch(() => null)
  return { response, who: response === null ? {} : await jsonOf(response) }
}

const askSite = async () => {
  const asked = new URLSearchParams(location.search).get('site')
  if (asked === null) return
  const response = await fetch(`api/${optionalSession}&return_to=${encodeReturn(asked)}`, { cache: 'no-store' }).catch(() => null)
  if (response?.ok !== true || (await jsonOf(response)).return_to !== asked) return
  site = new URL(asked, location.href)
  draw()
}

/** @param {number} failures */
const readSession = async (failures) => {
  clearTimeout(nextRead)
  const thisCall = ++lastCall
  const { response, who } = await askWho()
  if (thisCall !== lastCall) return
  if (saysNobody(response, who)) return show({ name: view.name === 'justLoggedOut' ? view.name : 'loggedOut' })
  if (response?.ok === true && isLoggedIn(who)) {
    if (view.name !== 'stillIn') show({ name: 'loggedIn', who })
    return readAgainIn(Math.min(longestIntervalMs, Math.max(shortestIntervalMs, (performance.now() - visibleSince) * partOfTimeVisible)), 1)
  }
  if (!('who' in view)) show({ name: 'busy' })
  const retryAfterMs = Number(response?.headers.get('Retry-After') ?? 0) * 1000 || 0
  readAgainIn(retryDelayMs({ failures, retryAfterMs, random: Math.random }), failures + 1)
}

/** @param {number} ms @param {number} failures */
const readAgainIn = (ms, failures) => {
  if (!document.hidden) nextRead = setTimeout(() => { readSession(failures) }, ms)
}

const readNow = () => {
  visibleSince = performance.now()
  readSession(1)
}

const logOut = async () => {
  if (!('who' in view)) return
  const { who } = view
  clearTimeout(nextRead)
  lastCall++
  await fetch('api/session', { method: 'DELETE' }).catch(() => null)
  const left = await askWho() // a gateway may have given the answer without a body that a log-out has
  show(saysNobody(left.response, left.who) ? { name: 'justLoggedOut' } : { name: 'stillIn', who })
  if (view.name === 'stillIn') readAgainIn(shortestIntervalMs, 1)
}

/** A gateway's 401 says nothing about who is logged in; an older instance's does. @param {Response | null} response @param {import('./scan-login/answer.js').Body} body */
const saysNobody = (response, body) => response !== null && (response.ok ? isNobody(body) : problemCodeOf(response, body) === 'unauthenticated')

/** @param {any} body @returns {body is LoggedIn} */
const isLoggedIn = (body) => [body.user, body.session].every((member) => typeof member === 'object' && member !== null)

/** @param {import('./scan-login/words.js').Language} language */
const setLanguage = (language) => {
  words = dictionaries[language]
  document.documentElement.lang = words.lang
  document.title = `${words.me} · ${siteName}`
  languageSwitch.show(language)
  fillWords(document, words)
  draw()
}
const languageSwitch = makeLanguageSwitch(setLanguage)
elementOf('footer', HTMLElement).append(languageSwitch.element)
setLanguage(languageFor([recallLanguage(), ...navigator.languages]))
elementOf('#log-out', HTMLElement).addEventListener('click', () => { logOut() })
addEventListener('pageshow', ({ persisted }) => { if (persisted) readSession(1) })
addEventListener('online', readNow)
document.addEventListener('visibilitychange', () => { if (!document.hidden) readNow() })
readSession(1)
askSite()
