/** Redis as a `Backend`: its commands, and the names of its keys. */
import { randomUUID } from 'node:crypto'
import type { Clock, Log } from '../login/ports.ts'
import type { Count, SlotGrant } from '../login/store-port.ts'
import type { Backend } from './backend.ts'
import { readRedisAddress } from './redis-address.ts'
import type { RedisClient } from './redis-client.ts'
import { createRedisClock } from './redis-clock.ts'
import type { RedisConnection } from './redis-connection.ts'
import { createRedisLink } from './redis-link.ts'
import { acquirePlainSlotScript, acquireSlotScript, countScript, readLimitCountsScript, countAgainstLimitsScript, releaseSlotScript, removeClaimScript, replaceScript, secureSlotScript } from './redis-scripts.ts'
import { createRedisSubscription } from './redis-subscription.ts'

/** Prefix of every key, so that other applications may use the same database. */
const namespace = 'scan-login'

/** Connects in the background, now and after every loss; while there is no connection every call fails at once. Throws where the URL is malformed. */
export const createRedisAdapter = (url: string, { clock, log }: { clock: Clock, log: Log }): Backend => {
  const address = readRedisAddress(url)
  // The dash keeps these names apart from the keys of entries, which begin with `scan-login:`; so it does below.
  const checkKey = `${namespace}-check:${randomUUID()}`
  const time = createRedisClock(clock.now)
  let isUnreachable = false
  let isAdvised = false

  const link = createRedisLink({
    clock,
    open: async (signal) => {
      const { connectToRedis } = await import('./redis-connection.ts') // not before there is something to connect to: the client of Redis takes 16 MB
      return await connectToRedis(address, namespace, signal)
    },
    check: async (connection, signal) => {
      const [first, ...others] = connection.masters
      const timeOfFirst = () => timeOf(first, signal)
      await Promise.all([time.read(timeOfFirst), ...others.map((other) => timeOf(other, signal)), connection.assertMaster(checkKey)])
    },
    onUp: () => {
      if (isUnreachable) log.info({}, 'Redis is reachable again')
      isUnreachable = false
      if (!isAdvised) adviseOn(link.connection, log)
      isAdvised = true
    },
    // One line when an outage begins and one when it ends, not one per attempt.
    onDown: (err) => {
      log.error({ code: 'redis-unreachable', err }, 'Redis is unreachable, and nobody can log in until it is back: see whether it runs, and whether STORE_URL leads to it')
      isUnreachable = true
    },
  })

  /** That of the current connection. Without one its calls reject. */
  const storage: Backend['storage'] = {
    opts: {},
    // Keyv calls it; faults are thrown.
    on () { return storage },
    get: async (key) => await link.connection.storage.get(key),
    getMany: async (keys) => await link.connection.storage.getMany(keys),
    set: async (key: string, text: string, ttlMs?: number) => { await link.connection.storage.set(key, text, ttlMs) },
    delete: async (key) => await link.connection.storage.delete(key),
    clear: async () => { await link.connection.storage.clear() },
  }

  const keyFor = (key: string) => `${namespace}:${key}` // as Keyv's adapter makes it
  const plainSlotsOf = (group: string) => `${namespace}-places:${group}` // plain slots keep the name that an earlier release gave them
  // One hash tag, so that a group is on one server of a cluster.
  const slotKeysOf = (group: string) => ['ends', 'owned', 'provisional', 'owned-provisional'].map((part) => `${namespace}-slots:{${group}}:${part}`)
  const listOf = (list: string) => `${namespace}-lists:${list}`
  const windowOf = (key: string) => `${namespace}-counts:${key}`
  // One hash tag, as for slots: the first key, that of the widest network, of which all the others are a part.
  const limitWindowsOf = (keys: readonly [string, ...string[]]) => keys.map((key) => `${namespace}-counts:{${keys[0]}}:${key}`)
  const evaluate = (script: string, keys: string | string[], ...args: Array<string | number>): Promise<unknown> =>
    link.connection.client.eval(script, { keys: [keys].flat(), arguments: args.map(String) })
  const isDone = async (...call: Parameters<typeof evaluate>): Promise<boolean> => await evaluate(...call) === 1

  const claim = async (client: RedisConnection['client'], key: string, text: string, ttlMs: number): Promise<boolean> =>
    await client.set(keyFor(key), text, { condition: 'NX', expiration: { type: 'PX', value: ttlMs } }) === 'OK'

  const subscription = createRedisSubscription(link, { channel: `${namespace}:replaced`, clock, log })

  return {
    storage,
    now: time.now,
    timeErrorMs: time.errorMs,
    claim: async (key, text, ttlMs) => await claim(link.connection.client, key, text, ttlMs),
    async claimAndRead (key, text, ttlMs, keys) {
      const { client } = link.connection
      // A server carries out in order what comes over one connection. In a cluster the keys are at several servers.
      const [isClaimed, texts] = address.kind === 'cluster'
        ? [await claim(client, key, text, ttlMs), await Promise.all(keys.map((one) => client.get(keyFor(one))))]
        : await Promise.all([claim(client, key, text, ttlMs), client.mGet(keys.map(keyFor))])
      return isClaimed ? texts.map((one) => one ?? undefined) : undefined
    },
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
    async countAgainstLimits (windows, windowMs) {
      const keys = windows.map(({ key }) => key) as [string, ...string[]] // there is one key per window
      const [position, ...count] = await evaluate(countAgainstLimitsScript, limitWindowsOf(keys), windowMs, ...windows.map(({ limit }) => limit)) as [number, ...unknown[]] // as the script returns them
      return { ...asCount(count), key: windows[position - 1]?.key ?? '' }
    },
    readLimitCounts: async (keys) => (await evaluate(readLimitCountsScript, limitWindowsOf(keys)) as unknown[]).map(asCount), // as the script returns them
    async addToList (list, text) {
      await link.connection.client.zAdd(listOf(list), { score: 0, value: text })
    },
    removeFromList: async (list, text) => await link.connection.client.zRem(listOf(list), text) === 1,
    readList: async (list, { prefix, after, limit }) => {
      const first = after !== null && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0 ? `(${after}` : `[${prefix}`
      return await link.connection.client.zRangeByLex(listOf(list), first, `(${prefix}\u{10ffff}`, { LIMIT: { offset: 0, count: limit } })
    },
    lengthOfList: async (list) => await link.connection.client.zCard(listOf(list)),
    onFailure (error) {
      if (link.isUp && link.connection.isFailoverError(error)) link.reconnect(error, { isUsable: true })
    },
    // Redis answers in order, so one late answer means that all after it are late, too. The socket's own timeout doesn't help: every write restarts it, so
    // that under load a dead connection would stay for as long as TCP retransmits.
    onTimeout: (error) => { link.reconnect(error) },
    async close () {
      subscription.close()
      link.close()
    },
  }
}

