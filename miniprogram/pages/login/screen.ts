/** The login page's template data. Empty means "not drawn". */
import { breakAtDots } from '../../utils/breaks'
import { duration } from '../../utils/durations'
import type { Words } from '../../utils/words-type'
import { addressOf, isHere, requestOf } from './request'
import type { Request } from './request'
import type { Decision, Done, View } from './view'

export type Mark = 'good' | 'refused' | 'warning' | 'stopped' | 'late' | 'no-code' | 'offline' | 'old'

export type ActionName = 'retry' | 'scan' | 'close' | 'home' | 'update' | 'log-out'

/** From `title` on: set while a decision is asked for or being sent; `address` also after the confirmation, `siteGets` and `askHelp` also for the skeleton. */
export interface Screen extends Request {
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
  /** Set while no decision is asked for. */
  readonly line: string
  readonly help: string
  /** Why the login could not be ended. */
  readonly trouble: string
  readonly mark: Mark
  /** The buttons that decide something react only once they have been in view for a while. */
  readonly arms: boolean
  readonly actions: ReadonlyArray<{ readonly name: ActionName, readonly label: string, readonly style: '' | 'button--strong' | 'refuse' }>
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

/** The views in which no decision is asked for any more. */
type End = Exclude<View, { readonly kind: 'loading' | 'ready' | 'confirming' | 'cancelling' }>

const marks: Readonly<Record<End['kind'], Mark>> = {
  done: 'good',
  refused: 'refused',
  'logged-out': 'refused',
  cancelled: 'stopped',
  unknown: 'warning',
  'wrong-number': 'warning',
  taken: 'warning',
  blocked: 'warning',
  'foreign-app': 'warning',
  'locked-out': 'warning',
  expired: 'late',
  used: 'no-code',
  'invalid-code': 'no-code',
  offline: 'offline',
  unavailable: 'offline',
  'wechat-too-old': 'old',
  'update-needed': 'old',
}

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
    default: {
      const { line, help } = endOf(view, words)
      return {
        ...empty,
        kind: view.kind,
        line,
        help: helpOf(view, words, isFromCamera, appId) ?? help,
        mark: marks[view.kind],
        arms: view.kind === 'done' || view.kind === 'unknown',
        ...(view.kind === 'done' && doneOf(view, words)),
        ...(view.kind === 'unknown' && { busy: view.isEnding }),
        actions: actionsOf(view).map((name, index) => ({ name, label: labelOf(name, view, words), style: styleOf(name, index, view) })),
      }
    }
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

/** Who is logged in: somebody who sees a device that isn't theirs can still end it. */
const doneOf = ({ offer, isEnding, failure }: Done, words: Words): Partial<Screen> => ({
  ...(offer !== undefined && { line: breakAtDots(words.loggedIn(offer.site.name, offer.browser.name, offer.browser.system)), address: addressOf(offer.site.origin) }),
  busy: isEnding,
  ...(failure !== undefined && { help: '' }), // room for the reason, so that the button stays in view
  trouble: failure === undefined ? '' : `${words.stillLoggedIn}\n${words.failures[failure]}`,
})

const endOf = (view: End, words: Words): { readonly line: string, readonly help: string } => {
  const end = words.ends[view.kind]
  if (view.kind !== 'logged-out' || view.site === undefined) return end
  return { line: words.endedHere.line, help: `${words.endedHere.help(addressOf(view.site).host)}\n${end.help}` }
}

/** The help that depends on more than the kind of end. */
const helpOf = (view: View, words: Words, isFromCamera: boolean, appId: string): string | undefined => {
  if (view.kind === 'done') return view.offer !== undefined && isHere(view.offer, isFromCamera) ? words.doneHere : undefined
  if (view.kind === 'foreign-app') return `${words.ends[view.kind].help}\n${words.compareAppIds(appId)}`
  if (view.kind === 'locked-out') return words.lockedOutHelp(duration(view.retryAfter, words).replace(' ', '\u00a0'))
  if (view.kind !== 'unavailable' && view.kind !== 'unknown') return undefined
  return view.code === 'rate-limited' && view.retryAfter !== undefined ? words.tooFast(duration(view.retryAfter, words)) : words.failures[view.code]
}

const actionsOf = (view: View): readonly ActionName[] => {
  const { kind } = view
  if (kind === 'done') return view.session === undefined ? ['close', 'home'] : ['close', 'log-out', 'home']
  if (kind === 'unknown') return ['retry', 'log-out', 'home']
  // No scanner after a refusal: whoever sent the code has the next one on their page already.
  if (kind === 'refused' || kind === 'logged-out') return ['close', 'home']
  if (kind === 'locked-out') return ['close', 'home'] // trying again can't help for minutes
  if (kind === 'offline' || kind === 'unavailable') return ['retry', 'home']
  if (kind === 'update-needed' || kind === 'wechat-too-old') return ['update']
  return kind === 'blocked' || kind === 'foreign-app' ? ['close'] : ['scan', 'home']
}

/** The buttons stay where they are when a login could not be ended: only which one stands out changes. */
const styleOf = (name: ActionName, index: number, view: View): Screen['actions'][number]['style'] => {
  const isAgain = view.kind === 'done' && view.failure !== undefined
  if (name === 'log-out') return isAgain ? 'button--strong' : 'refuse'
  return index === 0 && !isAgain ? 'button--strong' : ''
}

const labelOf = (name: ActionName, view: View, words: Words): string => {
  switch (name) {
    case 'retry': return words.tryAgain
    case 'scan': return words.scanAgain
    case 'close': return words.close
    case 'update': return words.update
    case 'log-out': return 'isEnding' in view && view.isEnding ? words.loggingOut : words.notMeLogOut
    case 'home': return view.kind === 'refused' || view.kind === 'logged-out' ? words.seeLogins : words.home
  }
}
