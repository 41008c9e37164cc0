/** Owns what must hold for every answer, whatever goes on behind it: in time, of a known form, and only what this call can be told. */
import type { CallKind, CallRecord } from './history.ts'
import { isUnknown, type Evidence } from './evidence.ts'
import { maxKeys } from '../../src/stores/phone-key-list.ts'
import type { Finding } from './ticket-rules.ts'

export type CallRule = (call: CallRecord, evidence: Evidence) => string | undefined

/** CONTRACT "Errors". Milliseconds. */
const answerWithinMs = 6_000
/** A connection that was cut is noticed a little later. Milliseconds. */
const noticedWithinMs = 1_000

const onTicket = ['ticket-not-found', 'ticket-cancelled', 'ticket-expired', 'ticket-consumed', 'store-unavailable']
const signed = ['replayed', 'key-unknown', 'store-unavailable']

/** What each call of a well-behaved client may be told by CONTRACT: the status that is success, and the codes. */
const answers: Readonly<Record<CallKind, readonly [success: number, ...codes: readonly string[]]>> = {
  create: [201, 'too-many-tickets', 'store-unavailable'],
  code: [200, 'ticket-not-found', 'wechat-unavailable', 'store-unavailable'],
  poll: [200, 'ticket-not-found', 'store-unavailable'],
  consume: [200, 'ticket-not-confirmed', ...onTicket],
  'give-up': [204, 'ticket-not-found', 'ticket-confirmed', 'store-unavailable'],
  session: [200, 'unauthenticated', 'store-unavailable'],
  'log-out': [204, 'unauthenticated', 'store-unavailable'],
  'phone-login': [200, 'rate-limited', 'wechat-unavailable', 'store-unavailable'],
  scan: [200, 'ticket-taken', 'rate-limited', ...onTicket, ...signed],
  confirm: [200, 'ticket-taken', 'ticket-not-scanned', 'match-wrong', 'rate-limited', ...onTicket, ...signed],
  cancel: [200, 'ticket-taken', 'ticket-not-scanned', 'ticket-confirmed', ...onTicket, ...signed],
  'sign-out': [204, 'not-found', ...signed],
}

const statuses: Readonly<Record<string, number>> = {
  'ticket-not-found': 404,
  'not-found': 404,
  'ticket-cancelled': 409,
  'ticket-expired': 409,
  'ticket-consumed': 409,
  'ticket-confirmed': 409,
  'ticket-not-confirmed': 409,
  'ticket-not-scanned': 409,
  'ticket-taken': 409,
  'match-wrong': 403,
  'rate-limited': 429,
  replayed: 401,
  'key-unknown': 401,
  unauthenticated: 401,
  'too-many-tickets': 503,
  'wechat-unavailable': 503,
  'store-unavailable': 503,
}

export const callRules: Readonly<Record<string, CallRule>> = {
  // Where the machine is too busy to answer at all, a request comes in late, a timer fires late and an answer goes out late.
  'in time': ({ instance, start, end, waitMs }, { slowestPulse }) => {
    const beyondMs = end - start - waitMs
    const isLate = beyondMs > answerWithinMs && beyondMs > answerWithinMs + 3 * slowestPulse(instance, start, end)
    return isLate ? `the answer took ${Math.round(beyondMs)} ms beyond what was waited for` : undefined
  },

  'a known answer': ({ kind, answer }) => {
    if (answer === null) return undefined
    const [success, ...codes] = answers[kind]
    if (answer.status === success) return undefined
    if (!answer.isProblem) return `${answer.status} is no success and no problem`
    if (!codes.includes(answer.code ?? '')) return `${kind} was told ${answer.code}`
    if (statuses[answer.code ?? ''] !== answer.status) return `${answer.code} came with ${answer.status}`
    if (answer.status === 503 && !((answer.retryAfter ?? 0) >= 1)) return '503 without Retry-After'
    return undefined
  },

  'an answer': ({ answer, error, instance, start, end }, { faults }) => {
    if (answer !== null) return undefined
    const isDown = faults.some((fault) => /^instance/.test(fault.kind) && fault.instance === instance && fault.start <= end && fault.end + noticedWithinMs >= start)
    return isDown && error !== 'hang' && error !== 'SyntaxError' ? undefined : `no answer from an instance that was there: ${error}`
  },

  'a phone is not forgotten': (call, { isLostBetween, newerKeys }) =>
    call.answer?.code === 'key-unknown' && !isLostBetween(0, call.end) && newerKeys(call) < maxKeys ? 'a signing key was forgotten' : undefined,
}

/** Rules over several calls with one signature. */
export function * checkReplays ({ calls, isLostBetween }: Evidence): Iterable<Finding> {
  const bySignature = Map.groupBy(calls.filter(({ nonce }) => nonce !== null), ({ keyId, nonce }) => `${keyId} ${nonce}`)
  for (const same of bySignature.values()) {
    const refused: ReadonlySet<string | null> = new Set(['replayed', 'key-unknown'])
    const accepted = same.filter((call) => !isUnknown(call) && !refused.has(call.answer?.code ?? null))
    // What was used is forgotten with everything else, and a key that was read before may still be good for one answer.
    const isForgotten = isLostBetween(Math.min(...same.map(({ start }) => start)), Math.max(...same.map(({ end }) => end)))
    if (accepted.length > 1 && !isForgotten) yield ['the same signed request was accepted twice', ...accepted]
    for (const call of same) {
      const others = same.filter((other) => other !== call && other.start < call.end && other.answer?.code !== 'replayed')
      if (call.answer?.code === 'replayed' && others.length === 0) yield ['a request was called a replay that had not been made before', call]
    }
  }
}
