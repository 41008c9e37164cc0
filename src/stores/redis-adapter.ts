/** Redis as a database: its commands, and the names of its keys. */
import { randomUUID } from 'node:crypto'
import type { Clock, Log } from '../login/ports.ts'
import type { Count, SlotGrant } from '../login/store-port.ts'
import type { Backend } from './backend.ts'
import { createRedisStorage } from './keyv.ts'
import { readRedisAddress } from './redis-address.ts'
import type { RedisClient } from './redis-client.ts'
import { createRedisClock } from './redis-clock.ts'
import { connectToRedis, type RedisConnection } from './redis-connection.ts'
import { createRedisLink } from './redis-link.ts'
import { acquirePlainSlotScript, acquireSlotScript, countScript, countsWithinScript, countWithinScript, releaseSlotScript, removeClaimScript, replaceScript, secureSlotScript } from './redis-scripts.ts'
import { createRedisSubscription } from './redis-subscription.ts'

/** In front of every key, so that another application may live in the same database. */
const namespace = 'scan-login'

/** Connects in the background, now and after every loss; until there is a connection every call fails at once. Throws on a URL that is none. */
export const createRedisAdapter = (url: string, { clock, log }: { clock: Clock, log: Log }): Backend => {
  const address = readRedisAddress(url)
  // Beside the namespace, where no key of an entry can be.
  const checkKey = `${namespace}-check:${randomUUID()}`
  const time = createRedisClock(clock.now)
  let isAway = false
  let isAdvised = false

  const link = createRedisLink({
    clock,
    open: (signal) => connectToRedis(address, signal),
    check: async (connection, signal) => {
      const [first, ...others] = connection.masters
      const timeOfFirst = () => timeOf(first, signal)
      await Promise.all([time.read(timeOfFirst), ...others.map((other) => timeOf(other, signal)), connection.assertMaster(checkKey)])
    },
    onUp: () => {
      storage.client = link.connection.client
      if (isAway) log.info({}, 'Redis is back')
      isAway = false
      if (!isAdvised) adviseOn(link.connection, log)
      isAdvised = true
    },
    // One line when it goes and one when it is back, not one for each attempt.
    onDown: (err) => {
      log.error({ err }, 'Redis is away')
      isAway = true
    },
  })

  const storage = createRedisStorage(namespace, () => link.connection.client)

  const keyFor = (key: string) => storage.createKeyPrefix(key, namespace)
  // Beside the namespace, where no key of an entry can be.
  const plainSlotsOf = (group: string) => `${namespace}-places:${group}`
  // One hash tag, so that all of a group lie on one server of a cluster.
  const slotKeysOf = (group: string) => ['ends', 'owned', 'provisional', 'owned-provisional'].map((part) => `${namespace}-slots:{${group}}:${part}`)
  const windowOf = (key: string) => `${namespace}-counts:${key}`
  // One hash tag, as for slots: the widest network's, of which all the others are a part.
  const windowsWithin = (keys: readonly [string, ...string[]]) => keys.map((key) => `${namespace}-counts:{${keys[0]}}:${key}`)
  const evaluate = (script: string, keys: string | string[], ...args: Array<string | number>): Promise<unknown> =>
    link.connection.client.eval(script, { keys: [keys].flat(), arguments: args.map(String) })
  const isDone = async (...call: Parameters<typeof evaluate>): Promise<boolean> => await evaluate(...call) === 1

  const subscription = createRedisSubscription(link, { channel: `${namespace}:replaced`, clock, log })

  return {
    storage,
    now: time.now,
    timeErrorMs: time.errorMs,
    claim: async (key, text, ttlMs) =>
      await link.connection.client.set(keyFor(key), text, { condition: 'NX', expiration: { type: 'PX', value: ttlMs } }) === 'OK',
    removeClaim: (key, text) => isDone(removeClaimScript, keyFor(key), text),
    replace: (key, version, text, ttlMs) => isDone(replaceScript, keyFor(key), version, text, ttlMs, subscription.channel, subscription.messageFor(key)),
    onChange: subscription.onChange,
    acquirePlainSlot: (group, member, ttlMs, limit) => isDone(acquirePlainSlotScript, plainSlotsOf(group), member, ttlMs, limit),
    async releasePlainSlot (group, member) {
      await link.connection.client.zRem(plainSlotsOf(group), member)
    },
    acquireSlot: async ({ group, owner, member }, { ttlMs, limit, ownerLimit, isProvisional }) =>
      asGrant(await evaluate(acquireSlotScript, slotKeysOf(group), owner, member, ttlMs, limit, ownerLimit, isProvisional ? 1 : 0)),
    secureSlot: ({ group, owner, member }) => isDone(secureSlotScript, slotKeysOf(group), owner, member),
    async releaseSlot ({ group, owner, member }) {
      await evaluate(releaseSlotScript, slotKeysOf(group), owner, member)
    },
    count: async (key, windowMs) => asCount(await evaluate(countScript, windowOf(key), windowMs)),
    async countWithin (windows, windowMs) {
      const keys = windows.map(({ key }) => key) as [string, ...string[]] // as many
      const [place, ...count] = await evaluate(countWithinScript, windowsWithin(keys), windowMs, ...windows.map(({ limit }) => limit)) as [number, ...unknown[]] // as the script returns them
      return { ...asCount(count), key: windows[place - 1]?.key ?? '' }
    },
    countsWithin: async (keys) => (await evaluate(countsWithinScript, windowsWithin(keys)) as unknown[]).map(asCount), // as the script returns them
    failed (error) {
      if (link.isUp && link.connection.isMisplaced(error)) link.reconnect(error, { isUsable: true })
    },
    // Redis answers in order: one late answer means that all behind it are late as well, and every write makes a socket look alive to
    // its own timeout, so that under load a dead connection would be kept for as long as TCP retransmits.
    overdue: (error) => { link.reconnect(error) },
    async close () {
      subscription.close()
      link.close()
    },
  }
}

