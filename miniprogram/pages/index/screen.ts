/** The home page's template data. Empty means "not drawn". */
import { ago } from '../../utils/durations'
import type { BrowserName } from '../../utils/answers'
import { placeIn } from '../../utils/words'
import type { Words } from '../../utils/words-type'
import type { HomeView } from './home'

export interface HomeScreen {
  readonly initial: string
  readonly name: string
  /** The start of the person's `sub`. */
  readonly id: string
  /** What the name input holds. */
  readonly input: string
  readonly known: boolean
  /** The list is drawn as a skeleton. */
  readonly loading: boolean
  readonly busy: boolean
  readonly saved: string
  readonly failure: string
  /** Whether trying again may help against it. */
  readonly retry: boolean
  readonly browsers: ReadonlyArray<{ readonly id: string, readonly title: string, readonly detail: string }>
  /** Shown if the list has no browsers. */
  readonly empty: string
}

/** `now` is milliseconds since 1970, by the service's clock. */
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
  retry: view.failure !== 'too-old' && view.failure !== 'js-code-invalid',
  browsers: (view.sessions ?? []).map(({ id, browser, lastSeenAt, site }) => ({
    id,
    title: site ?? titleOf(browser, words),
    detail: [site === null ? '' : titleOf(browser, words), placeIn(words, browser) ?? browser.network ?? browser.ip, ago(lastSeenAt, now, words)].filter((part) => part !== '').join(' · '),
  })),
  empty: view.sessions?.length === 0 ? words.noBrowsers : '',
})

const titleOf = (browser: BrowserName, words: Words): string =>
  [browser.name || words.unknownBrowser, browser.system].filter((part) => part !== '').join(' · ')
