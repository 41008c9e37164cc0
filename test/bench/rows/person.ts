/** The server's work for a login that takes a person some time, where the page waits and where it asks every so often. */
import { createSamples, type Measurement, type Row } from '../row.ts'
import { openLoop } from '../load/loops.ts'
import type { MeasuredProcess } from '../measured-process.ts'
import type { Sizes } from '../sizes.ts'
import { rivals, shortPollMs, type Rival, type Subjects } from '../subjects.ts'
import type { Way } from '../ways/way.ts'
import { withScope } from '../with-scope.ts'

/** The part of the time before the scan. */
const scanShare = 2 / 3
const pausing: readonly Rival[] = ['WebSocket', 'short polling', 'device flow']
const [held, asked] = ['held', 'asked']

export const measurePerson = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()
  const totalMs = sizes.personSeconds * 1000

  const measure = async (name: string, process: MeasuredProcess, way: Way): Promise<void> => {
    const span = { perSecond: sizes.perSecond / 4, seconds: sizes.seconds * 3 } // of five subjects at once
    await openLoop({ ...span, work: () => way.logIn({ isNewcomer: true }) })
    const pauses = { beforeScanMs: totalMs * scanShare, beforeTapMs: totalMs * (1 - scanShare) }
    let requests: readonly number[] = []
    const cpuMs = await process.cpuMsOf(async () => {
      requests = await openLoop({ ...span, work: async () => (await way.logIn(pauses)).requests })
    })
    samples.add(`${name} requests`, requests.reduce((sum, count) => sum + count) / requests.length)
    samples.add(`${name} cpu`, cpuMs / requests.length)
    way.close()
  }

  const row = (name: string, unit: Row['unit'], figure: string, atMost: number): Row => ({
    name,
    unit,
    figures: samples.of(`${held} ${figure}`),
    rivals: Object.fromEntries(rivals.map((rival) => [rival, samples.of(`${rival} ${figure}`)])),
    goal: { atMost, baseline: { name: `the same service asked every ${shortPollMs / 1000} s`, figures: samples.of(`${asked} ${figure}`) } },
  })

  return {
    samples,
    /** All at once: each is idle most of the time. */
    measure: () => withScope(async (scope) => {
      const start = () => subjects.startService(scope, 'sqlite')
      const [patient, impatient] = await Promise.all([start(), start()])
      const others = await Promise.all(pausing.map(async (rival) => [rival, await subjects.startRival(scope, rival)] as const))
      await Promise.all([
        measure(held, patient, subjects.longPollWay(patient)),
        measure(asked, impatient, subjects.longPollWay(impatient, { pollEveryMs: shortPollMs })),
        ...others.map(([rival, process]) => measure(rival, process, subjects.rivalWay(rival, process))),
      ])
    }),
    rows: () => [
      row(`requests for a login of ${sizes.personSeconds} s`, '', 'requests', 1 / 3),
      row(`CPU for a login of ${sizes.personSeconds} s, SQLite file`, 'ms', 'cpu', 1 / 2),
    ],
  }
}
