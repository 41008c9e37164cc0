/** Start and rest, each without a probe: as in production. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createSamples, type Measurement, type Row, type Unit } from '../row.ts'
import type { Sizes } from '../sizes.ts'
import { rivals, type Rival, type Subjects } from '../subjects.ts'
import { withScope } from '../with-scope.ts'

const megabyte = 1e6
const service = 'service'
/** One program for both. */
const measured = rivals.filter((rival): rival is Exclude<Rival, 'short polling'> => rival !== 'short polling')

export const measureStart = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()

  const row = (name: string, unit: Unit, figure: string, goal: NonNullable<Row['goal']>): Row => ({
    name,
    unit,
    figures: samples.of(`${service} ${figure}`),
    rivals: Object.fromEntries(measured.map((rival) => [rival, samples.of(`${rival} ${figure}`)])),
    goal,
  })

  return {
    samples,
    measure: async () => {
      for (const name of [service, ...measured] as const) {
        await withScope(async (scope) => {
          const options = { hasProbe: false }
          const process = await (name === service ? subjects.startService(scope, 'sqlite', options) : subjects.startRival(scope, name as Rival, options)) // the other names are rivals
          samples.add(`${name} ready`, process.readyAfterMs / 1000)
          await sleep(sizes.idleMs)
          samples.add(`${name} resident`, process.residentBytes() / megabyte)
        })
      }
    },
    rows: () => [
      row('start to ready', 's', 'ready', { atMost: 0.6 }),
      row('resident memory, idle', 'MB', 'resident', { atMost: 1.5, baseline: { name: 'Fastify', figures: samples.of('Fastify resident') } }),
    ],
  }
}