/** Asks one server for its time. Of several servers one that doesn't answer is closed: what is asked of it from then on fails at once. */
const timeOf = async (server: RedisClient | undefined, signal: AbortSignal): Promise<number> => {
  if (server === undefined) throw new Error('There is no server to ask')
  const giveUp = () => { if (server.isOpen) server.destroy() }
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    const [seconds, microseconds] = await server.time()
    return Number(seconds) * 1000 + Number(microseconds) / 1000
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

const adviseOn = ({ masters }: RedisConnection, log: Log): void => {
  for (const master of masters) {
    master.info('memory').then((memory) => {
      if (!mayEvict(memory)) return
      log.warn({}, 'Redis may evict entries when its memory is full, used nonces and ended sessions too: set maxmemory-policy to noeviction')
    }).catch(() => {}) // Only advice: whoever may not ask goes without.
  }
}

const mayEvict = (memory: string): boolean => !/^maxmemory:0\r?$/m.test(memory) && !/^maxmemory_policy:noeviction\r?$/m.test(memory)

/** Reads what the script for a slot gives back: the evicted one as `owner:member`. */
const asGrant = (reply: unknown): SlotGrant => {
  const [isAcquired, evicted] = reply as [number, string] // as the script returns them
  return { isAcquired: isAcquired === 1, evicted: evicted === '' ? null : evicted.slice(evicted.indexOf(':') + 1) }
}

/** Reads what the scripts that count give back. Throws where that is no count, so that a damaged one never looks like none. */
const asCount = (reply: unknown): Count => {
  const [count, endsInMs] = reply as unknown[] // The scripts give lists.
  if (typeof count !== 'number' || typeof endsInMs !== 'number') throw new Error('The stored count is not one of ours')
  return { count, endsInMs: Math.max(0, endsInMs) } // below 0 where there is none
}
