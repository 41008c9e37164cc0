/** Faults around the service: its process stalls, nobody reads its log, a second process opens its file, its Redis address moves to another server. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createTeardownScope, type TeardownScope } from '../support/teardown-scope.ts'
import { openMovingAddress } from '../support/moving-address.ts'
import { run } from '../support/service-process.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { sendCommand } from '../support/redis-sets.ts'
import type { WatchedService } from './service.ts'

export interface MovingRedis {
  readonly url: string
  /** Promotes the other server and moves the address to it. */
  move (): Promise<void>
}

export interface Surroundings {
  readonly service: WatchedService
  readonly folder: string
  /** The service's environment. */
  readonly env: Readonly<Record<string, string>>
  readonly redis: MovingRedis | undefined
  readonly signal: AbortSignal
  /** Runs faults one at a time whose delays would add up. */
  inTurn (act: () => Promise<void>): Promise<void>
  note (event: string): void
  violation (text: string): void
}

export interface Fault {
  /** The store that has this fault; both if left out. */
  readonly store?: 'sqlite' | 'redis'
  readonly everyMs: number
  readonly once: (surroundings: Surroundings) => Promise<void>
}

/** As long as a full garbage collection on a busy machine, and longer than the timeouts of the connection to the store. */
const stallMs = 2600
const unreadMs = 20_000
/** Until then the service has noticed the move, and pending calls are answered. */
const moveNoticedMs = 15_000
/** The second process first waits for the first to end, as in a restart. */
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
      await sleep(unreadMs, undefined, { signal }).catch(() => {}) // aborted
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
        await sleep(moveNoticedMs, undefined, { signal }).catch(() => {}) // aborted
      })
      note('moved')
    },
  },
}

/** Starts two servers behind one address. A takeover loses no write, like a cloud's planned failover: what was refused before is refused afterwards. */
export const startMovingRedis = async (scope: TeardownScope): Promise<MovingRedis> => {
  const start = async (args: readonly string[] = []) => {
    const server = await startRedis({ args })
    scope.teardown(() => server.stop())
    return server
  }
  let active = await start()
  let other = await start(['--replicaof', '127.0.0.1', String(active.port)])
  const address = await openMovingAddress(scope, active.port)
  const waitForReplication = async (port: number, what: string): Promise<void> => {
    while (!String(await sendCommand(port, 'INFO', 'replication')).includes(what)) await sleep(50)
  }
  return {
    url: `redis://127.0.0.1:${address.port}`,
    move: async () => {
      await waitForReplication(other.port, 'master_link_status:up')
      await sendCommand(active.port, 'FAILOVER', 'TO', '127.0.0.1', String(other.port))
      await waitForReplication(other.port, 'role:master');
      [active, other] = [other, active]
      address.pointTo(active.port)
    },
  }
}

/** Causes a fault again and again, the first time soon, until the signal aborts. */
export const bringAbout = async ({ everyMs, once }: Fault, surroundings: Surroundings): Promise<void> => {
  const { signal, service } = surroundings
  for (let pauseMs = everyMs / 4; ; pauseMs = everyMs) {
    await sleep(pauseMs, undefined, { signal }).catch(() => {}) // aborted
    if (signal.aborted || service.ending !== undefined) return
    try {
      await once(surroundings)
    } catch (error) {
      surroundings.note(`failed: ${error instanceof Error ? error.message.slice(0, 80) : String(error)}`)
    }
  }
}
