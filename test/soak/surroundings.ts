/** What goes wrong around the service: its process stalls, nobody reads its log, a second process wants its file, the address of its Redis leads elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createTeardownScope, type TeardownScope } from '../support/teardown-scope.ts'
import { openMovingAddress } from '../support/moving-address.ts'
import { run } from '../support/service-process.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { sendCommand } from '../support/redis-sets.ts'
import type { WatchedService } from './service.ts'

export interface MovingRedis {
  readonly url: string
  /** Lets the other server take over, and leads the address there. */
  move (): Promise<void>
}

export interface Surroundings {
  readonly service: WatchedService
  readonly folder: string
  /** What the service was started with. */
  readonly env: Readonly<Record<string, string>>
  readonly redis: MovingRedis | undefined
  readonly signal: AbortSignal
  /** For faults of which one at a time is bearable: their times to answer add up. */
  inTurn (act: () => Promise<void>): Promise<void>
  note (event: string): void
  violation (text: string): void
}

export interface Fault {
  /** The store with which there is such a fault; both where it is left out. */
  readonly store?: 'sqlite' | 'redis'
  readonly everyMs: number
  readonly once: (surroundings: Surroundings) => Promise<void>
}

/** As long as a full collection of a crowded machine, and longer than the deadlines of the store's link. */
const stallMs = 2600
const unreadMs = 20_000
/** In which the service has noticed, and what was under way is answered. */
const followedMs = 15_000
/** The second process waits for the first one to go, as in a restart, before it gives up. */
const refusedWithinMs = 40_000

export const faults: Readonly<Record<string, Fault>> = {
  stalls: {
    everyMs: 30_000,
    once: async ({ service, inTurn, note }) => {
      await inTurn(async () => {
        service.kill('SIGSTOP')
        await sleep(stallMs)
        service.kill('SIGCONT')
      })
      note('stalled')
    },
  },
  'a log that nobody reads': {
    everyMs: 60_000,
    once: async ({ service, signal, note }) => {
      const resume = service.pauseLog()
      await sleep(unreadMs, undefined, { signal }).catch(() => {}) // called off
      resume()
      note('left unread for a while')
    },
  },
  'a second process on the file': {
    store: 'sqlite',
    everyMs: 120_000,
    once: async ({ folder, env, signal, note, violation }) => {
      const scope = createTeardownScope()
      const { ended } = run(scope, { folder, env: { ...env, PORT: String(await freePort()) } })
      const ending = await Promise.race([ended, sleep(refusedWithinMs, undefined, { signal }).catch(() => {})])
      await scope.end()
      if (signal.aborted) return
      const isRefused = ending?.code === 1 && ending.stderr.includes('is in use by another scan-login')
      note(isRefused ? 'refused' : `${ending?.code ?? 'still there'}`)
      if (!isRefused) violation('a second process on the same file was not refused')
    },
  },
  'an address that leads elsewhere': {
    store: 'redis',
    everyMs: 180_000,
    once: async ({ redis, signal, inTurn, note }) => {
      await inTurn(async () => {
        await redis?.move()
        await sleep(followedMs, undefined, { signal }).catch(() => {}) // called off
      })
      note('moved')
    },
  },
}

/** Two servers behind one address. A takeover loses no write, as a planned one of a cloud's does: what is refused after it was refused before. */
export const startMovingRedis = async (scope: TeardownScope): Promise<MovingRedis> => {
  const start = async (args: readonly string[] = []) => {
    const server = await startRedis({ args })
    scope.teardown(() => server.stop())
    return server
  }
  let active = await start()
  let other = await start(['--replicaof', '127.0.0.1', String(active.port)])
  const address = await openMovingAddress(scope, active.port)
  const untilSo = async (port: number, what: string): Promise<void> => {
    while (!String(await sendCommand(port, 'INFO', 'replication')).includes(what)) await sleep(50)
  }
  return {
    url: `redis://127.0.0.1:${address.port}`,
    move: async () => {
      await untilSo(other.port, 'master_link_status:up')
      await sendCommand(active.port, 'FAILOVER', 'TO', '127.0.0.1', String(other.port))
      await untilSo(other.port, 'role:master');
      [active, other] = [other, active]
      address.pointTo(active.port)
    },
  }
}

/** Brings a fault about again and again, the first time soon, until the signal says so. */
export const bringAbout = async ({ everyMs, once }: Fault, surroundings: Surroundings): Promise<void> => {
  const { signal, service } = surroundings
  for (let pauseMs = everyMs / 4; ; pauseMs = everyMs) {
    await sleep(pauseMs, undefined, { signal }).catch(() => {}) // called off
    if (signal.aborted || service.ending !== undefined) return
    try {
      await once(surroundings)
    } catch (error) {
      surroundings.note(`failed: ${error instanceof Error ? error.message.slice(0, 80) : String(error)}`)
    }
  }
}
