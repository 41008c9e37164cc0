/** A history sorted for the rules: by ticket, by person, by session. */
import type { CallKind, CallRecord, EndRecord, FaultRecord, HistoryRecord, RunRecord } from './history.ts'

export interface Evidence {
  readonly run: RunRecord
  readonly calls: readonly CallRecord[]
  readonly faults: readonly FaultRecord[]
  readonly ends: readonly EndRecord[]
  /** Tickets that a browser got, by id. */
  readonly tickets: ReadonlyMap<string, TicketEvidence>
  /** By cookie. */
  readonly sessions: ReadonlyMap<string, SessionEvidence>
  /** The `sub` of the person whose key signed a call, or null. */
  personOf (call: CallRecord): string | null
  /** How many keys the person may have got between the key that signed a call and the end of the call: each key beyond the limit ends the oldest. */
  newerKeys (call: CallRecord): number
  /** The slowest probe of an instance between two moments, in milliseconds. */
  slowestProbe (instance: number, from: number, to: number): number
  /** Whether Redis was emptied between two moments. */
  isLostBetween (from: number, to: number): boolean
}

export interface TicketEvidence {
  readonly id: string
  readonly created: CallRecord
  /** All calls with this ticket in their path. */
  readonly calls: readonly CallRecord[]
  /** The numbers on the screen; there should be one. */
  readonly numbers: ReadonlySet<string>
}

export interface SessionEvidence {
  readonly cookie: string
  readonly sids: ReadonlySet<string>
  readonly subs: ReadonlySet<string>
  /** The calls whose answers set this cookie. */
  readonly opened: readonly CallRecord[]
  readonly reads: readonly CallRecord[]
  /** Calls that should end it. */
  readonly ended: readonly CallRecord[]
}

/** Whether a call succeeded. */
export const isDone = ({ answer }: CallRecord): boolean => answer !== null && answer.status < 300

/** Whether the outcome of a call is unknown: no answer, or a 5xx. It may have taken effect, or take effect later. */
export const isUnknown = ({ answer }: CallRecord): boolean => answer === null || answer.status >= 500

export const mayBeDone = (call: CallRecord): boolean => isDone(call) || isUnknown(call)

/** Sorts a history. Throws if it has no record of its run. */
export const readEvidence = (records: readonly HistoryRecord[]): Evidence => {
  const run = records.find((record) => record.type === 'run')
  if (run === undefined) throw new Error('the history has no record of its run')
  const calls = records.filter((record) => record.type === 'call')
  const faults = records.filter((record) => record.type === 'fault')
  const people = new Map(calls.flatMap(({ answer }) => answer?.keyId && answer.sub ? [[answer.keyId, answer.sub] as const] : []))
  const logins = calls.filter(({ kind }) => kind === 'phone-login')
  const personOf: Evidence['personOf'] = ({ keyId }) => (keyId && people.get(keyId)) ?? null
  const probes = Map.groupBy(records.filter((record) => record.type === 'probe'), ({ instance }) => instance)
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
    slowestProbe: (instance, from, to) => Math.max(0, ...(probes.get(instance) ?? [])
      .filter(({ start, end }) => start <= to && end >= from).map(({ start, end }) => end - start)),
    isLostBetween: (from, to) => losses.some(({ start, end }) => start <= to && end >= from),
  }
}

const ticketsOf = (calls: readonly CallRecord[]): Map<string, TicketEvidence> => {
  const byTicket = Map.groupBy(calls, ({ ticket }) => ticket)
  return new Map(calls.filter(({ kind, answer }) => kind === 'create' && answer?.ticket != null).map((created) => {
    const id = created.answer?.ticket as string // filtered above
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
