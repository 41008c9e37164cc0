/** Owns the connection to one Redis server and the few scripts run there. Ends are told by Redis' own clock alone. */
import KeyvRedis, { createClient } from '@keyv/redis'
import type { Count, Log } from '../login/ports.ts'
import type { Backend } from './backend.ts'
import { createRedisListener } from './redis-listener.ts'

/** In front of every key, so that another application may live in the same database. */
const namespace = 'scan-login'

// Sent whole with every call (EVAL): they are short, Redis keeps them compiled, and a restarted or failed-over server, which knows
// none of them, needs no second try as with EVALSHA. Each touches one key, so they work in a cluster as well.

const replaceScript = `
local text = redis.call('GET', KEYS[1])
if not text then return 0 end
local value = cjson.decode(text).value
if type(value) ~= 'table' or value.version ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.pcall('PUBLISH', ARGV[4], ARGV[5]) -- a hint: where it is not allowed, the value is replaced all the same
return 1`

// A sorted set of members by their ends; the set itself ends with the last of them. What has ended is removed last: a server without
// memory refuses a script at its first write only where that one adds something.
const admitScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = redis.call('ZSCORE', KEYS[1], ARGV[1])
local isIn = mine and tonumber(mine) > now
if not isIn and redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now), '+inf') >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`

// The window is there, with its end, before anything is counted in it: no count is ever without an end.
const countScript = `
redis.call('SET', KEYS[1], 0, 'PX', ARGV[1], 'NX')
return { redis.call('INCR', KEYS[1]), redis.call('PTTL', KEYS[1]) }`

const countOfScript = `
return { tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1]) }`

/** Connects in the background, now and after every loss; until there is a connection every call fails at once. Throws on a URL that is none. */
export const createRedisAdapter = (url: string, { log }: { log: Log }): Backend => {
  let closing = false
  let away = false

  const client = createClient({
    url,
    name: namespace,
    // Without it commands wait for a server that is away, and run later, after their callers were told they had failed.
    disableOfflineQueue: true,
    // The ping keeps an idle connection younger than the limit; a frozen server misses the limit and is left.
    pingInterval: 1_000,
    socket: {
      connectTimeout: 2_000,
      socketTimeout: 3_000,
      // Apart from each other, so that a server that comes back isn't met by all instances at once.
      reconnectStrategy: (retries: number) => closing ? false : Math.min(100 * 2 ** retries, 1_500) + Math.random() * 500,
    },
  })

  // One line when it goes and one when it is back, not one for each attempt.
  const lost = (error: unknown) => {
    if (!away && !closing) log.error({ err: error }, 'Redis is away')
    away = true
  }
  client.on('error', lost)
  client.on('ready', () => {
    if (away) log.info({}, 'Redis is back')
    away = false
    if (closing) client.destroy()
  })
  client.once('ready', () => {
    client.info('memory').then((memory) => {
      if (!mayEvict(memory)) return
      log.warn({}, 'Redis may evict entries when its memory is full, used nonces and ended sessions too: set maxmemory-policy to noeviction')
    }).catch(() => {}) // Only advice: whoever may not ask goes without.
  })

  const storage = new KeyvRedis<string>(client, { throwOnErrors: true, keyPrefixSeparator: ':', namespace })
  const keyFor = (key: string) => storage.createKeyPrefix(key, namespace)
  // Beside the namespace, where no key of an entry can be.
  const placesOf = (group: string) => `${namespace}-places:${group}`
  const windowOf = (key: string) => `${namespace}-counts:${key}`
  const run = async (script: string, key: string, ...args: Array<string | number>) =>
    await client.eval(script, { keys: [key], arguments: args.map(String) }) === 1

  const listener = createRedisListener(client, { channel: `${namespace}:replaced`, log })

  const connect = () => {
    // Each failed attempt is an 'error' event, and attempts end only with close().
    client.connect().catch(() => {})
  }
  connect()

  return {
    storage,
    claim: async (key, text, ttlMs) =>
      await client.set(keyFor(key), text, { condition: 'NX', expiration: { type: 'PX', value: ttlMs } }) === 'OK',
    replace: (key, version, text, ttlMs) => run(replaceScript, keyFor(key), version, text, ttlMs, listener.channel, `${listener.name} ${key}`),
    onReplace: listener.add,
    admit: (group, member, ttlMs, limit) => run(admitScript, placesOf(group), member, ttlMs, limit),
    async release (group, member) {
      await client.zRem(placesOf(group), member)
    },
    count: async (key, windowMs) => asCount(await client.eval(countScript, { keys: [windowOf(key)], arguments: [String(windowMs)] })),
    countOf: async (key) => asCount(await client.eval(countOfScript, { keys: [windowOf(key)] })),
    overdue (error) {
      // Every write makes a socket look alive to its own timeout, so that under load a dead connection would be kept for as long as
      // TCP retransmits. Redis answers in order: one late answer means that all behind it are late as well.
      if (!client.isReady || closing) return
      lost(error)
      client.destroy()
      connect()
    },
    async close () {
      closing = true
      listener.close()
      // Where there is no connection, the attempt under way can't be called off: the strategy ends it, or 'ready' above does.
      if (client.isReady) client.destroy()
    },
  }
}

const mayEvict = (memory: string): boolean => !/^maxmemory:0\r?$/m.test(memory) && !/^maxmemory_policy:noeviction\r?$/m.test(memory)

/** Reads what the scripts that count give back. Throws where that is no count, so that a damaged one never looks like none. */
const asCount = (reply: unknown): Count => {
  const [count, endsInMs] = reply as unknown[] // Both scripts give a list.
  if (typeof count !== 'number' || typeof endsInMs !== 'number') throw new Error('The stored count is not one of ours')
  return { count, endsInMs: Math.max(0, endsInMs) } // below 0 where there is none
}
