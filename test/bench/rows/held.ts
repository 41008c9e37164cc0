/** Logins while 10,000 others wait, and what each of those costs in memory. */
import { seededFraction } from '../../support/seeded-random.ts'
import { createTickets, heldWithinLimits, holdPolls, holdWebSockets, type Held } from '../load/hold.ts'
import { openLoop } from '../load/loops.ts'
import type { MeasuredProcess } from '../measured-process.ts'
import { createSamples, type Measurement, type Row, type Unit } from '../row.ts'
import type { Sizes } from '../sizes.ts'
import { percentile } from '../statistics.ts'
import type { Rival, Subjects } from '../subjects.ts'
import type { Way } from '../ways/way.ts'
import { withScope } from '../with-scope.ts'

const kib = 1024
const longestPauseMs = 800
const service = 'service'
/** The device flow and short polling hold nothing. */
const holding: readonly Rival[] = ['node:http', 'Fastify', 'WebSocket']

export const measureHeld = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()
  const count = heldWithinLimits(sizes.held)

  const measure = async (name: string, process: MeasuredProcess, way: Way, prepare: () => Promise<() => Promise<Held>>): Promise<void> => {
    const warmUp = () => openLoop({ perSecond: sizes.perSecond, seconds: 2, work: () => way.logIn({ isNewcomer: true }) })
    await warmUp()
    const hold = await prepare()
    const before = await process.usage({ afterCollection: true })
    const held = await hold()
    const after = await process.usage({ afterCollection: true })
    samples.add(`${name} heap`, (after.heapBytes - before.heapBytes) / count / kib)
    samples.add(`${name} resident`, (after.residentBytes - before.residentBytes) / count / kib)
    const times = await openLoop({
      perSecond: sizes.perSecond,
      seconds: sizes.seconds,
      work: () => way.logIn({ beforeScanMs: seededFraction() * longestPauseMs, beforeTapMs: seededFraction() * longestPauseMs }),
    })
    const delays = times.map(({ tapToPageMs }) => tapToPageMs)
    samples.add(`${name} p50`, percentile(delays, 0.5))
    samples.add(`${name} p99`, percentile(delays, 0.99))
    held.release()
    way.close()
  }

  /** Tickets are made before memory is read: only what waiting costs is counted. */
  const longPolls = (process: MeasuredProcess) => async () => {
    const tickets = await createTickets(process, count)
    return () => holdPolls(process, tickets)
  }

  const row = (name: string, unit: Unit, figure: string, goal?: Omit<NonNullable<Row['goal']>, 'baseline'>): Row => ({
    name,
    unit,
    figures: samples.of(`${service} ${figure}`),
    rivals: Object.fromEntries(holding.map((rival) => [rival, samples.of(`${rival} ${figure}`)])),
    ...(goal !== undefined && { goal: { ...goal, baseline: { name: 'node:http', figures: samples.of(`node:http ${figure}`) } } }),
  })

  return {
    samples,
    measure: async () => {
      await withScope(async (scope) => {
        const process = await subjects.startService(scope, 'sqlite', { env: { TICKET_TTL: '3600' } })
        await measure(service, process, subjects.longPollWay(process), longPolls(process))
      })
      for (const rival of holding) {
        await withScope(async (scope) => {
          const process = await subjects.startRival(scope, rival)
          const prepare = rival === 'WebSocket' ? async () => () => holdWebSockets(process, count) : longPolls(process)
          await measure(rival, process, subjects.rivalWay(rival, process), prepare)
        })
      }
    },
    rows: () => [
      row(`tap to page p50, ${count} held, SQLite file`, 'ms', 'p50'),
      row(`tap to page p99, ${count} held, SQLite file`, 'ms', 'p99', { atMost: 3 }),
      row(`heap per held poll, ${count} held`, 'kB', 'heap', { atMost: 1.6 }),
      row(`resident memory per held poll, ${count} held`, 'kB', 'resident'),
    ],
  }
}
