/** How Redis is configured: whether it keeps what is written. */
import { mayEvict } from '../../stores/redis-adapter.ts'
import type { RedisClient } from '../../stores/redis-client.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'
import { infoOf, isForbidden, nameOf, reasonsOf } from './redis.ts'

/** The first with users whose channels can be limited, as src/stores/README.md gives scan-login one. */
const oldestVersion = [6, 2] as const

/** Above this part of `maxmemory`, a busy hour may fill it. */
const muchMemory = 0.9

const configure = 'src/stores/README.md, "Configure it"'

export const checkRedis = async (server: RedisClient): Promise<readonly Finding[]> => {
  try {
    const [general, memory, persistence, replication] = await Promise.all(['server', 'memory', 'persistence', 'replication'].map((section) => infoOf(server, section))) as Infos // one for each
    const name = nameOf(server)
    return [...versionOf(name, general), ...evictionOf(name, memory), ...memoryOf(name, memory), ...await persistenceOf(name, persistence, server), ...replicasOf(name, replication)]
  } catch (error) {
    if (!isForbidden(reasonsOf(error))) throw error
    return [notChecked(`how Redis is configured, as its user may not ask: redis-cli ACL SETUSER <user> +info (${configure})`)]
  }
}

type Info = ReadonlyMap<string, string>
type Infos = [Info, Info, Info, Info]

const versionOf = (name: string, info: Info): readonly Finding[] => {
  const version = info.get('redis_version') ?? 'unknown'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (version === 'unknown' || major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1])) return [ok(`Redis ${version} answers at ${name}`)]
  return [warning('redis-old', `the Redis at ${name} is version ${version}, and scan-login is made for ${oldestVersion.join('.')} and later`, 'upgrade Redis: older ones get no security fixes, and have no users with the few rights that scan-login needs')]
}

const evictionOf = (name: string, info: Info): readonly Finding[] => {
  const lines = [...info].map(([key, value]) => `${key}:${value}`).join('\n')
  return mayEvict(lines)
    ? [failure('redis-evicts', `the Redis at ${name} throws entries away when its memory is full (maxmemory-policy ${info.get('maxmemory_policy')}), ended sessions and used nonces too`, `redis-cli config set maxmemory-policy noeviction, and write it into redis.conf ("redis-cli config rewrite"). Where other programs need eviction, give scan-login a Redis of its own (${configure})`)]
    : []
}

const memoryOf = (name: string, info: Info): readonly Finding[] => {
  const [used, most] = [Number(info.get('used_memory')), Number(info.get('maxmemory'))]
  return most > 0 && used > most * muchMemory
    ? [warning('redis-memory', `the Redis at ${name} uses ${Math.round(used / most * 100)} % of its maxmemory (${info.get('used_memory_human')} of ${info.get('maxmemory_human')}): when that is full, nobody can log in`, 'raise maxmemory, or move other programs away from this Redis. 100,000 sessions with as many tickets take about 130 MB')]
    : []
}

const persistenceOf = async (name: string, info: Info, server: RedisClient): Promise<readonly Finding[]> => {
  if (info.get('aof_enabled') === '1') return [ok(`the Redis at ${name} keeps what is written (appendonly yes)`)]
  const save = await saveOf(server)
  const lost = save === '' ? 'keeps nothing on its disk (appendonly no, no save): its restart logs everybody out and forgets people, groups and blocks' : `has appendonly off: when it crashes, it forgets what was written since its last snapshot${save === null ? ', or everything where it makes none' : ''}, sign-outs and blocks too`
  return [warning('redis-persistence', `the Redis at ${name} ${lost}`, `redis-cli config set appendonly yes, and write it into redis.conf ("redis-cli config rewrite"). A managed Redis has it among its settings (${configure})`)]
}

/** Null where this user may not ask. */
const saveOf = async (server: RedisClient): Promise<string | null> => {
  try {
    return (await server.configGet('save')).save ?? null
  } catch {
    return null
  }
}

const replicasOf = (name: string, info: Info): readonly Finding[] => {
  const replicas = Number(info.get('connected_slaves') ?? 0)
  return replicas > 0 && !info.has('min_slaves_good_slaves')
    ? [warning('redis-replicas', `the Redis at ${name} has ${replicas === 1 ? 'a replica' : `${replicas} replicas`}, and takes writes that none of them gets: a failover then loses them`, `redis-cli config set min-replicas-to-write 1, and config set min-replicas-max-lag 1, on every server (${configure})`)]
    : []
}
