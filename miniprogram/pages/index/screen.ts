/** The home page's template data. Empty means "not drawn". */
import { ago } from '../../utils/durations'
import type { BrowserName, LoggedInBrowser } from '../../utils/answers'
import { breakAtDots } from '../../utils/breaks'
import { isPhoneSystem } from '../../utils/device'
import type { KeptLogin } from '../../utils/kept-logins'
import { placeIn } from '../../utils/words'
import type { Words } from '../../utils/words-type'
import type { HomeView } from './home'

/** Empty means "not drawn". */
const none = { title: '', text: '' }

export interface HomeScreen {
  readonly initial: string
  readonly name: string
  /** The row that opens the input of the name. */
  readonly setName: string
  /** What that input holds. */
  readonly input: string
  readonly known: boolean
  /** The list is drawn as a skeleton. */
  readonly loading: boolean
  readonly busy: boolean
  readonly failure: string
  /** Whether trying again may help against it. */
  readonly retry: boolean
  readonly browsers: readonly BrowserRow[]
  /** Shown if the list has no browsers. */
  readonly empty: string
  /** The last row: also without a login, as another phone may still act for this person. */
  readonly signOutAll: string
  /** The phone's clock is wrong. */
  readonly clock: string
  /** For whom the mini program is, where not everybody may come in. */
  readonly audience: string
  /** Why this person may not come in, or not yet, and what happens next. */
  readonly notice: { readonly title: string, readonly text: string }
  readonly canScan: boolean
  readonly canName: boolean
  /** Of owners: the row that leads to the people, and the state that they are opened with. */
  readonly people: string
  readonly peopleState: 'waiting' | 'active'
  readonly deleteData: string
  /** What is asked before the deletion. */
  readonly deleteSure: string
  /** Takes the place of everything else. */
  readonly end: { readonly line: string, readonly help: string }
}

export interface BrowserRow {
  readonly id: string
  /** Set while the browser hasn't got in yet: by this the login is ended. */
  readonly ticket: string
  /** The name of the site that the login is for, unless that is the service's own. */
  readonly site: string
  readonly title: string
  /** As drawn: a host breaks before its dots. */
  readonly heading: string
  readonly isPhone: boolean
  /** Marks a login of the last minutes. */
  readonly fresh: string
  /** Each on a line of its own. */
  readonly details: ReadonlyArray<{ readonly text: string }>
}

/** For this long a login counts as new. */
const freshMs = 600_000

/** `now` is milliseconds since 1970, by the service's clock; `host` is the service's, said where not everybody may come in. */
export const homeScreenOf = (view: HomeView, words: Words, now: number, isClockOff = false, host = ''): HomeScreen => ({
  initial: initialOf(view.user?.name ?? ''),
  name: view.user === undefined ? '' : view.user.name ?? words.noName,
  setName: view.user?.name == null ? words.setName : words.changeName,
  input: view.user?.name ?? '',
  known: view.user !== undefined,
  loading: view.sessions === undefined && view.failure === undefined,
  busy: view.busy,
  failure: view.failure === undefined ? '' : words.failures[view.failure],
  retry: view.failure !== 'too-old' && view.failure !== 'js-code-invalid',
  browsers: [...view.waiting.map((login) => waitingRowOf(login, words)), ...(view.sessions ?? []).map((session) => rowOf(session, words, now))],
  empty: isIn(view) && view.sessions?.length === 0 && view.waiting.length === 0 ? words.noBrowsers : '',
  signOutAll: view.sessions === undefined || !isIn(view) ? '' : view.sessions.length + view.waiting.length === 0 ? words.signOutPhones : words.signOutAll,
  clock: isClockOff ? words.clockCorrected : '',
  audience: view.registration === 'open' ? '' : view.registration === 'approval' ? words.forApproved(breakAtDots(host)) : words.forKnown(breakAtDots(host)),
  notice: noticeOf(view, words),
  canScan: view.state !== 'blocked',
  canName: view.user !== undefined && (isIn(view) || view.state === 'waiting'),
  people: view.peopleWaiting === undefined ? '' : view.peopleWaiting === 0 ? words.people : words.peopleWaiting(view.peopleWaiting),
  peopleState: (view.peopleWaiting ?? 0) > 0 ? 'waiting' : 'active',
  deleteData: view.state === undefined ? '' : words.deleteData,
  deleteSure: deleteSureOf(view, words),
  end: view.isErased ? { line: words.deleted.line, help: view.state === 'blocked' ? words.deleted.stillBlocked : words.deleted.help } : { line: '', help: '' },
})

