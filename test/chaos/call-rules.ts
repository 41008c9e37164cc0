/** Rules for every answer, whatever fails behind the service: in time, of a documented form, and with a code that this call may get. */
import type { CallKind, CallRecord } from './history.ts'
import { isUnknown, type Evidence } from './evidence.ts'
import { maxKeys } from '../../src/stores/phone-key-list.ts'
import type { Finding } from './ticket-rules.ts'

export type CallRule = (call: CallRecord, evidence: Evidence) => string | undefined

/** Every call is answered within 6 s, whatever fails behind the service. */
const answerWithinMs = 6_000
/** A client notices a cut connection a little later. */
const noticedWithinMs = 1_000

const onTicket = ['ticket-not-found', 'ticket-cancelled', 'ticket-expired', 'ticket-consumed', 'person-unknown', 'store-unavailable']
const signed = ['replayed', 'key-unknown', 'store-unavailable']

/** What each call of a well-behaved client may get by src/http/README.md, "API" and "Errors": the status of success, and the problem codes. */
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
  'person-unknown': 403,
  'rate-limited': 429,
  replayed: 401,
  'key-unknown': 401,
  unauthenticated: 401,
  'too-many-tickets': 503,
  'wechat-unavailable': 503,
  'store-unavailable': 503,
}

export const callRules: Readonly<Record<string, CallRule>> = {
  // On an overloaded machine requests arrive late, timers fire late and answers leave late: the slowest probe is the measure.
  'answers in time': ({ instance, start, end, waitMs }, { slowestProbe }) => {
    const beyondMs = end - start - waitMs
    const isLate = beyondMs > answerWithinMs && beyondMs > answerWithinMs + 3 * slowestProbe(instance, start, end)
    return isLate ? `the answer took ${Math.round(beyondMs)} ms beyond its hold` : undefined
  },

  'documented answers': ({ kind, answer }) => {
    if (answer === null) return undefined
    const [success, ...codes] = answers[kind]
    if (answer.status === success) return undefined
    if (!answer.isProblem) return `${answer.status} is neither success nor problem`
    if (!codes.includes(answer.code ?? '')) return `${kind} got ${answer.code}`
    if (statuses[answer.code ?? ''] !== answer.status) return `${answer.code} came with ${answer.status}`
    if (answer.status === 503 && !((answer.retryAfter ?? 0) >= 1)) return '503 without Retry-After'
    return undefined
  },

  'no missing answers': ({ answer, error, instance, start, end }, { faults }) => {
    if (answer !== null) return undefined
    const isDown = faults.some((fault) => /^instance/.test(fault.kind) && fault.instance === instance && fault.start <= end && fault.end + noticedWithinMs >= start)
    return isDown && error !== 'hang' && error !== 'SyntaxError' ? undefined : `no answer from a running instance: ${error}`
  },

  'no lost keys': (call, { isLostBetween, newerKeys }) =>
    call.answer?.code === 'key-unknown' && !isLostBetween(0, call.end) && newerKeys(call) < maxKeys ? 'a signing key was lost' : undefined,

  // When Redis is emptied between two reads of a call, the ticket may be there and its person no more.
  'no lost people': (call, { isLostBetween }) =>
    call.answer?.code === 'person-unknown' && !isLostBetween(0, call.end) ? 'the record of a person was lost' : undefined,
}

/** Rules over several calls with one signature. */
export function * checkReplays ({ calls, isLostBetween }: Evidence): Iterable<Finding> {
  const bySignature = Map.groupBy(calls.filter(({ nonce }) => nonce !== null), ({ keyId, nonce }) => `${keyId} ${nonce}`)
  for (const same of bySignature.values()) {
    const refused: ReadonlySet<string | null> = new Set(['replayed', 'key-unknown'])
    const accepted = same.filter((call) => !isUnknown(call) && !refused.has(call.answer?.code ?? null))
    // When Redis is emptied, used nonces are lost, too, and a key that was read before may still verify one call.
    const isForgotten = isLostBetween(Math.min(...same.map(({ start }) => start)), Math.max(...same.map(({ end }) => end)))
    if (accepted.length > 1 && !isForgotten) yield ['the same signed request was accepted twice', ...accepted]
    for (const call of same) {
      const others = same.filter((other) => other !== call && other.start < call.end && other.answer?.code !== 'replayed')
      if (call.answer?.code === 'replayed' && others.length === 0) yield ['a first request was refused as a replay', call]
    }
  }
}
