/** Owns what the login page shows of a view: plain data for a template, every sentence chosen. Pure; empty means "not drawn". */
import { ago } from '../../utils/ago'
import type { BrowserName, Offer } from '../../utils/answers'
import { placeIn } from '../../utils/words'
import type { Words } from '../../utils/words'
import type { Asked, View } from './approval'

export type ActionName = 'retry' | 'scan' | 'close' | 'home' | 'update'

export interface Screen {
  readonly kind: View['kind']
  /** What is being said while nothing can be drawn yet but the places of things. */
  readonly loading: string
  /** Set while a decision is asked for or on its way. */
  readonly title: string
  readonly origin: string
  readonly rows: ReadonlyArray<{ readonly label: string, readonly value: string }>
  readonly warning: string
  /** Something to know that is no warning. */
  readonly note: string
  readonly ask: string
  readonly askHelp: string
  readonly numbers: ReadonlyArray<{ readonly value: string, readonly chosen: boolean }>
  /** The one button, where no number is asked for. */
  readonly confirm: string
  readonly refuse: string
  /** Taps are not taken. */
  readonly busy: boolean
  /** Set while nothing is asked. */
  readonly line: string
  readonly help: string
  readonly mark: 'good' | 'warning' | 'quiet'
  readonly actions: ReadonlyArray<{ readonly name: ActionName, readonly label: string }>
}

const oldAfterMs = 120_000 // a login that somebody just opened is scanned within a minute or two

const empty = {
  loading: '',
  title: '',
  origin: '',
  rows: [],
  warning: '',
  note: '',
  ask: '',
  askHelp: '',
  numbers: [],
  confirm: '',
  refuse: '',
  busy: false,
  line: '',
  help: '',
  mark: 'quiet',
  actions: [],
} as const

const marks: Partial<Record<View['kind'], Screen['mark']>> = { done: 'good', 'wrong-number': 'warning', taken: 'warning', blocked: 'warning' }

/** Draws a view. `now` is milliseconds by the service's clock. */
export const screenOf = (view: View, words: Words, now: number): Screen => {
  switch (view.kind) {
    case 'loading':
      return { ...empty, kind: view.kind, loading: words.loading }
    case 'ready':
      return { ...empty, kind: view.kind, ...asking(view, words, now, null) }
    // What stands above the buttons stays: they must not move under a finger.
    case 'confirming':
      return { ...empty, kind: view.kind, ...asking(view, words, now, view.number), busy: true, ask: words.confirming }
    case 'cancelling':
      return { ...empty, kind: view.kind, ...asking(view, words, now, null), busy: true, ask: words.cancelling }
    default: {
      const { line, help } = words.ends[view.kind]
      return {
        ...empty,
        kind: view.kind,
        origin: view.kind === 'done' && view.offer !== undefined ? view.offer.site.origin : '',
        line,
        help: view.kind === 'unavailable' ? words.failures[view.code] : help,
        mark: marks[view.kind] ?? 'quiet',
        actions: actionsOf(view.kind).map((name) => ({ name, label: labelOf(name, words) })),
      }
    }
  }
}

const asking = ({ offer, isClockMended }: Asked, words: Words, now: number, chosen: string | null): Partial<Screen> => ({
  title: words.askTitle(offer.site.name),
  origin: offer.site.origin,
  rows: [
    { label: words.browser, value: offer.browser.name || words.unknownBrowser },
    { label: words.system, value: offer.browser.system },
    whereabouts(offer.browser, words),
    { label: words.asked, value: ago(offer.createdAt, now, words) },
  ].filter((row) => row.value !== ''),
  warning: warningOf(offer, words, now),
  note: isClockMended ? words.clockMended : '',
  ask: offer.choices === null ? '' : words.tapNumber,
  askHelp: offer.choices === null ? words.confirmHelp : words.tapNumberHelp,
  numbers: (offer.choices ?? []).map((value) => ({ value, chosen: value === chosen })),
  confirm: offer.choices === null ? words.confirm : '',
  refuse: words.notMe,
})

/** The place, or else the network, or else the address. */
const whereabouts = (browser: BrowserName, words: Words): Screen['rows'][number] => {
  const place = placeIn(words, browser)
  if (place !== null) return { label: words.place, value: place }
  return browser.network === null ? { label: words.address, value: browser.ip } : { label: words.network, value: browser.network }
}

const warningOf = ({ isOtherCountry, createdAt }: Offer, words: Words, now: number): string => {
  const isOld = now - createdAt >= oldAfterMs
  const odd = [isOtherCountry ? words.otherCountry : '', isOld ? words.oldRequest(ago(createdAt, now, words)) : ''].filter((part) => part !== '')
  return odd.length === 0 ? '' : [...odd, words.oddHelp].join('\n')
}

const actionsOf = (kind: View['kind']): readonly ActionName[] => {
  if (kind === 'done') return ['close', 'home']
  if (kind === 'offline' || kind === 'unavailable') return ['retry', 'home']
  if (kind === 'update-needed') return ['update']
  return kind === 'blocked' ? ['close'] : ['scan', 'home']
}

const labelOf = (name: ActionName, words: Words): string =>
  ({ retry: words.tryAgain, scan: words.scanAgain, close: words.close, home: words.home, update: words.update })[name]
