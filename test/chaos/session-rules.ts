/** Owns what must hold for each session: it is one person's, it lasts until it is ended, and then it is over everywhere. */
import type { CallRecord } from './history.ts'
import { isDone, mayBeDone, type Evidence, type SessionEvidence } from './evidence.ts'
import type { Finding } from './ticket-rules.ts'

export type SessionRule = (session: SessionEvidence, evidence: Evidence) => Iterable<Finding>

const isDead = ({ answer }: CallRecord): boolean => answer?.code === 'unauthenticated'

/** Calls to end it by whoever may: its cookie, or its person. */
const byItsOwn = ({ ended, subs }: SessionEvidence, { personOf }: Evidence): CallRecord[] =>
  ended.filter((call) => call.kind === 'log-out' || subs.has(personOf(call) ?? ''))

export const sessionRules: Readonly<Record<string, SessionRule>> = {
  'one ticket': function * ({ opened }) {
    if (new Set(opened.map(({ ticket }) => ticket)).size > 1) yield ['one session came from two tickets', ...opened]
  },

  'same person': function * ({ sids, subs, reads }) {
    for (const read of reads.filter(isDone)) {
      if (!subs.has(read.answer?.sub ?? '') || !sids.has(read.answer?.sid ?? '')) yield ['a session is another person\'s, or another session', read]
    }
  },

  'nobody else\'s': function * (session, evidence) {
    const own = byItsOwn(session, evidence)
    for (const call of session.ended) if (isDone(call) && !own.includes(call)) yield ['a session was ended by another person', call]
  },

  'over is over': function * (session, evidence) {
    const { opened, reads } = session
    const { isLostBetween } = evidence
    const ended = byItsOwn(session, evidence)
    // A consume that has seen its ticket before Redis was emptied, and opens the session after: what it would have met there is gone.
    if (opened.some(({ start, end }) => isLostBetween(start, end))) return
    // Not found is what a second try is told, when the first had done it and its answer got lost.
    const over = [...ended.filter((call) => isDone(call) || call.answer?.code === 'not-found'), ...reads.filter(isDead)]
    for (const end of over) {
      for (const later of [...reads, ...opened]) {
        if (later.start > end.end && isDone(later)) yield ['a session was good after its end', end, later]
      }
    }
  },

  'not over by itself': function * (session, evidence) {
    const { opened, reads } = session
    const { isLostBetween } = evidence
    const ended = byItsOwn(session, evidence)
    const [first] = opened
    if (first === undefined) return
    const hadEnded = (call: CallRecord): boolean => ended.some((end) => end !== call && end.start < call.end && mayBeDone(end)) || isLostBetween(first.start, call.end)
    for (const read of reads) if (isDead(read) && read.start > first.end && !hadEnded(read)) yield ['a session was over, and nobody had ended it', read]
    for (const end of ended) if (['not-found', 'unauthenticated'].includes(end.answer?.code ?? '') && !hadEnded(end)) yield ['a session could not be ended, as if it were not there', end]
  },
}