/** Asks one server for its time. Closes the client where the signal aborts first, so that further calls to that server fail at once. */
const timeOf = async (server: RedisClient | undefined, signal: AbortSignal): Promise<number> => {
  if (server === undefined) throw new Error('There is no Redis server to ask for the time')
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
      log.warn({ code: 'redis-may-evict' }, 'Redis may evict entries when its memory is full, used nonces and ended sessions too: set maxmemory-policy to noeviction')
    }).catch(() => {}) // INFO may be forbidden, and this is only advice.
  }
}

/** Whether Redis may throw entries away, by the lines of its INFO memory. */
export const mayEvict = (memory: string): boolean => !/^maxmemory:0\r?$/m.test(memory) && !/^maxmemory_policy:noeviction\r?$/m.test(memory)

/** Reads the reply of `acquireSlotScript`, which names the evicted slot as `owner:member`. */
const asGrant = (reply: unknown): SlotGrant => {
  const [isAcquired, evicted] = reply as [number, string] // as the script returns them
  return { isAcquired: isAcquired === 1, evicted: evicted === '' ? null : evicted.slice(evicted.indexOf(':') + 1) }
}

/** Reads the reply of a script that counts. Throws where that is no count, so that a damaged one never looks like none. */
const asCount = (reply: unknown): Count => {
  const [count, endsInMs] = reply as unknown[] // the scripts return lists
  if (typeof count !== 'number' || typeof endsInMs !== 'number') throw new Error('The stored count has an unknown format')
  return { count, endsInMs: Math.max(0, endsInMs) } // PTTL is below 0 where there is no window
}
