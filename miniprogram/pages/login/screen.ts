/** The login page's template data. Empty means "not drawn". */
import type { Words } from '../../utils/words-type'
import { endingOf } from './ending'
import type { Ending } from './ending'
import { isHere, requestOf } from './request'
import type { Request } from './request'
import type { Decision, View } from './view'

/** From `title` on: set while a decision is asked for or being sent; `address` also after the confirmation, `siteGets` and `askHelp` also for the skeleton. */
export interface Screen extends Request, Ending {
  readonly kind: View['kind']
  /** Read by screen readers while a skeleton is drawn. */
  readonly loading: string
  /** What a request usually says: the skeleton takes the lines of these. */
  readonly likely: Readonly<Record<'title' | 'about' | 'addressBar' | 'ask', string>>
  readonly ask: string
  readonly askHelp: string
  readonly numbers: ReadonlyArray<{ readonly value: string, readonly label: string, readonly chosen: boolean }>
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
  /** The button that leads from the warnings to the question. */
  readonly claim: string
  /** All buttons are disabled. */
  readonly busy: boolean
  /** The buttons that decide something react only once they have been in view for a while. */
  readonly arms: boolean
}

const noAddress = { host: '', scheme: '', parts: [] }

const empty = {
  loading: '',
  likely: { title: '', about: '', addressBar: '', ask: '' },
  title: '',
  where: '',
  about: '',
  isFar: false,
  isPhone: false,
  addressBar: '',
  address: noAddress,
  through: '',
  warnings: [],
  note: '',
  siteGets: '',
  spoken: '',
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
  claim: '',
  busy: false,
  line: '',
  help: '',
  trouble: '',
  mark: 'stopped',
  arms: false,
  actions: [],
} as const

/**
 * `now` is milliseconds since 1970, by the service's clock; `isFromCamera` whether this person's own camera scanned the code; `appId` is this mini program's,
 * if WeChat tells it.
 */
export const screenOf = (view: View, words: Words, now: number, isFromCamera: boolean, appId = ''): Screen => {
  const asking = (decision: Decision, chosen: string | null): Partial<Screen> => {
    const request = requestOf(decision.offer, decision.isFirst, words, now, isFromCamera)
    // Two decisions where something is odd: whoever looks for the number first doesn't read.
    const isFirst = request.warnings.length > 0 && !decision.isClaimed
    const question = isFirst ? { ask: words.isItYou, claim: words.itsMe } : questionOf(decision, words, isFromCamera, chosen, request.warnings.length > 0)
    // Who has answered what to do about the warnings needs the facts alone: the numbers are to come into view.
    const warnings = request.warnings.filter(({ isFact }) => isFact || isFirst)
    return { ...request, ...question, warnings, cancel: words.notMe, ...(isFirst && { siteGets: '' }) }
  }
  switch (view.kind) {
    case 'loading':
      return {
        ...empty,
        kind: view.kind,
        loading: words.loading,
        likely: { title: words.askTitle('Example Notes', 'Chrome', 'Windows'), about: `${words.secondsAgo(10)} · Chrome · Windows`, addressBar: words.addressBar, ask: words.tapNumber },
        siteGets: view.isFirst ? words.whatSiteGets : '',
        askHelp: `${words.tapConsequence}\n${words.askHelp}`,
      }
    case 'ready':
      return { ...empty, kind: view.kind, arms: true, ...asking(view, null) }
    // What is above the buttons stays: they must not move under a finger.
    case 'confirming':
      return { ...empty, kind: view.kind, ...asking(view, view.number), busy: true, ask: words.confirming }
    case 'cancelling':
      return { ...empty, kind: view.kind, ...asking(view, null), busy: true, ask: words.cancelling }
    default:
      return { ...empty, kind: view.kind, ...endingOf(view, words, isFromCamera, appId) }
  }
}

/** The question, and the buttons that answer it. */
const questionOf = ({ offer, typed }: Decision, words: Words, isFromCamera: boolean, chosen: string | null, isWarned: boolean): Partial<Screen> => {
  const here = isHere(offer, isFromCamera)
  // On the same phone the note says what to check; a warning says already when to refuse.
  const helpWith = (consequence: string): string => here ? words.askHelp : isWarned ? consequence : `${consequence}\n${words.askHelp}`
  switch (offer.match) {
    case 'tap':
      return {
        ask: here ? words.tapNumberHere : words.tapNumber,
        askHelp: helpWith(words.tapConsequence),
        numbers: offer.choices.map((value) => ({ value, label: words.number(value), chosen: value === chosen })),
      }
    case 'type':
      return {
        ask: here ? words.typeNumberHere : words.typeNumber,
        askHelp: helpWith(words.typeConsequence),
        boxes: [{ name: 'tens', digit: typed.charAt(0) }, { name: 'ones', digit: typed.charAt(1) }],
        typed: words.typed(typed),
        keys: ['123', '456', '789'].map((name) => ({ name, digits: Array.from(name, (value) => ({ value })) })),
        erase: words.erase,
        confirm: words.confirm,
        incomplete: typed.length < 2,
      }
    case 'off':
      return { askHelp: helpWith(words.confirmConsequence), confirm: words.confirm }
  }
}
