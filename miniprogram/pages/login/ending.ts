/** The part of the login page's template data that is set while no decision is asked for: what has become of the login, and what can be done next. */
import { breakAtDots } from '../../utils/breaks'
import { duration } from '../../utils/durations'
import type { Words } from '../../utils/words-type'
import { addressOf, isHere } from './request'
import type { Request } from './request'
import type { Done, View } from './view'

type Mark = 'good' | 'refused' | 'warning' | 'stopped' | 'late' | 'no-code' | 'offline' | 'old' | 'asked' | 'stranger' | 'kept-out'

export type ActionName = 'retry' | 'scan' | 'close' | 'home' | 'name' | 'update' | 'log-out'

export interface Ending {
  readonly line: string
  readonly help: string
  /** Why the login could not be ended. */
  readonly trouble: string
  readonly mark: Mark
  readonly actions: ReadonlyArray<{ readonly name: ActionName, readonly label: string, readonly style: '' | 'button--strong' | 'refuse' }>
}

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
  'person-waiting': 'asked',
  'person-unknown': 'stranger',
  'person-blocked': 'kept-out',
  expired: 'late',
  used: 'no-code',
  'invalid-code': 'no-code',
  offline: 'offline',
  unavailable: 'offline',
  'wechat-too-old': 'old',
  'update-needed': 'old',
}

/** `address` is that of the site that the person has logged in to; `busy` while its end is being sent. */
export const endingOf = (view: End, words: Words, isFromCamera: boolean, appId: string): Partial<Ending & Pick<Request, 'address'> & { readonly arms: boolean, readonly busy: boolean }> => {
  const { line, help } = endOf(view, words)
  return {
    line,
    help: helpOf(view, words, isFromCamera, appId) ?? help,
    mark: marks[view.kind],
    arms: view.kind === 'done' || view.kind === 'unknown',
    ...(view.kind === 'done' && doneOf(view, words)),
    ...(view.kind === 'unknown' && { busy: view.isEnding }),
    actions: actionsOf(view).map((name, index) => ({ name, label: labelOf(name, view, words), style: styleOf(name, index, view) })),
  }
}

/** Who is logged in: somebody who sees a device that isn't theirs can still end it. */
const doneOf = ({ offer, isEnding, failure }: Done, words: Words): ReturnType<typeof endingOf> => ({
  ...(offer !== undefined && { line: breakAtDots(words.loggedIn(offer.site.name, offer.browser.name, offer.browser.system)), address: addressOf(offer.site.app ?? offer.site.origin) }),
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
  // The same code, which lives on: an owner who is asked now may be quick.
  if (view.kind === 'person-waiting') return view.isNamed ? ['retry', 'home'] : ['retry', 'name', 'home']
  if (kind === 'person-unknown' || kind === 'person-blocked') return ['close', 'home']
  if (kind === 'locked-out') return ['close', 'home'] // trying again can't help for minutes
  if (kind === 'offline' || kind === 'unavailable') return ['retry', 'home']
  if (kind === 'update-needed' || kind === 'wechat-too-old') return ['update']
  return kind === 'blocked' || kind === 'foreign-app' ? ['close'] : ['scan', 'home']
}

/** The buttons stay where they are when a login could not be ended: only which one stands out changes. */
const styleOf = (name: ActionName, index: number, view: View): Ending['actions'][number]['style'] => {
  const isAgain = view.kind === 'done' && view.failure !== undefined
  if (name === 'log-out') return isAgain ? 'button--strong' : 'refuse'
  return index === 0 && !isAgain ? 'button--strong' : ''
}

const labelOf = (name: ActionName, view: View, words: Words): string => {
  switch (name) {
    case 'retry': return words.tryAgain
    case 'scan': return words.scanAgain
    case 'close': return words.close
    case 'name': return words.tellName
    case 'update': return words.update
    case 'log-out': return 'isEnding' in view && view.isEnding ? words.loggingOut : words.notMeLogOut
    case 'home': return view.kind === 'refused' || view.kind === 'logged-out' ? words.seeLogins : words.home
  }
}
