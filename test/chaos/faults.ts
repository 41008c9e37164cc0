/** A seeded schedule of faults, several at a time, each undone after a while. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { History } from './history.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface FaultSchedule {
  /** Starts no more faults; resolves when all are undone. */
  stop (): Promise<void>
  /** How many of each kind there were. */
  readonly injected: Readonly<Record<string, number>>
}

/** Where a fault is in progress: a second one there could be undone by the first. */
interface Busy {
  redis: boolean
  readonly proxies: Set<number>
}

interface FaultDeps {
  readonly world: World
  readonly random: Random
  readonly busy: Busy
}

/** Makes one kind of fault: the instance concerned (null: all), and `run`, which does it and undoes it; undefined where it isn't possible now. */
type Fault = (deps: FaultDeps) => { readonly instance: number | null, readonly run: () => Promise<void> } | undefined

/** A fault of Redis: one at a time. */
const ofRedis = (run: (deps: FaultDeps) => Promise<void>): Fault => (deps) => {
  if (deps.busy.redis) return undefined
  deps.busy.redis = true
  return { instance: null, run: () => run(deps).finally(() => { deps.busy.redis = false }) }
}

/** A fault between one instance and Redis: one at a time for each instance. */
const ofProxy = (run: (deps: FaultDeps, instance: number) => Promise<void>): Fault => (deps) => {
  const free = deps.world.instances.map((_, i) => i).filter((i) => !deps.busy.proxies.has(i))
  if (free.length === 0) return undefined
  const instance = deps.random.pick(free)
  deps.busy.proxies.add(instance)
  return { instance, run: () => run(deps, instance).finally(() => { deps.busy.proxies.delete(instance) }) }
}

/** An instance ends and is started again; never the last one that is up. */
const ofInstance = (signal: 'SIGKILL' | 'SIGTERM'): Fault => ({ world, random }) => {
  const up = world.instances.map((_, i) => i).filter((i) => world.instances[i]?.isUp)
  if (up.length < 2) return undefined
  const instance = random.pick(up)
  const victim = world.instances[instance]
  const downMs = random.integer(0, 1_500)
  return {
    instance,
    run: async () => {
      await victim?.end(signal)
      await sleep(downMs)
      await victim?.start()
    },
  }
}

const proxyOf = ({ world }: FaultDeps, instance: number) => world.instances[instance]?.proxy

const cut = (when: 'before' | 'after'): Fault => ofProxy(async (deps, instance) => {
  const proxy = proxyOf(deps, instance)
  proxy?.cut(when, deps.random.integer(1, 4), deps.random.chance(0.5) ? /^EVAL$/ : undefined)
  await sleep(deps.random.integer(500, 2_500))
  proxy?.cut(when, 0)
})

const faults: Readonly<Record<string, Fault>> = {
  'instance killed': ofInstance('SIGKILL'),
  'instance ended': ofInstance('SIGTERM'),
  'redis killed': ofRedis(async ({ world, random }) => {
    const downMs = random.integer(0, 2_500)
    await world.redis.end()
    await sleep(downMs)
    await world.redis.start()
  }),
  'redis frozen': ofRedis(async ({ world, random }) => {
    const frozenMs = random.integer(500, 4_500)
    world.redis.kill('SIGSTOP')
    await sleep(frozenMs)
    world.redis.kill('SIGCONT')
  }),
  'redis full': ofRedis(async ({ world, random }) => {
    const fullMs = random.integer(500, 2_500)
    await world.redis.send('CONFIG SET maxmemory 1')
    await sleep(fullMs)
    await world.redis.send('CONFIG SET maxmemory 0')
  }),
  // Keeps its data, as there is no such master to copy from.
  'redis a replica': ofRedis(async ({ world, random }) => {
    const replicaMs = random.integer(500, 2_500)
    await world.redis.send('REPLICAOF 127.0.0.1 1')
    await sleep(replicaMs)
    await world.redis.send('REPLICAOF NO ONE')
  }),
  'cut before a command': cut('before'),
  'cut after a command': cut('after'),
  'connections reset': ofProxy(async (deps, instance) => { proxyOf(deps, instance)?.reset() }),
  'connections refused': ofProxy(async (deps, instance) => {
    const proxy = proxyOf(deps, instance)
    const refusedMs = deps.random.integer(500, 3_000)
    proxy?.refuse(true)
    await sleep(refusedMs)
    proxy?.refuse(false)
  }),
  'connections silent': ofProxy(async (deps, instance) => {
    const proxy = proxyOf(deps, instance)
    const silentMs = deps.random.integer(500, 4_500)
    proxy?.silence(true)
    await sleep(silentMs)
    proxy?.silence(false)
  }),
  latency: ofProxy(async (deps, instance) => {
    const proxy = proxyOf(deps, instance)
    const lastsMs = deps.random.integer(1_000, 4_000)
    proxy?.delay(deps.random.integer(20, 900))
    await sleep(lastsMs)
    proxy?.delay(0)
  }),
}

