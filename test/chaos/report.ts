/** A run as a table for people. */
import { isDone } from './evidence.ts'
import type { CallRecord, FaultRecord, HistoryRecord } from './history.ts'
import type { ChaosResult } from './run.ts'
import type { Violation } from './checker.ts'

/** A wake-up is measured only if no fault was this close before it or after it. */
const nearBeforeMs = 4_000
const nearAfterMs = 1_000
const shownViolations = 20

/** Returns the table for the end of a run. */
export const reportOf = ({ records, violations, injected, durationMs, file }: ChaosResult): string => {
  const calls = records.filter((record) => record.type === 'call')
  const wakeUps = wakeUpsOf(records)
  const ends = records.filter((record) => record.type === 'end')
  const lines: [string, string | number][] = [
    ['browsers', counts(ends, ({ how }) => how)],
    ['calls', calls.length],
    ['calls by kind', counts(calls, ({ kind }) => kind)],
    ['refusals and failures', counts(calls.filter((call) => !isDone(call)), ({ answer, error }) => answer === null ? `no answer (${error})` : answer.code ?? String(answer.status))],
    ['faults', Object.entries(injected).map(([kind, n]) => `${n} × ${kind}`).sort().join(', ')],
    ['longest answer', `${Math.round(longest(calls))} ms beyond its hold`],
    ['the machine at its busiest', `${Math.round(slowestProbe(records))} ms for a call that needs neither store nor WeChat`],
    ['wake-ups without a fault near', `${wakeUps.length}, p50 ${percentile(wakeUps, 0.5)} ms, p99 ${percentile(wakeUps, 0.99)} ms`],
    ['duration', `${Math.round(durationMs / 1000)} s`],
    ['violations', violations.length],
  ]
  const table = lines.map(([name, value]) => `${name.padEnd(30)} ${value}`).join('\n')
  return violations.length === 0 ? table : `${table}\n${violationLines(violations)}\nhistory: ${file}`
}

/** Returns the first violations, each with the calls that prove it. */
export const violationLines = (violations: readonly Violation[]): string => violations.slice(0, shownViolations).map(({ rule, complaint, calls }) =>
  [`✗ ${rule}: ${complaint}`, ...calls.slice(0, 6).map((call) => `    ${JSON.stringify(call)}`)].join('\n')).join('\n')

const counts = <T>(items: readonly T[], nameOf: (item: T) => string): string =>
  [...Map.groupBy(items, nameOf)].map(([name, { length }]) => ({ name, length })).sort((a, b) => b.length - a.length)
    .map(({ name, length }) => `${length} ${name}`).join(', ')

const longest = (calls: readonly CallRecord[]): number => calls.reduce((max, { start, end, waitMs }) => Math.max(max, end - start - waitMs), 0)

const slowestProbe = (records: readonly HistoryRecord[]): number =>
  records.reduce((max, record) => record.type === 'probe' ? Math.max(max, record.end - record.start) : max, 0)

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}

/** Returns the times from the answer of a confirm to the answer of the poll that was held meanwhile; 0 if the poll was first. */
const wakeUpsOf = (records: readonly HistoryRecord[]): number[] => {
  const faults = records.filter((record) => record.type === 'fault')
  const byTicket = Map.groupBy(records.filter((record) => record.type === 'call'), ({ ticket }) => ticket)
  return [...byTicket.values()].flatMap((calls) => {
    const confirm = calls.find((call) => call.kind === 'confirm' && isDone(call))
    const poll = calls.find(({ kind, answer }) => kind === 'poll' && answer?.state === 'confirmed')
    if (confirm === undefined || poll === undefined || poll.start > confirm.start || isNear(faults, confirm.start, poll.end)) return []
    return Math.max(0, poll.end - confirm.end)
  })
}

const isNear = (faults: readonly FaultRecord[], from: number, to: number): boolean =>
  faults.some(({ start, end }) => start - nearAfterMs < to && end + nearBeforeMs > from)