/** The first character; a flag whole, which is two. */
const initialOf = (name: string): string => {
  const [first = '', second = ''] = Array.from(name)
  const isFlag = [first, second].every((letter) => letter >= '\ud83c\udde6' && letter <= '\ud83c\uddff')
  return isFlag ? first + second : first
}

/** Whether this person may log in, as far as is known. Whoever waits or isn't known yet may where everybody does, and so may whoever was logged in before people were recorded. */
const isIn = ({ state, registration, sessions = [] }: HomeView): boolean => {
  if (state === 'unknown') return registration === 'open' || sessions.length > 0
  return state === undefined || state === 'active' || (state === 'waiting' && registration === 'open')
}

/** Says what goes, and what that means to this person besides. */
const deleteSureOf = ({ state, registration, peopleWaiting }: HomeView, words: Words): string => {
  const { blocked, owner, ...then } = words.deleteDataThen
  const sentences = [words.deleteDataSure, state === 'blocked' ? blocked : '', peopleWaiting === undefined ? '' : owner]
  if (registration !== 'open' && (state === 'active' || state === 'waiting')) sentences.push(then[registration])
  return sentences.filter((sentence) => sentence !== '').join('\n')
}

const noticeOf = (view: HomeView, words: Words): HomeScreen['notice'] => {
  const { state, registration, user } = view
  const said = (kind: 'person-waiting' | 'person-unknown' | 'person-blocked', more = ''): HomeScreen['notice'] =>
    ({ title: words.ends[kind].line, text: [words.ends[kind].help, more].filter((text) => text !== '').join('\n') })
  if (isIn(view)) return none
  if (state === 'blocked') return said('person-blocked')
  if (state === 'waiting') return said('person-waiting', user?.name == null ? words.nameToAsk : '')
  return registration === 'closed' ? said('person-unknown') : { title: words.ends['person-unknown'].line, text: words.scanToAsk }
}

const waitingRowOf = ({ ticket, browser, site }: KeptLogin, words: Words): BrowserRow => ({
  id: ticket,
  ticket,
  site: site ?? '',
  title: site ?? titleOf(browser, words),
  heading: breakAtDots(site ?? titleOf(browser, words)),
  isPhone: isPhoneSystem(browser.system),
  fresh: '',
  details: [words.justConfirmed, site === null ? '' : titleOf(browser, words), placeIn(words, browser) ?? browser.network ?? ''].filter((text) => text !== '').map((text) => ({ text })),
})

const rowOf = ({ id, browser, createdAt, lastSeenAt, site }: LoggedInBrowser, words: Words, now: number): BrowserRow => ({
  id,
  ticket: '',
  site: site ?? '',
  title: site ?? titleOf(browser, words),
  heading: breakAtDots(site ?? titleOf(browser, words)),
  isPhone: isPhoneSystem(browser.system),
  fresh: now - createdAt < freshMs ? words.fresh : '',
  details: [site === null ? '' : titleOf(browser, words), placeIn(words, browser) ?? browser.network ?? browser.ip, ago(lastSeenAt, now, words)]
    .filter((text) => text !== '').map((text) => ({ text })),
})

const titleOf = (browser: BrowserName, words: Words): string =>
  [browser.name || words.unknownBrowser, browser.system].filter((part) => part !== '').join(' · ')
