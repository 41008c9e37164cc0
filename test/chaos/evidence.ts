/** Owns a history in the order in which it is judged: by ticket, by person, by session. Says what was seen, and not whether it was right. */
import type { CallKind, CallRecord, EndRecord, FaultRecord, HistoryRecord, RunRecord } from './history.ts'

export interface Evidence {
  readonly run: RunRecord
  readonly calls: readonly CallRecord[]
  readonly faults: readonly FaultRecord[]
  readonly ends: readonly EndRecord[]
  /** Those that a browser was given. */
  readonly tickets: ReadonlyMap<string, TicketEvidence>
  /** By cookie. */
  readonly sessions: ReadonlyMap<string, SessionEvidence>
  /** The person whose key signed a call, or null. */
  personOf (call: CallRecord): string | null
  /** How many keys the person of a call may have been given since the key that signed it, by the end of the call: the newest push the oldest out. */
  newerKeys (call: CallRecord): number
  /** How long an answer that needs nothing took at an instance at worst, between two moments. Milliseconds. */
  slowestPulse (instance: number, from: number, to: number): number
  /** Whether all that Redis knew was lost between two moments: what it had acknowledged, too. */
  isLostBetween (from: number, to: number): boolean
}

export interface TicketEvidence {
  readonly id: string
  readonly created: CallRecord
  /** All calls with this ticket in their path. */
  readonly calls: readonly CallRecord[]
  /** What stood on the screen; there should be one. */
  readonly numbers: ReadonlySet<string>
}

export interface SessionEvidence {
  readonly cookie: string
  readonly sids: ReadonlySet<string>
  readonly subs: ReadonlySet<string>
  /** The calls that gave this cookie. */
  readonly opened: readonly CallRecord[]
  readonly reads: readonly CallRecord[]
  /** Calls that were to end it. */
  readonly ended: readonly CallRecord[]
}

/** Tells whether a call did what it was to do. */
export const isDone = ({ answer }: CallRecord): boolean => answer !== null && answer.status < 300

/** Tells whether nobody knows: no answer, or a fault. What it was to do may be done, and be done later still. */
export const isUnknown = ({ answer }: CallRecord): boolean => answer === null || answer.status >= 500

export const mayBeDone = (call: CallRecord): boolean => isDone(call) || isUnknown(call)

/** Sorts a history. Throws where it says nothing of its run. */
export const readEvidence = (records: readonly HistoryRecord[]): Evidence => {
  const run = records.find((record) => record.type === 'run')
  if (run === undefined) throw new Error('the history says nothing of its run')
  const calls = records.filter((record) => record.type === 'call')
  const faults = records.filter((record) => record.type === 'fault')
  const people = new Map(calls.flatMap(({ answer }) => answer?.keyId && answer.sub ? [[answer.keyId, answer.sub] as const] : []))
  const logins = calls.filter(({ kind }) => kind === 'phone-login')
  const personOf: Evidence['personOf'] = ({ keyId }) => (keyId && people.get(keyId)) ?? null
  const pulses = Map.groupBy(records.filter((record) => record.type === 'pulse'), ({ instance }) => instance)
  const losses = faults.filter(({ kind }) => kind === 'redis emptied')
  return {
    run,
    calls,
    faults,
    ends: records.filter((record) => record.type === 'end'),
    tickets: ticketsOf(calls),
    sessions: sessionsOf(calls),
    personOf,
    newerKeys: (call) => {
      const issued = logins.find(({ answer }) => answer?.keyId != null && answer.keyId === call.keyId)
      return logins.filter((login) => login.end > (issued?.start ?? 0) && login.start < call.end && login !== issued &&
        (login.answer?.sub === personOf(call) || isUnknown(login))).length
    },
    slowestPulse: (instance, from, to) => Math.max(0, ...(pulses.get(instance) ?? [])
      .filter(({ start, end }) => start <= to && end >= from).map(({ start, end }) => end - start)),
    isLostBetween: (from, to) => losses.some(({ start, end }) => start <= to && end >= from),
  }
}

const ticketsOf = (calls: readonly CallRecord[]): Map<string, TicketEvidence> => {
  const byTicket = Map.groupBy(calls, ({ ticket }) => ticket)
  return new Map(calls.filter(({ kind, answer }) => kind === 'create' && answer?.ticket != null).map((created) => {
    const id = created.answer?.ticket as string // it was looked at just now
    const ofTicket = byTicket.get(id) ?? []
    return [id, { id, created, calls: ofTicket, numbers: new Set(ofTicket.flatMap(({ answer }) => answer?.matchCode ?? [])) }]
  }))
}

const sessionsOf = (calls: readonly CallRecord[]): Map<string, SessionEvidence> => {
  const opened = Map.groupBy(calls.filter((call) => call.kind === 'consume' && isDone(call)), ({ answer }) => answer?.cookie ?? '')
  const ofKind = (...kinds: readonly CallKind[]) => calls.filter(({ kind }) => kinds.includes(kind))
  const reads = Map.groupBy(ofKind('session'), ({ cookie }) => cookie)
  const loggedOut = Map.groupBy(ofKind('log-out'), ({ cookie }) => cookie)
  const signedOut = Map.groupBy(ofKind('sign-out'), ({ sid }) => sid)
  return new Map([...opened].map(([cookie, consumed]) => {
    const sids = new Set(consumed.flatMap(({ answer }) => answer?.sid ?? []))
    return [cookie, {
      cookie,
      sids,
      subs: new Set(consumed.flatMap(({ answer }) => answer?.sub ?? [])),
      opened: consumed,
      reads: reads.get(cookie) ?? [],
      ended: [...loggedOut.get(cookie) ?? [], ...[...sids].flatMap((sid) => signedOut.get(sid) ?? [])],
    }]
  }))
}
