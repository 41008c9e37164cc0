/** Whether a wake-up stays as quick and as cheap while twenty times as many wait. */
import { setTimeout as sleep } from 'node:timers/promises'
import { seededFraction } from '../../support/seeded-random.ts'
import { createTickets, heldWithinLimits, holdPolls } from '../load/hold.ts'
import { openLoop } from '../load/loops.ts'
import { createSamples, type Measurement } from '../row.ts'
import type { Sizes } from '../sizes.ts'
import { percentile } from '../statistics.ts'
import type { Subjects } from '../subjects.ts'
import { withScope } from '../with-scope.ts'

const longestPauseMs = 400
const wakesPerLogin = 2
/** Above the polls that are held, so that none is turned away. */
const maxHeldPolls = '40000'

export const measureGrowth = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()
  const [few, many] = [heldWithinLimits(sizes.heldFew), heldWithinLimits(sizes.heldMany)]

  return {
    samples,
    measure: () => withScope(async (scope) => {
      const process = await subjects.startService(scope, 'memory', { env: { TICKET_TTL: '3600', MAX_HELD_POLLS: maxHeldPolls } })
      const way = subjects.longPollWay(process)
      await openLoop({ perSecond: sizes.perSecond, seconds: sizes.seconds, work: () => way.logIn({ isNewcomer: true }) })
      const tickets = await createTickets(process, many)
      for (const [name, count] of [['few', few], ['many', many]] as const) {
        const held = await holdPolls(process, tickets.slice(0, count))
        const idleShare = await process.cpuMsOf(() => sleep(sizes.idleMs)) / sizes.idleMs
        const start = performance.now()
        const delays: number[] = []
        const cpuMs = await process.cpuMsOf(() => openLoop({
          perSecond: sizes.perSecond,
          seconds: sizes.seconds * 3, // p99 is the twelfth longest of 1,200: a collection of garbage, or another program, decided over four of 400
          work: async () => {
            const { scanToPageMs, tapToPageMs } = await way.logIn({ beforeScanMs: seededFraction() * longestPauseMs, beforeTapMs: seededFraction() * longestPauseMs })
            delays.push(scanToPageMs, tapToPageMs)
          },
        }))
        samples.add(`${name} p99`, percentile(delays, 0.99))
        samples.add(`${name} cpu`, (cpuMs - idleShare * (performance.now() - start)) / (delays.length / wakesPerLogin) / wakesPerLogin)
        held.release()
      }
      way.close()
    }),
    rows: () => [
      { name: `wake-up p99, ${many} held, in memory`, unit: 'ms', figures: samples.of('many p99'), goal: { atMost: 1.5, baseline: { name: `${few} held`, figures: samples.of('few p99') } } },
      { name: `CPU a wake-up (half a login), ${many} held`, unit: 'ms', figures: samples.of('many cpu'), goal: { atMost: 1.5, baseline: { name: `${few} held`, figures: samples.of('few cpu') } } },
    ],
  }
}
