/** Rules for each session: it belongs to one person, lasts until a call ends it, and is then ended at every instance. */
import type { CallRecord } from './history.ts'
import { isDone, mayBeDone, type Evidence, type SessionEvidence } from './evidence.ts'
import type { Finding } from './ticket-rules.ts'

export type SessionRule = (session: SessionEvidence, evidence: Evidence) => Iterable<Finding>

const isEnded = ({ answer }: CallRecord): boolean => answer?.code === 'unauthenticated'

/** Calls to end the session from its own browser or person. */
const allowedEnds = ({ ended, subs }: SessionEvidence, { personOf }: Evidence): CallRecord[] =>
  ended.filter((call) => call.kind === 'log-out' || subs.has(personOf(call) ?? ''))

export const sessionRules: Readonly<Record<string, SessionRule>> = {
  'one ticket per session': function * ({ opened }) {
    if (new Set(opened.map(({ ticket }) => ticket)).size > 1) yield ['one session came from two tickets', ...opened]
  },

  'sessions keep their person': function * ({ sids, subs, reads }) {
    for (const read of reads.filter(isDone)) {
      if (!subs.has(read.answer?.sub ?? '') || !sids.has(read.answer?.sid ?? '')) yield ['a cookie belongs to another person or session', read]
    }
  },

  'sessions end by their person only': function * (session, evidence) {
    const own = allowedEnds(session, evidence)
    for (const call of session.ended) if (isDone(call) && !own.includes(call)) yield ['a session was ended by another person', call]
  },

  'ended sessions stay ended': function * (session, evidence) {
    const { opened, reads } = session
    const { isLostBetween } = evidence
    const ended = allowedEnds(session, evidence)
    // Not if a consume read its ticket before Redis was emptied, and opened the session after: the record of an end is gone.
    if (opened.some(({ start, end }) => isLostBetween(start, end))) return
    // A second try gets not-found if the first succeeded and its answer was lost.
    const over = [...ended.filter((call) => isDone(call) || call.answer?.code === 'not-found'), ...reads.filter(isEnded)]
    for (const end of over) {
      for (const later of [...reads, ...opened]) {
        if (later.start > end.end && isDone(later)) yield ['a session was valid after its end', end, later]
      }
    }
  },

  'sessions end by a call only': function * (session, evidence) {
    const { opened, reads } = session
    const { isLostBetween } = evidence
    const ended = allowedEnds(session, evidence)
    const [first] = opened
    if (first === undefined) return
    const hadEnded = (call: CallRecord): boolean => ended.some((end) => end !== call && end.start < call.end && mayBeDone(end)) || isLostBetween(first.start, call.end)
    for (const read of reads) if (isEnded(read) && read.start > first.end && !hadEnded(read)) yield ['a session ended without a call', read]
    for (const end of ended) if (['not-found', 'unauthenticated'].includes(end.answer?.code ?? '') && !hadEnded(end)) yield ['an existing session could not be ended', end]
  },
}
