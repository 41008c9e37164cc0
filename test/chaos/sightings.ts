/** What each answer, refusals too, says about a ticket's state. */
import type { CallRecord } from './history.ts'
import { isDone } from './evidence.ts'

/** At some moment between the start and the end of the call the ticket had one of these states and versions. */
export interface Sighting {
  readonly call: CallRecord
  readonly states: ReadonlySet<string>
  readonly minVersion: number
  readonly maxVersion: number
}

export const finalStates: ReadonlySet<string> = new Set(['consumed', 'cancelled', 'expired'])

/** The possible versions of each state. */
export const versionsOf: Readonly<Record<string, readonly number[]>> = {
  pending: [1],
  scanned: [2],
  confirmed: [3],
  consumed: [4],
  cancelled: [2, 3],
  expired: [2, 3, 4],
}

/** The possible states after a refusal. */
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

const bySuccess: Readonly<Record<string, readonly string[]>> = {
  consume: ['consumed'],
  'give-up': ['consumed', 'cancelled', 'expired'],
}

/** Returns what a call says about the state; undefined for nothing. */
export const sightingOf = (call: CallRecord): Sighting | undefined => {
  const { answer, kind } = call
  if (answer === null) return undefined
  const states = isDone(call) ? (answer.state === null ? bySuccess[kind] : [answer.state]) : byCode[answer.code ?? '']
  if (states === undefined) return undefined
  const versions = isDone(call) && answer.version !== null ? [answer.version] : states.flatMap((state) => versionsOf[state] ?? [])
  return { call, states: new Set(states), minVersion: Math.min(...versions), maxVersion: Math.max(...versions) }
}
