/** Owns what goes wrong and when: a seeded schedule of faults, each mended by itself, several at a time. Makes no calls to the service. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { History } from './history.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface FaultSchedule {
  /** Resolves when no more faults come and all are mended. */
  stop (): Promise<void>
  /** How many of each kind there were. */
  readonly injected: Readonly<Record<string, number>>
}

/** What is out of order just now: two faults must not mend each other. */
interface Disorder {
  redis: boolean
  readonly proxies: Set<number>
}

interface FaultDeps {
  readonly world: World
  readonly random: Random
  readonly disorder: Disorder
}

/** How one kind of fault is done: undefined where it can't be done now, else the instance it meets (null: all) and its course. */
type Fault = (deps: FaultDeps) => { readonly instance: number | null, readonly course: () => Promise<void> } | undefined

/** Redis down and back, or as good as: one of these at a time. */
const ofRedis = (course: (deps: FaultDeps) => Promise<void>): Fault => (deps) => {
  if (deps.disorder.redis) return undefined
  deps.disorder.redis = true
  return { instance: null, course: () => course(deps).finally(() => { deps.disorder.redis = false }) }
}

/** One instance's way to Redis: one fault at a time on each. */
const ofProxy = (course: (deps: FaultDeps, instance: number) => Promise<void>): Fault => (deps) => {
  const free = deps.world.instances.map((_, i) => i).filter((i) => !deps.disorder.proxies.has(i))
  if (free.length === 0) return undefined
  const instance = deps.random.pick(free)
  deps.disorder.proxies.add(instance)
  return { instance, course: () => course(deps, instance).finally(() => { deps.disorder.proxies.delete(instance) }) }
}

/** An instance that ends and is started again; never the last one. */
const ofInstance = (signal: 'SIGKILL' | 'SIGTERM'): Fault => ({ world, random }) => {
  const up = world.instances.map((_, i) => i).filter((i) => world.instances[i]?.isUp)
  if (up.length < 2) return undefined
  const instance = random.pick(up)
  const victim = world.instances[instance]
  const downMs = random.integer(0, 1_500)
  return {
    instance,
    course: async () => {
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
    await world.redis.tell('CONFIG SET maxmemory 1')
    await sleep(fullMs)
    await world.redis.tell('CONFIG SET maxmemory 0')
  }),
  // What it has is kept: it never finds the server that it would copy.
  'redis a replica': ofRedis(async ({ world, random }) => {
    const replicaMs = random.integer(500, 2_500)
    await world.redis.tell('REPLICAOF 127.0.0.1 1')
    await sleep(replicaMs)
    await world.redis.tell('REPLICAOF NO ONE')
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

/** What comes beside the instances that are killed; what hurts most comes twice as often. */
const lots = [...Object.keys(faults).filter((kind) => kind !== 'instance killed'), 'redis killed', 'cut before a command', 'cut after a command']

const atATime = 4

export interface ScheduleOptions {
  /** Faults for so long, then none for so long, and so on: in the calm it shows how soon all is well, and how fast. Milliseconds. */
  readonly stormMs: number
  readonly calmMs: number
  /** After so long there are no more; for as long as the run takes when left out. Milliseconds. */
  readonly overAfterMs?: number
  /** Between two faults in a storm. Milliseconds. */
  readonly everyMs: readonly [number, number]
  /** Between two instances killed in a storm, beside the other faults. Milliseconds. */
  readonly killEveryMs: readonly [number, number]
}

/** Begins with a calm. */
export const startFaults = (world: World, history: History, random: Random, { stormMs, calmMs, everyMs, killEveryMs, overAfterMs }: ScheduleOptions): FaultSchedule => {
  const injected: Record<string, number> = {}
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  const disorder: Disorder = { redis: false, proxies: new Set() }
  const over = overAfterMs === undefined ? undefined : setTimeout(() => { stopping.abort() }, overAfterMs)
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {}) // called off by stop()

  const inject = (kind: string): void => {
    if (underWay.size >= atATime) return
    const fault = faults[kind]?.({ world, random, disorder })
    if (fault === undefined) return
    injected[kind] = (injected[kind] ?? 0) + 1
    const start = performance.now()
    const work = fault.course().then(() => {
      history.add({ type: 'fault', kind, instance: fault.instance, start, end: performance.now() })
      underWay.delete(work)
    })
    underWay.add(work)
  }

  const storm = async (): Promise<void> => {
    const until = performance.now() + stormMs
    const blow = async (next: () => string, [shortest, longest]: readonly [number, number]): Promise<void> => {
      while (!stopping.signal.aborted && performance.now() < until) {
        inject(next())
        await pause(random.integer(shortest, longest))
      }
    }
    // Every kind in turn, in an order of its own each time: a short run meets them all, too.
    let turn: string[] = []
    const next = (): string => {
      if (turn.length === 0) turn = shuffle(lots, random)
      return turn.pop() as string // it has been filled
    }
    await Promise.all([blow(next, everyMs), blow(() => 'instance killed', killEveryMs)])
  }

  const all = (async () => {
    while (!stopping.signal.aborted) {
      await pause(calmMs)
      if (!stopping.signal.aborted) await storm()
    }
  })()

  return {
    injected,
    stop: async () => {
      clearTimeout(over)
      stopping.abort()
      await all
      await Promise.all(underWay)
    },
  }
}

const shuffle = <T>(items: readonly T[], random: Random): T[] => {
  const left = [...items]
  return items.map(() => left.splice(random.integer(0, left.length - 1), 1)[0] as T) // there is one left for each
}

/** Empties Redis, once: everything that was acknowledged is gone. */
export const flush = async (world: World, history: History): Promise<void> => {
  const start = performance.now()
  await world.redis.tell('FLUSHALL')
  history.add({ type: 'fault', kind: 'redis emptied', instance: null, start, end: performance.now() })
}
