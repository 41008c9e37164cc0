/** Owns what must hold for each ticket: one way through the states, one person, one browser, one session, and a cause for everything. */
import type { CallRecord } from './history.ts'
import { isDone, mayBeDone, type Evidence, type TicketEvidence } from './evidence.ts'
import { finalStates, sightingOf, versionsOf, type Sighting } from './sightings.ts'

/** A rule says what is wrong, with the calls that show it. */
export type Finding = readonly [complaint: string, ...calls: readonly CallRecord[]]
export type TicketRule = (ticket: TicketEvidence, evidence: Evidence) => Iterable<Finding>

const ofKind = (ticket: TicketEvidence, kind: CallRecord['kind']): CallRecord[] => ticket.calls.filter((call) => call.kind === kind)
const secretOf = (ticket: TicketEvidence): string | null => ticket.created.answer?.secret ?? null
const sightingsOf = (ticket: TicketEvidence): Sighting[] =>
  [ticket.created, ...ticket.calls].flatMap((call) => sightingOf(call) ?? [])
/** Calls by which the person who scanned, and nobody else, could have brought the ticket on. */
const phoneKinds: ReadonlySet<string> = new Set(['scan', 'confirm', 'cancel'])

const isOnly = (sighting: Sighting, states: ReadonlySet<string>): boolean => [...sighting.states].every((state) => states.has(state))
const past = (state: string): ReadonlySet<string> => new Set(['scanned', 'confirmed', 'consumed'].slice(['scanned', 'confirmed', 'consumed'].indexOf(state)))

/** The causes that a sighting needs: each a kind of call, begun before the sighting was over, that may have done it. */
const hadCause = (ticket: TicketEvidence, { call }: Sighting, isCause: (other: CallRecord) => boolean): boolean =>
  ticket.calls.some((other) => other.start < call.end && isCause(other))

