/** A connection to Redis of the doctor's own, as the service opens one, and why there is none. */
import { withDeadline } from '../../deadline.ts'
import type { Clock } from '../../login/ports.ts'
import type { RedisAddress } from '../../stores/redis-address.ts'
import type { RedisClient } from '../../stores/redis-client.ts'
import type { RedisConnection } from '../../stores/redis-connection.ts'
import { failure, type Fault } from './finding.ts'

/** Longer than the service waits: whoever runs the doctor wants to know what answers late. */
const connectWithinMs = 5000

/** Opens a connection, hands it on, and closes it. Rejects as the client does. */
export const withRedis = async <T>(address: RedisAddress, clock: Clock, use: (connection: RedisConnection) => Promise<T>): Promise<T> => {
  const { connectToRedis } = await import('../../stores/redis-connection.ts') // the client takes 16 MB
  const late = (): Error => new Error(`no answer within ${connectWithinMs / 1000} s`)
  const connection = await withDeadline(clock, connectWithinMs, (signal) => connectToRedis(address, 'scan-login-doctor', signal), { late })
  try {
    return await withDeadline(clock, connectWithinMs, () => use(connection), { late })
  } finally {
    connection.close()
  }
}

/** Host and port of a server, for a sentence. */
export const nameOf = ({ options }: RedisClient): string => {
  const socket = options?.socket as { host?: string, port?: number } | undefined // of TCP: there is no other form of STORE_URL
  const { hostname, port } = new URL(options?.url ?? 'redis://localhost')
  return `${socket?.host ?? hostname}:${socket?.port ?? (port === '' ? 6379 : port)}`
}

/** The lines of an INFO. */
export const infoOf = async (server: RedisClient, section: string): Promise<ReadonlyMap<string, string>> =>
  new Map((await server.info(section)).split('\r\n').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))

/** The fault behind an error of Redis, of its client or of the network. */
export const redisFault = (error: unknown, what: string): Fault => {
  const why = reasonsOf(error)
  if (isForbidden(why)) return forbidden(why, what)
  if (/without any password configured/.test(why)) return failure('store-password', `STORE_URL has a password, and Redis has none (${why})`, 'give Redis that password ("requirepass" in redis.conf, and restart it), or take it out of STORE_URL where nobody else reaches this Redis')
  if (/WRONGPASS|NOAUTH|invalid password/.test(why)) return failure('store-password', `Redis refuses the user or the password in STORE_URL (${why})`, 'write those that Redis has into STORE_URL: redis://user:password@host:6379 (redis://:password@host:6379 for "requirepass"). Characters such as @ and : in them are written as %40 and %3A')
  if (/OOM /.test(why)) return failure('redis-memory', `the memory of Redis is full, and ${what} fails (${why})`, 'raise maxmemory of Redis, or move other programs away from it')
  if (/MISCONF/.test(why)) return failure('redis-persistence', `Redis can't save what it has to its disk, and takes no writes (${why})`, 'read the log of Redis; its disk may be full, or its folder ("redis-cli config get dir") another user\'s')
  if (/READONLY|is a slave|is a replica/.test(why)) return failure('store-fails', `the Redis in STORE_URL is a replica, and takes no writes (${why})`, 'name the master in STORE_URL. With Sentinels, name these, and it is found: redis+sentinel://host:26379,host:26379/mymaster')
  if (/NOREPLICAS/.test(why)) return failure('store-fails', `Redis takes no writes, as too few of its replicas are in step (${why})`, 'start its replicas and let them reach it ("redis-cli info replication" says which do), or lower min-replicas-to-write')
  if (/certificate|self-signed|altname/i.test(why)) return failure('store-unreachable', `the certificate of Redis is not trusted: ${why}`, 'put the certificate of the authority that signed it into a file, and set NODE_EXTRA_CA_CERTS=/path/to/it.pem in the environment of the service (not in .env, which Node.js reads too late for it). The host in STORE_URL has to be one that the certificate names')
  return failure('store-unreachable', `Redis does not answer: ${why}`, 'start Redis, let it listen where this machine reaches it ("bind" and a firewall), and check host and port in STORE_URL. For TLS it is rediss://')
}

/** An error's message with those of its causes, without an address that it may quote. */
export const reasonsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const own = error instanceof AggregateError && error.message === '' ? error.errors.map(reasonsOf).join(', ') : error.message
  return (error.cause === undefined ? own : `${own}: ${reasonsOf(error.cause)}`).replace(/rediss?:\/\/\S+/g, 'STORE_URL')
}

export const isForbidden = (why: string): boolean => /NOPERM|ACL failure|user executing the script can't/.test(why)

const all = 'give it all the rights that src/stores/README.md, "Configure it", lists'

/** Of a command in a script, Redis 7.0 does not say which it refuses. */
const forbidden = (why: string, what: string): Fault => {
  const [, command] = /run the '([^']+)' command/.exec(why) ?? []
  const right = command !== undefined ? `+${command}` : /channel/.test(why) ? '\'&scan-login*\'' : /access .*keys?\b/.test(why) ? '\'~scan-login*\'' : null
  return right === null
    ? failure('store-rights', `the user of Redis lacks a right for ${what} (${why})`, all)
    : failure('store-rights', `the user of Redis lacks the right ${right} for ${what} (${why})`, `redis-cli ACL SETUSER <user> ${right}, or ${all}`)
}
