/** The login page's template data. Empty means "not drawn". */
import type { Offer } from '../../utils/answers'
import { ago, duration } from '../../utils/durations'
import { placeIn } from '../../utils/words'
import type { Words } from '../../utils/words-type'
import type { Decision, View } from './approval'

export type ActionName = 'retry' | 'scan' | 'close' | 'home' | 'update'

export interface Screen {
  readonly kind: View['kind']
  /** Read by screen readers while a skeleton is drawn. */
  readonly loading: string
  /** Set while a decision is asked for or being sent. */
  readonly title: string
  /** The site to log in to; after the confirmation, the one that was logged in to. */
  readonly origin: string
  readonly ownPage: string
  /** The service that logs people in for the site, if that is another. */
  readonly through: string
  readonly rows: ReadonlyArray<{ readonly label: string, readonly value: string }>
  readonly warning: string
  /** A fact that is no warning. */
  readonly note: string
  readonly ask: string
  readonly askHelp: string
  readonly numbers: ReadonlyArray<{ readonly value: string, readonly chosen: boolean }>
  /** The two boxes of a number to type; `digit` is empty until it is typed. */
  readonly boxes: ReadonlyArray<{ readonly name: 'tens' | 'ones', readonly digit: string }>
  readonly typed: string
  /** The rows of keys above the row with the zero. */
  readonly keys: ReadonlyArray<{ readonly name: string, readonly digits: ReadonlyArray<{ readonly value: string }> }>
  readonly erase: string
  /** The single button if no number is asked for; the last key if one is typed. */
  readonly confirm: string
  /** `confirm` is disabled until both digits are typed. */
  readonly incomplete: boolean
  readonly cancel: string
  /** All buttons are disabled. */
  readonly busy: boolean
  /** Set while no decision is asked for. */
  readonly line: string
  readonly help: string
  readonly mark: 'good' | 'refused' | 'warning' | 'quiet'
  readonly actions: ReadonlyArray<{ readonly name: ActionName, readonly label: string }>
}

const oldAfterMs = 120_000 // people scan a login that they have just opened within a minute or two

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
  boxes: [],
  typed: '',
  keys: [],
  erase: '',
  confirm: '',
  incomplete: false,
  cancel: '',
  busy: false,
  line: '',
  help: '',
  mark: 'quiet',
  actions: [],
} as const

const marks: Partial<Record<View['kind'], Screen['mark']>> = { done: 'good', refused: 'refused', 'wrong-number': 'warning', taken: 'warning', blocked: 'warning', 'foreign-app': 'warning', 'locked-out': 'warning' }

/**
 * `now` is milliseconds since 1970, by the service's clock; `isFromCamera` whether this person's own camera scanned the code; `appId` is this mini program's,
 * if WeChat tells it.
 */
export const screenOf = (view: View, words: Words, now: number, isFromCamera: boolean, appId = ''): Screen => {
  const asking = (decision: Decision, chosen: string | null): Partial<Screen> => ({ ...requestOf(decision, words, now, isFromCamera), ...questionOf(decision, words, chosen) })
  switch (view.kind) {
    case 'loading':
      return { ...empty, kind: view.kind, loading: words.loading }
    case 'ready':
      return { ...empty, kind: view.kind, ...asking(view, null) }
    // What is above the buttons stays: they must not move under a finger.
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
        help: helpOf(view, words, appId) ?? help,
        mark: marks[view.kind] ?? 'quiet',
        actions: actionsOf(view.kind).map((name) => ({ name, label: labelOf(name, view.kind, words) })),
      }
    }
  }
}

/** The site and the browser that ask, and warnings about them. */
const requestOf = ({ offer, isClockCorrected }: Decision, words: Words, now: number, isFromCamera: boolean): Partial<Screen> => {
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
    warning: warningOf(offer, words, now, isFromCamera),
    note: [isClockCorrected ? words.clockCorrected : '', !isFromCamera && offer.isSamePhone ? words.samePhone : ''].filter((part) => part !== '').join('\n'),
    cancel: words.notMe,
  }
}

/** The question, and the buttons that answer it. */
const questionOf = ({ offer: { match, choices }, typed }: Decision, words: Words, chosen: string | null): Partial<Screen> => {
  switch (match) {
    case 'tap':
      return { ask: words.tapNumber, askHelp: words.tapNumberHelp, numbers: choices.map((value) => ({ value, chosen: value === chosen })) }
    case 'type':
      return {
        ask: words.typeNumber,
        askHelp: words.typeNumberHelp,
        boxes: [{ name: 'tens', digit: typed.charAt(0) }, { name: 'ones', digit: typed.charAt(1) }],
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

/** As in an address bar, to be compared with it; `http://` stays, so that a site without encryption is recognisable. */
const addressOf = (origin: string): string => origin.replace(/^https:\/\//, '')

/** The help that depends on more than the kind of end. */
const helpOf = (view: View, words: Words, appId: string): string | undefined => {
  if (view.kind === 'foreign-app') return `${words.ends[view.kind].help}\n${words.compareAppIds(appId)}`
  if (view.kind === 'locked-out') return words.lockedOutHelp(duration(view.retryAfter, words))
  if (view.kind !== 'unavailable') return undefined
  return view.code === 'rate-limited' && view.retryAfter !== undefined ? words.tooFast(duration(view.retryAfter, words)) : words.failures[view.code]
}

const warningOf = ({ isOtherCountry, isSamePhone, createdAt }: Offer, words: Words, now: number, isFromCamera: boolean): string => {
  const isOld = now - createdAt >= oldAfterMs
  const odd = [isFromCamera || isSamePhone ? '' : words.maybeSent, isOtherCountry ? words.otherCountry : '', isOld ? words.oldRequest(ago(createdAt, now, words)) : ''].filter((part) => part !== '')
  return odd.length === 0 ? '' : [...odd, words.oddHelp].join('\n')
}

const actionsOf = (kind: View['kind']): readonly ActionName[] => {
  // No scanner after a refusal: whoever sent the code has the next one on their page already.
  if (kind === 'done' || kind === 'refused') return ['close', 'home']
  if (kind === 'offline' || kind === 'unavailable' || kind === 'locked-out') return ['retry', 'home']
  if (kind === 'update-needed' || kind === 'wechat-too-old') return ['update']
  return kind === 'blocked' || kind === 'foreign-app' ? ['close'] : ['scan', 'home']
}

const labelOf = (name: ActionName, kind: View['kind'], words: Words): string =>
  ({ retry: words.tryAgain, scan: words.scanAgain, close: words.close, home: kind === 'refused' ? words.seeLogins : words.home, update: words.update })[name]
