/** Rules for each ticket: one path through the states, one person, one browser, one session, and a cause for each state. */
import type { CallRecord } from './history.ts'
import { isDone, mayBeDone, type Evidence, type TicketEvidence } from './evidence.ts'
import { finalStates, sightingOf, versionsOf, type Sighting } from './sightings.ts'

/** What is wrong, with the calls that prove it. */
export type Finding = readonly [complaint: string, ...calls: readonly CallRecord[]]
export type TicketRule = (ticket: TicketEvidence, evidence: Evidence) => Iterable<Finding>

const ofKind = (ticket: TicketEvidence, kind: CallRecord['kind']): CallRecord[] => ticket.calls.filter((call) => call.kind === kind)
const secretOf = (ticket: TicketEvidence): string | null => ticket.created.answer?.secret ?? null
const sightingsOf = (ticket: TicketEvidence): Sighting[] =>
  [ticket.created, ...ticket.calls].flatMap((call) => sightingOf(call) ?? [])
/** Calls that move a ticket, and that only the person who scanned may make. */
const phoneKinds: ReadonlySet<string> = new Set(['scan', 'confirm', 'cancel'])

const isOnly = (sighting: Sighting, states: ReadonlySet<string>): boolean => [...sighting.states].every((state) => states.has(state))
const past = (state: string): ReadonlySet<string> => new Set(['scanned', 'confirmed', 'consumed'].slice(['scanned', 'confirmed', 'consumed'].indexOf(state)))

/** Whether a call that may have caused what was seen began before that call ended. */
const hadCause = (ticket: TicketEvidence, { call }: Sighting, isCause: (other: CallRecord) => boolean): boolean =>
  ticket.calls.some((other) => other.start < call.end && isCause(other))

