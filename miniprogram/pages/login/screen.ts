/** What the login page shows of a view: plain data for a template, every sentence chosen. Pure; empty means "not drawn". */
import { ago } from '../../utils/ago'
import type { Offer } from '../../utils/answers'
import { span } from '../../utils/wait'
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
  /** The site that asks, and after the yes the one that was logged in to. */
  readonly origin: string
  readonly ownPage: string
  /** The service that logs people in for it, where it is another. */
  readonly through: string
  readonly rows: ReadonlyArray<{ readonly label: string, readonly value: string }>
  readonly warning: string
  /** Something to know that is no warning. */
  readonly note: string
  readonly ask: string
  readonly askHelp: string
  readonly numbers: ReadonlyArray<{ readonly value: string, readonly chosen: boolean }>
  /** The two places of a number to be typed; an empty one is still to come. */
  readonly places: ReadonlyArray<{ readonly name: 'tens' | 'ones', readonly digit: string }>
  readonly typed: string
  /** Rows of keys above the one with the zero. */
  readonly keys: ReadonlyArray<{ readonly name: string, readonly digits: ReadonlyArray<{ readonly value: string }> }>
  readonly erase: string
  /** The one button, where no number is asked for; the last key, where it is typed. */
  readonly confirm: string
  /** It takes no taps yet. */
  readonly incomplete: boolean
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
  ownPage: '',
  through: '',
  rows: [],
  warning: '',
  note: '',
  ask: '',
  askHelp: '',
  numbers: [],
  places: [],
  typed: '',
  keys: [],
  erase: '',
  confirm: '',
  incomplete: false,
  refuse: '',
  busy: false,
  line: '',
  help: '',
  mark: 'quiet',
  actions: [],
} as const

const marks: Partial<Record<View['kind'], Screen['mark']>> = { done: 'good', 'wrong-number': 'warning', taken: 'warning', blocked: 'warning', paused: 'warning' }

/** Draws a view. `now` is milliseconds by the service's clock; `wasSeen` whether this person's own camera saw the code. */
export const screenOf = (view: View, words: Words, now: number, wasSeen: boolean): Screen => {
  const asking = (asked: Asked, chosen: string | null): Partial<Screen> => ({ ...asker(asked, words, now, wasSeen), ...question(asked, words, chosen) })
  switch (view.kind) {
    case 'loading':
      return { ...empty, kind: view.kind, loading: words.loading }
    case 'ready':
      return { ...empty, kind: view.kind, ...asking(view, null) }
    // What stands above the buttons stays: they must not move under a finger.
    case 'confirming':
      return { ...empty, kind: view.kind, ...asking(view, view.number), busy: true, ask: words.confirming }
    case 'cancelling':
      return { ...empty, kind: view.kind, ...asking(view, null), busy: true, ask: words.cancelling }
    default: {
      const { line, help } = words.ends[view.kind]
      return {
        ...empty,
        kind: view.kind,
        origin: view.kind === 'done' && view.offer !== undefined ? addressOf(view.offer.site.origin) : '',
        line,
        help: helpOf(view, words) ?? help,
        mark: marks[view.kind] ?? 'quiet',
        actions: actionsOf(view.kind).map((name) => ({ name, label: labelOf(name, words) })),
      }
    }
  }
}

/** Who asks, from where, and what is odd about it. */
const asker = ({ offer, isClockMended }: Asked, words: Words, now: number, wasSeen: boolean): Partial<Screen> => {
  const { site, browser } = offer
  return {
    title: words.askTitle(site.name),
    origin: addressOf(site.origin),
    ownPage: words.ownPage,
    through: site.service === site.origin ? '' : words.through(addressOf(site.service)),
    rows: [
      { label: words.browser, value: [browser.name || words.unknownBrowser, browser.system].filter((part) => part !== '').join(' · ') },
      { label: words.network, value: browser.network ?? '' },
      { label: words.place, value: placeIn(words, browser) ?? '' },
      { label: words.phonePlace, value: placeIn(words, { place: offer.phonePlace, placeEn: offer.phonePlaceEn }) ?? '' },
      { label: words.asked, value: ago(offer.createdAt, now, words) },
    ].filter((row) => row.value !== ''),
    warning: warningOf(offer, words, now, wasSeen),
    note: [isClockMended ? words.clockMended : '', !wasSeen && offer.isSamePhone ? words.samePhone : ''].filter((part) => part !== '').join('\n'),
    refuse: words.notMe,
  }
}

/** What is asked, and the buttons that answer it. */
const question = ({ offer: { match, choices }, typed }: Asked, words: Words, chosen: string | null): Partial<Screen> => {
  switch (match) {
    case 'tap':
      return { ask: words.tapNumber, askHelp: words.tapNumberHelp, numbers: choices.map((value) => ({ value, chosen: value === chosen })) }
    case 'type':
      return {
        ask: words.typeNumber,
        askHelp: words.typeNumberHelp,
        places: [{ name: 'tens', digit: typed.charAt(0) }, { name: 'ones', digit: typed.charAt(1) }],
        typed: words.typed(typed),
        keys: ['123', '456', '789'].map((name) => ({ name, digits: Array.from(name, (value) => ({ value })) })),
        erase: words.erase,
        confirm: words.confirm,
        incomplete: typed.length < 2,
      }
    case 'off':
      return { askHelp: words.confirmHelp, confirm: words.confirm }
  }
}

/** As an address bar has it, for the person to compare; what is not encrypted says so. */
const addressOf = (origin: string): string => origin.replace(/^https:\/\//, '')

/** The help that depends on more than how it ended. */
const helpOf = (view: View, words: Words): string | undefined => {
  if (view.kind === 'paused') return words.pausedHelp(span(view.retryAfter, words))
  if (view.kind !== 'unavailable') return undefined
  return view.code === 'rate-limited' && view.retryAfter !== undefined ? words.tooFast(span(view.retryAfter, words)) : words.failures[view.code]
}

const warningOf = ({ isOtherCountry, isSamePhone, createdAt }: Offer, words: Words, now: number, wasSeen: boolean): string => {
  const isOld = now - createdAt >= oldAfterMs
  const odd = [wasSeen || isSamePhone ? '' : words.maybeSent, isOtherCountry ? words.otherCountry : '', isOld ? words.oldRequest(ago(createdAt, now, words)) : ''].filter((part) => part !== '')
  return odd.length === 0 ? '' : [...odd, words.oddHelp].join('\n')
}

const actionsOf = (kind: View['kind']): readonly ActionName[] => {
  if (kind === 'done') return ['close', 'home']
  if (kind === 'offline' || kind === 'unavailable' || kind === 'paused') return ['retry', 'home']
  if (kind === 'update-needed') return ['update']
  return kind === 'blocked' ? ['close'] : ['scan', 'home']
}

const labelOf = (name: ActionName, words: Words): string =>
  ({ retry: words.tryAgain, scan: words.scanAgain, close: words.close, home: words.home, update: words.update })[name]