export const ticketRules: Readonly<Record<string, TicketRule>> = {
  'one session': function * (ticket) {
    const consumed = ofKind(ticket, 'consume').filter(isDone)
    for (const trait of ['sid', 'cookie', 'sub'] as const) {
      if (new Set(consumed.map(({ answer }) => answer?.[trait])).size > 1) yield [`two different ${trait}s came from one ticket`, ...consumed]
    }
  },

  'right browser': function * (ticket) {
    for (const call of ticket.calls) {
      if (!['poll', 'consume', 'give-up'].includes(call.kind) || call.secret === secretOf(ticket) || call.answer === null) continue
      if (call.answer.code !== 'ticket-not-found' && call.answer.status < 500) yield ['a foreign secret was answered like a right one', call]
    }
  },

  'one person': function * (ticket, { personOf }) {
    const done = ticket.calls.filter((call) => phoneKinds.has(call.kind) && (isDone(call) || call.answer?.code === 'match-wrong'))
    if (new Set(done.map(personOf)).size > 1) yield ['two people got their way with one ticket', ...done]
  },

  'right person': function * (ticket, { personOf }) {
    const by = (sub: string | null) => (call: CallRecord): boolean => personOf(call) === sub && mayBeDone(call)
    for (const consumed of ofKind(ticket, 'consume').filter(isDone)) {
      const { sub = null } = consumed.answer ?? {}
      const before = ticket.calls.filter((call) => call.start < consumed.end && by(sub)(call))
      if (!before.some(({ kind }) => kind === 'scan')) yield ['somebody was logged in who had not scanned', consumed]
      if (!before.some(({ kind, matchCode }) => kind === 'confirm' && ticket.numbers.has(matchCode ?? ''))) {
        yield ['somebody was logged in who had not confirmed with the number on the screen', consumed]
      }
      const others = ticket.calls.filter((call) => phoneKinds.has(call.kind) && isDone(call) && personOf(call) !== sub)
      if (others.length > 0) yield ['somebody was logged in by what another person did', consumed, ...others]
    }
  },

  'one number': function * (ticket) {
    if (ticket.numbers.size > 1) yield ['the number on the screen changed', ...ticket.calls.filter(({ answer }) => answer?.matchCode != null)]
    for (const call of ticket.calls) {
      if (call.answer?.matchCode != null && call.answer.state !== 'scanned') yield ['the number is shown in a state that has none', call]
    }
  },

  'state and version': function * (ticket) {
    for (const { call } of sightingsOf(ticket)) {
      const { state = null, version = null } = call.answer ?? {}
      if (isDone(call) && state !== null && !versionsOf[state]?.includes(version ?? 0)) yield [`${state} can't be version ${version}`, call]
      const wanted = { scan: ['scanned', 'confirmed'], confirm: ['confirmed', 'consumed'], cancel: ['cancelled'] }[call.kind as string]
      if (isDone(call) && wanted !== undefined && !wanted.includes(state ?? '')) yield [`${call.kind} succeeded and left the ticket ${state}`, call]
    }
  },

  'never back': function * (ticket) {
    const sightings = sightingsOf(ticket)
    for (const before of sightings) {
      for (const after of sightings) {
        if (before.call.end >= after.call.start) continue
        if (after.maxVersion < before.minVersion) yield ['a version went back', before.call, after.call]
        else if (isOnly(before, finalStates) && ![...after.states].some((state) => finalStates.has(state))) yield ['a final state was left', before.call, after.call]
      }
    }
  },

  'one edge each': function * (ticket) {
    const certain = sightingsOf(ticket).filter(({ states, minVersion, maxVersion }) => states.size === 1 && minVersion === maxVersion)
    const first = new Map<number, { readonly state: string, readonly call: CallRecord }>()
    for (const { states, minVersion, call } of certain) {
      const [state = ''] = states
      const known = first.get(minVersion)
      if (known === undefined) first.set(minVersion, { state, call })
      else if (known.state !== state) yield [`version ${minVersion} is ${known.state} to one and ${state} to another`, known.call, call]
    }
    // Whatever the version: nothing is beyond a final state, and there is one final state.
    const all = sightingsOf(ticket)
    const ends = all.filter(({ states }) => states.size === 1 && isOnly({ states } as Sighting, finalStates)) // looks at the states alone
    const [end] = ends
    if (end === undefined) return
    for (const other of ends) if (![...other.states].every((state) => end.states.has(state))) yield ['two final states of one ticket', end.call, other.call]
    const lastVersion = Math.min(...ends.map(({ maxVersion }) => maxVersion))
    for (const other of all) {
      if (other.minVersion > lastVersion) yield ['something came after the end', end.call, other.call]
      else if (!isOnly(other, finalStates) && other.minVersion >= lastVersion) yield ['a state came in the place of the end', end.call, other.call]
    }
  },

  'nothing after no': function * (ticket, { personOf }) {
    const consumed = ofKind(ticket, 'consume')
    const owners = new Set(ticket.calls.filter((call) => call.kind === 'scan' && isDone(call)).map(personOf))
    for (const no of ticket.calls) {
      const isNo = (no.kind === 'cancel' && isDone(no)) || (no.answer?.code === 'match-wrong' && owners.has(personOf(no)))
      // Whoever gives up a ticket that is consumed already is told 204 too.
      const isGivenUp = no.kind === 'give-up' && isDone(no) && !consumed.some((call) => call.start < no.end && mayBeDone(call))
      const after = consumed.filter(isDone)
      if ((isNo || isGivenUp) && after.length > 0) yield ['a ticket was consumed to which somebody had said no', no, ...after]
    }
  },

  'a cause for everything': function * (ticket, evidence) {
    const { personOf } = evidence
    const isOwn = (call: CallRecord): boolean => call.secret === secretOf(ticket)
    for (const sighting of sightingsOf(ticket)) {
      const had = (isCause: (call: CallRecord) => boolean): boolean => hadCause(ticket, sighting, isCause)
      if (isOnly(sighting, past('scanned')) && !had((call) => call.kind === 'scan' && mayBeDone(call))) yield ['it was scanned, and nobody had scanned', sighting.call]
      if (isOnly(sighting, past('confirmed'))) {
        const people = new Set(ticket.calls.filter((call) => call.kind === 'scan' && mayBeDone(call)).map(personOf))
        const isConfirm = (call: CallRecord): boolean =>
          call.kind === 'confirm' && mayBeDone(call) && ticket.numbers.has(call.matchCode ?? '') && people.has(personOf(call))
        if (!had(isConfirm)) yield ['it was confirmed, and nobody had confirmed with the right number', sighting.call]
      }
      if (isOnly(sighting, past('consumed')) && !had((call) => call.kind === 'consume' && isOwn(call) && mayBeDone(call))) yield ['it was consumed, and its browser had not asked', sighting.call]
      if (isOnly(sighting, new Set(['cancelled']))) {
        const isNo = (call: CallRecord): boolean =>
          ((call.kind === 'cancel' || (call.kind === 'give-up' && isOwn(call))) && mayBeDone(call)) ||
          (call.kind === 'confirm' && (call.answer?.code === 'match-wrong' || mayBeDone(call)) && !ticket.numbers.has(call.matchCode ?? ''))
        if (!had(isNo)) yield ['it was cancelled, and nobody had said no', sighting.call]
      }
      if (isOnly(sighting, new Set(['expired'])) && sighting.call.end < ticket.created.start + evidence.run.ticketTtlMs) yield ['it expired before its time', sighting.call]
    }
  },

  'a ticket is not lost': function * (ticket, { run, isLostBetween }) {
    const mayEnd = (call: CallRecord): boolean => ['consume', 'cancel', 'give-up', 'confirm'].includes(call.kind)
    // A final ticket can be read for 60 s; one that nobody has ended ends with its time.
    const ends = [ticket.created.start + run.ticketTtlMs, ...ticket.calls.filter(mayEnd).map(({ start }) => start)]
    const forgottenFrom = Math.min(...ends) + 60_000
    for (const call of ticket.calls) {
      if (call.kind === 'code' || call.answer?.code !== 'ticket-not-found' || call.end >= forgottenFrom) continue
      const isForeign = call.secret !== null && call.secret !== secretOf(ticket)
      if (!isForeign && !isLostBetween(ticket.created.start, call.end)) yield ['a ticket that was there was not found', call]
    }
  },
}