export const ticketRules: Readonly<Record<string, TicketRule>> = {
  'one session per ticket': function * (ticket) {
    const consumed = ofKind(ticket, 'consume').filter(isDone)
    for (const trait of ['sid', 'cookie', 'sub'] as const) {
      if (new Set(consumed.map(({ answer }) => answer?.[trait])).size > 1) yield [`two different ${trait}s came from one ticket`, ...consumed]
    }
  },

  'only the own browser': function * (ticket) {
    for (const call of ticket.calls) {
      if (!['poll', 'consume', 'give-up'].includes(call.kind) || call.secret === secretOf(ticket) || call.answer === null) continue
      if (call.answer.code !== 'ticket-not-found' && call.answer.status < 500) yield ['a foreign secret was accepted', call]
    }
  },

  'one person per ticket': function * (ticket, { personOf }) {
    const done = ticket.calls.filter((call) => phoneKinds.has(call.kind) && (isDone(call) || call.answer?.code === 'match-wrong'))
    if (new Set(done.map(personOf)).size > 1) yield ['two people succeeded with one ticket', ...done]
  },

  'only the person who confirmed': function * (ticket, { personOf }) {
    const by = (sub: string | null) => (call: CallRecord): boolean => personOf(call) === sub && mayBeDone(call)
    for (const consumed of ofKind(ticket, 'consume').filter(isDone)) {
      const { sub = null } = consumed.answer ?? {}
      const before = ticket.calls.filter((call) => call.start < consumed.end && by(sub)(call))
      if (!before.some(({ kind }) => kind === 'scan')) yield ['a person was logged in who had not scanned', consumed]
      if (!before.some(({ kind, matchCode }) => kind === 'confirm' && ticket.numbers.has(matchCode ?? ''))) {
        yield ['a person was logged in who had not confirmed with the number on the screen', consumed]
      }
      const others = ticket.calls.filter((call) => phoneKinds.has(call.kind) && isDone(call) && personOf(call) !== sub)
      if (others.length > 0) yield ['a person was logged in by calls of another person', consumed, ...others]
    }
  },

  'one number': function * (ticket) {
    if (ticket.numbers.size > 1) yield ['the number on the screen changed', ...ticket.calls.filter(({ answer }) => answer?.matchCode != null)]
    for (const call of ticket.calls) {
      if (call.answer?.matchCode != null && call.answer.state !== 'scanned') yield ['the number is shown in a state that has none', call]
    }
  },

  'states match versions': function * (ticket) {
    for (const { call } of sightingsOf(ticket)) {
      const { state = null, version = null } = call.answer ?? {}
      if (isDone(call) && state !== null && !versionsOf[state]?.includes(version ?? 0)) yield [`${state} can't be version ${version}`, call]
      const wanted = { scan: ['scanned', 'confirmed'], confirm: ['confirmed', 'consumed'], cancel: ['cancelled'] }[call.kind as string]
      if (isDone(call) && wanted !== undefined && !wanted.includes(state ?? '')) yield [`${call.kind} succeeded and left the ticket ${state}`, call]
    }
  },

  'never backwards': function * (ticket) {
    const sightings = sightingsOf(ticket)
    for (const before of sightings) {
      for (const after of sightings) {
        if (before.call.end >= after.call.start) continue
        if (after.maxVersion < before.minVersion) yield ['a version went back', before.call, after.call]
        else if (isOnly(before, finalStates) && ![...after.states].some((state) => finalStates.has(state))) yield ['a final state was left', before.call, after.call]
      }
    }
  },

  'one edge per version': function * (ticket) {
    const certain = sightingsOf(ticket).filter(({ states, minVersion, maxVersion }) => states.size === 1 && minVersion === maxVersion)
    const first = new Map<number, { readonly state: string, readonly call: CallRecord }>()
    for (const { states, minVersion, call } of certain) {
      const [state = ''] = states
      const known = first.get(minVersion)
      if (known === undefined) first.set(minVersion, { state, call })
      else if (known.state !== state) yield [`version ${minVersion} is ${known.state} in one answer and ${state} in another`, known.call, call]
    }
    // A ticket has one final state, and no version after it.
    const all = sightingsOf(ticket)
    const ends = all.filter(({ states }) => states.size === 1 && isOnly({ states } as Sighting, finalStates)) // reads the states only
    const [end] = ends
    if (end === undefined) return
    for (const other of ends) if (![...other.states].every((state) => end.states.has(state))) yield ['two final states of one ticket', end.call, other.call]
    const lastVersion = Math.min(...ends.map(({ maxVersion }) => maxVersion))
    for (const other of all) {
      if (other.minVersion > lastVersion) yield ['there was a version after the final one', end.call, other.call]
      else if (!isOnly(other, finalStates) && other.minVersion >= lastVersion) yield ['a state had the version of the final one', end.call, other.call]
    }
  },

  'no login after a refusal': function * (ticket, { personOf }) {
    const consumed = ofKind(ticket, 'consume')
    const owners = new Set(ticket.calls.filter((call) => call.kind === 'scan' && isDone(call)).map(personOf))
    for (const refusal of ticket.calls) {
      const isRefused = (refusal.kind === 'cancel' && isDone(refusal)) || (refusal.answer?.code === 'match-wrong' && owners.has(personOf(refusal)))
      // Giving up a ticket that is consumed already gets 204, too.
      const isGivenUp = refusal.kind === 'give-up' && isDone(refusal) && !consumed.some((call) => call.start < refusal.end && mayBeDone(call))
      const after = consumed.filter(isDone)
      if ((isRefused || isGivenUp) && after.length > 0) yield ['a ticket was consumed that had been refused', refusal, ...after]
    }
  },

  'a cause for each state': function * (ticket, evidence) {
    const { personOf, isLostBetween } = evidence
    // A scan that is stored before Redis is emptied, and then finds its person's record gone, is refused: its browser may have seen it.
    const mayBeScan = (call: CallRecord): boolean =>
      call.kind === 'scan' && (mayBeDone(call) || (call.answer?.code === 'person-unknown' && isLostBetween(call.start, call.end)))
    const isOwn = (call: CallRecord): boolean => call.secret === secretOf(ticket)
    for (const sighting of sightingsOf(ticket)) {
      const had = (isCause: (call: CallRecord) => boolean): boolean => hadCause(ticket, sighting, isCause)
      if (isOnly(sighting, past('scanned')) && !had(mayBeScan)) yield ['it was scanned without a scan', sighting.call]
      if (isOnly(sighting, past('confirmed'))) {
        const people = new Set(ticket.calls.filter((call) => call.kind === 'scan' && mayBeDone(call)).map(personOf))
        const isConfirm = (call: CallRecord): boolean =>
          call.kind === 'confirm' && mayBeDone(call) && ticket.numbers.has(call.matchCode ?? '') && people.has(personOf(call))
        if (!had(isConfirm)) yield ['it was confirmed without a confirm with the right number', sighting.call]
      }
      if (isOnly(sighting, past('consumed')) && !had((call) => call.kind === 'consume' && isOwn(call) && mayBeDone(call))) yield ['it was consumed without a consume of its browser', sighting.call]
      if (isOnly(sighting, new Set(['cancelled']))) {
        const isRefusal = (call: CallRecord): boolean =>
          ((call.kind === 'cancel' || (call.kind === 'give-up' && isOwn(call))) && mayBeDone(call)) ||
          (call.kind === 'confirm' && (call.answer?.code === 'match-wrong' || mayBeDone(call)) && !ticket.numbers.has(call.matchCode ?? ''))
        if (!had(isRefusal)) yield ['it was cancelled without a refusal', sighting.call]
      }
      if (isOnly(sighting, new Set(['expired'])) && sighting.call.end < ticket.created.start + evidence.run.ticketTtlMs) yield ['it expired before its time', sighting.call]
    }
  },

  'no lost tickets': function * (ticket, { run, isLostBetween }) {
    const mayEnd = (call: CallRecord): boolean => ['consume', 'cancel', 'give-up', 'confirm'].includes(call.kind)
    // A final ticket can be read for 60 s; a ticket that no call has ended ends when its time is up.
    const ends = [ticket.created.start + run.ticketTtlMs, ...ticket.calls.filter(mayEnd).map(({ start }) => start)]
    const removedFrom = Math.min(...ends) + 60_000
    for (const call of ticket.calls) {
      if (call.kind === 'code' || call.answer?.code !== 'ticket-not-found' || call.end >= removedFrom) continue
      const isForeign = call.secret !== null && call.secret !== secretOf(ticket)
      if (!isForeign && !isLostBetween(ticket.created.start, call.end)) yield ['an existing ticket was not found', call]
    }
  },
}
