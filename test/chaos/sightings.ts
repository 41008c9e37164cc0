/** Owns what each answer says about a ticket's state, an answer that refuses among them, from CONTRACT alone. */
import type { CallRecord } from './history.ts'
import { isDone } from './evidence.ts'

/** At some moment between start and end the ticket was in one of these states, with one of these versions. */
export interface Sighting {
  readonly call: CallRecord
  readonly states: ReadonlySet<string>
  readonly minVersion: number
  readonly maxVersion: number
}

export const finalStates: ReadonlySet<string> = new Set(['consumed', 'cancelled', 'expired'])

/** Which versions a state can have. */
export const versionsOf: Readonly<Record<string, readonly number[]>> = {
  pending: [1],
  scanned: [2],
  confirmed: [3],
  consumed: [4],
  cancelled: [2, 3],
  expired: [2, 3, 4],
}

/** What a refusal gives away. */
const byCode: Readonly<Record<string, readonly string[]>> = {
  'ticket-not-scanned': ['pending'],
  'ticket-not-confirmed': ['pending', 'scanned'],
  'ticket-taken': ['scanned', 'confirmed'],
  'ticket-confirmed': ['confirmed'],
  'ticket-consumed': ['consumed'],
  'ticket-cancelled': ['cancelled'],
  'ticket-expired': ['expired'],
  'match-wrong': ['cancelled'],
}

const byDeed: Readonly<Record<string, readonly string[]>> = {
  consume: ['consumed'],
  'give-up': ['consumed', 'cancelled', 'expired'],
}

/** What a call saw; undefined where it says nothing of the state. */
export const sightingOf = (call: CallRecord): Sighting | undefined => {
  const { answer, kind } = call
  if (answer === null) return undefined
  const states = isDone(call) ? (answer.state === null ? byDeed[kind] : [answer.state]) : byCode[answer.code ?? '']
  if (states === undefined) return undefined
  const versions = isDone(call) && answer.version !== null ? [answer.version] : states.flatMap((state) => versionsOf[state] ?? [])
  return { call, states: new Set(states), minVersion: Math.min(...versions), maxVersion: Math.max(...versions) }
}