/** The kinds besides `instance killed`; the most harmful ones are twice as frequent. */
const otherKinds = [...Object.keys(faults).filter((kind) => kind !== 'instance killed'), 'redis killed', 'cut before a command', 'cut after a command']

const maxAtATime = 4

export interface ScheduleOptions {
  /** Phases with faults and quiet ones alternate. The quiet ones show how soon the service recovers, and its speed without faults. */
  readonly faultPhaseMs: number
  readonly quietPhaseMs: number
  /** When faults stop for good; with the run when left out. */
  readonly stopAfterMs?: number
  /** Shortest and longest time between two faults of a phase. */
  readonly everyMs: readonly [number, number]
  /** Shortest and longest time between two killed instances, in addition to the other faults. */
  readonly killEveryMs: readonly [number, number]
}

/** Starts the schedule with a quiet phase. */
export const startFaults = (world: World, history: History, random: Random, { faultPhaseMs, quietPhaseMs, everyMs, killEveryMs, stopAfterMs }: ScheduleOptions): FaultSchedule => {
  const injected: Record<string, number> = {}
  const stopping = new AbortController()
  const inProgress = new Set<Promise<void>>()
  const busy: Busy = { redis: false, proxies: new Set() }
  const stop = stopAfterMs === undefined ? undefined : setTimeout(() => { stopping.abort() }, stopAfterMs)
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {}) // aborted by stop()

  const inject = (kind: string): void => {
    if (inProgress.size >= maxAtATime) return
    const fault = faults[kind]?.({ world, random, busy })
    if (fault === undefined) return
    injected[kind] = (injected[kind] ?? 0) + 1
    const start = performance.now()
    const work = fault.run().then(() => {
      history.add({ type: 'fault', kind, instance: fault.instance, start, end: performance.now() })
      inProgress.delete(work)
    })
    inProgress.add(work)
  }

  const runFaultPhase = async (): Promise<void> => {
    const until = performance.now() + faultPhaseMs
    const injectUntilEnd = async (next: () => string, [shortest, longest]: readonly [number, number]): Promise<void> => {
      while (!stopping.signal.aborted && performance.now() < until) {
        inject(next())
        await pause(random.integer(shortest, longest))
      }
    }
    // All kinds once, in random order, then all again: so a short run has every kind, too.
    let left: string[] = []
    const next = (): string => {
      if (left.length === 0) left = shuffle(otherKinds, random)
      return left.pop() as string // filled above
    }
    await Promise.all([injectUntilEnd(next, everyMs), injectUntilEnd(() => 'instance killed', killEveryMs)])
  }

  const all = (async () => {
    while (!stopping.signal.aborted) {
      await pause(quietPhaseMs)
      if (!stopping.signal.aborted) await runFaultPhase()
    }
  })()

  return {
    injected,
    stop: async () => {
      clearTimeout(stop)
      stopping.abort()
      await all
      await Promise.all(inProgress)
    },
  }
}

const shuffle = <T>(items: readonly T[], random: Random): T[] => {
  const left = [...items]
  return items.map(() => left.splice(random.integer(0, left.length - 1), 1)[0] as T) // there is one for each item
}

/** Empties Redis once: acknowledged writes are lost, too. */
export const flush = async (world: World, history: History): Promise<void> => {
  const start = performance.now()
  await world.redis.send('FLUSHALL')
  history.add({ type: 'fault', kind: 'redis emptied', instance: null, start, end: performance.now() })
}
