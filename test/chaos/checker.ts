/** Finds everything in a history that must not have happened. A pure function that knows only what src/http/README.md promises: it never calls the service. */
import { callRules, checkReplays } from './call-rules.ts'
import type { CallRecord, EndRecord, HistoryRecord } from './history.ts'
import { isDone, readEvidence, type Evidence } from './evidence.ts'
import { sessionRules } from './session-rules.ts'
import { ticketRules, type Finding } from './ticket-rules.ts'

export interface Violation {
  readonly rule: string
  readonly complaint: string
  /** The calls that prove it. */
  readonly calls: readonly CallRecord[]
}

/** Returns the violations in a history. */
export const check = (records: readonly HistoryRecord[]): readonly Violation[] => {
  const evidence = readEvidence(records)
  const violations: Violation[] = []
  const report = (rule: string, findings: Iterable<Finding>): void => {
    for (const [complaint, ...calls] of findings) violations.push({ rule, complaint, calls })
  }
  for (const [rule, holds] of Object.entries(callRules)) {
    for (const call of evidence.calls) {
      const complaint = holds(call, evidence)
      if (complaint !== undefined) report(rule, [[complaint, call]])
    }
  }
  report('no replays', checkReplays(evidence))
  for (const [rule, find] of Object.entries(ticketRules)) for (const ticket of evidence.tickets.values()) report(rule, find(ticket, evidence))
  for (const [rule, find] of Object.entries(sessionRules)) for (const session of evidence.sessions.values()) report(rule, find(session, evidence))
  report('a result for each browser', checkEnds(evidence))
  return violations
}

/** Every browser is logged in or shows a fresh code, proved by an answer that came after all faults. */
function * checkEnds (evidence: Evidence): Iterable<Finding> {
  const { ends, run, faults, calls, tickets, sessions } = evidence
  const browsers = new Set(ends.map(({ actor }) => actor))
  if (browsers.size !== run.browsers) yield [`${browsers.size} of ${run.browsers} browsers have a result`]
  const over = Math.max(0, ...faults.map(({ end }) => end))
  const byActor = Map.groupBy(calls.filter(({ start }) => start >= over), ({ actor }) => actor)
  for (const end of ends) {
    const last = (byActor.get(end.actor) ?? []).filter((call) => proves[end.how](call, end)).at(-1)
    if (last === undefined) yield [`${end.actor} claims to have ended ${end.how}, and no answer proves it`]
    else if (end.how === 'fresh' && last.secret !== tickets.get(end.ticket ?? '')?.created.answer?.secret) yield [`${end.actor} shows a code that is not its own`, last]
    else if (end.how === 'signed-out' && sessions.get(end.cookie ?? '')?.ended.length === 0) yield [`${end.actor} is logged out without a call`, last]
  }
}

const proves: Readonly<Record<EndRecord['how'], (call: CallRecord, end: EndRecord) => boolean>> = {
  'logged-in': (call, { cookie }) => call.kind === 'session' && call.cookie === cookie && isDone(call),
  'signed-out': (call, { cookie }) => call.kind === 'session' && call.cookie === cookie && call.answer?.code === 'unauthenticated',
  fresh: (call, { ticket }) => call.kind === 'poll' && call.ticket === ticket && isDone(call) && call.answer?.state === 'pending',
}
