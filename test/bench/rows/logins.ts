/** Logins one after the other, and how soon a page hears of a tap: on each store, and each rival's way. */
import { sendCommand } from '../../support/redis-sets.ts'
import { startRedis } from '../../support/redis.ts'
import { seededFraction } from '../../support/seeded-random.ts'
import { closedLoop, openLoop } from '../load/loops.ts'
import type { MeasuredProcess } from '../measured-process.ts'
import { createSamples, type Measurement, type Row, type Unit } from '../row.ts'
import type { Sizes } from '../sizes.ts'
import { percentile } from '../statistics.ts'
import { rivals, shortPollMs, type Rival, type StoreKind, type Subjects } from '../subjects.ts'
import { withScope } from '../with-scope.ts'
import { deviceIntervalMs } from '../ways/device-way.ts'
import type { Way } from '../ways/way.ts'

/** Where only the work counts, a device asks at once. */
const eagerMs = 20
const width = 8

const stores = ['SQLite file', 'in memory', 'Redis'] as const
type Figure = 'logins' | 'cpu' | 'p50' | 'p99'

export const measureLogins = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()

  const warmUp = (way: Way): Promise<unknown> => closedLoop({ width, count: sizes.warmUp, work: () => way.logIn({ isNewcomer: true }) })

  const measureWork = async (name: string, process: MeasuredProcess, way: Way): Promise<void> => {
    let tookMs = 0
    const cpuMs = await process.cpuMsOf(async () => { tookMs = await closedLoop({ width, count: sizes.logins, work: () => way.logIn() }) })
    samples.add(`${name} logins`, sizes.logins / tookMs * 1000)
    samples.add(`${name} cpu`, cpuMs / sizes.logins)
  }

  /** People tap at any moment between two questions of a page that asks. */
  const measureDelay = async (name: string, way: Way, askedEveryMs: number = shortPollMs): Promise<void> => {
    const times = await openLoop({
      perSecond: sizes.perSecond,
      seconds: sizes.seconds,
      work: () => way.logIn({ beforeScanMs: seededFraction() * shortPollMs, beforeTapMs: seededFraction() * askedEveryMs }),
    })
    const delays = times.map(({ tapToPageMs }) => tapToPageMs)
    samples.add(`${name} p50`, percentile(delays, 0.5))
    samples.add(`${name} p99`, percentile(delays, 0.99))
  }

  const measureStore = (name: string, store: StoreKind, onWarm = async (): Promise<void> => {}): Promise<void> => withScope(async (scope) => {
    const process = await subjects.startService(scope, store)
    const way = subjects.longPollWay(process)
    await warmUp(way)
    await onWarm()
    await measureWork(name, process, way)
    await measureDelay(name, way)
    way.close()
  })

  const measureRival = (rival: Rival): Promise<void> => withScope(async (scope) => {
    const process = await subjects.startRival(scope, rival)
    const isDevice = rival === 'device flow'
    if (rival !== 'short polling') { // its work depends on how long a person takes: see person.ts
      const eager = subjects.rivalWay(rival, process, { askEveryMs: eagerMs })
      await warmUp(eager)
      await measureWork(rival, process, eager)
      eager.close()
    }
    const way = subjects.rivalWay(rival, process)
    await measureDelay(rival, way, isDevice ? deviceIntervalMs : shortPollMs)
    way.close()
  })

  const row = (name: string, unit: Unit, store: (typeof stores)[number], figure: Figure, goal?: Row['goal']): Row => ({
    name,
    unit,
    figures: samples.of(`${store} ${figure}`),
    rivals: Object.fromEntries(rivals.map((rival) => [rival, samples.of(`${rival} ${figure}`)])),
    ...(goal !== undefined && { goal }),
  })
  const againstFastify = (atMost: number): Row['goal'] => ({ atMost, baseline: { name: 'Fastify', figures: samples.of('Fastify cpu') } })

  return {
    samples,
    measure: async () => {
      await measureStore('SQLite file', 'sqlite')
      await measureStore('in memory', 'memory')
      await withScope(async (scope) => {
        const redis = await startRedis()
        scope.teardown(() => redis.stop())
        let warmMs = 0
        await measureStore('Redis', { redisUrl: redis.url }, async () => { warmMs = await cpuMsOfRedis(redis.port) })
        samples.add('Redis server', (await cpuMsOfRedis(redis.port) - warmMs) / (sizes.logins + sizes.perSecond * sizes.seconds))
      })
      for (const rival of rivals) await measureRival(rival)
    },
    rows: () => [
      ...stores.map((store) => row(`logins, ${width} at a time, ${store}`, 'a second', store, 'logins')),
      row('CPU a login, SQLite file', 'ms', 'SQLite file', 'cpu', againstFastify(3)),
      row('CPU a login, in memory', 'ms', 'in memory', 'cpu', againstFastify(2.5)),
      row('CPU a login, Redis', 'ms', 'Redis', 'cpu'),
      { name: 'CPU a login of the Redis server', unit: 'ms', figures: samples.of('Redis server') },
      ...stores.flatMap((store) => [
        row(`tap to page p50, ${sizes.perSecond} a second, ${store}`, 'ms', store, 'p50'),
        row(`tap to page p99, ${sizes.perSecond} a second, ${store}`, 'ms', store, 'p99'),
      ]),
    ],
  }
}

const cpuMsOfRedis = async (port: number): Promise<number> => {
  const text = String(await sendCommand(port, 'INFO', 'cpu'))
  return ['used_cpu_sys', 'used_cpu_user'].reduce((sum, name) => sum + Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1]) * 1000, 0)
}
