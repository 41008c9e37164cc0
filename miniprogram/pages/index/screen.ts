/** Owns what the home page shows: plain data for a template, every sentence chosen. Pure; empty means "not drawn". */
import { ago } from '../../utils/ago'
import type { BrowserName } from '../../utils/answers'
import { placeIn } from '../../utils/words'
import type { Words } from '../../utils/words'
import type { HomeView } from './home'

export interface HomeScreen {
  readonly initial: string
  readonly name: string
  /** The start of the id that the site knows this person by. */
  readonly id: string
  /** What the name input holds. */
  readonly input: string
  readonly known: boolean
  /** Nothing is known yet; the place of the list is kept. */
  readonly loading: boolean
  readonly busy: boolean
  readonly saved: string
  readonly failure: string
  readonly browsers: ReadonlyArray<{ readonly id: string, readonly title: string, readonly detail: string }>
  /** Said in place of the list. */
  readonly empty: string
}

/** Draws a view. `now` is milliseconds by the service's clock. */
export const homeScreenOf = (view: HomeView, words: Words, now: number): HomeScreen => ({
  initial: Array.from(view.user?.name ?? '')[0] ?? '',
  name: view.user === undefined ? '' : view.user.name ?? words.noName,
  id: view.user?.sub.slice(0, 8) ?? '',
  input: view.user?.name ?? '',
  known: view.user !== undefined,
  loading: view.sessions === undefined && view.failure === undefined,
  busy: view.busy,
  saved: view.saved ? words.saved : '',
  failure: view.failure === undefined ? '' : words.failures[view.failure],
  browsers: (view.sessions ?? []).map(({ id, browser, lastSeenAt, site }) => ({
    id,
    title: site ?? titleOf(browser, words),
    detail: [site === null ? '' : titleOf(browser, words), placeIn(words, browser) ?? browser.network ?? browser.ip, ago(lastSeenAt, now, words)].filter((part) => part !== '').join(' · '),
  })),
  empty: view.sessions?.length === 0 ? words.noBrowsers : '',
})

const titleOf = (browser: BrowserName, words: Words): string =>
  [browser.name || words.unknownBrowser, browser.system].filter((part) => part !== '').join(' · ')
