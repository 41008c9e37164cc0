/** The copies that Redis makes, taken and put back as src/stores/README.md says, with a backup of the keys: who was logged in still is. */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@keyv/redis'
import t, { type Test } from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { backUp, logPeopleIn, restore, settingsIn, statusesAt, type LoggedIn } from '../support/backup-command.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'
import { makeFolder, openDeployment, waitUntilReady } from '../support/service-process.ts'

/** As README has Redis configured for a service. */
const configured = ['--maxmemory-policy', 'noeviction', '--appendonly', 'yes', '--appendfsync', 'everysec']

const startIn = async (t: Test, folder: string, more: readonly string[] = []): Promise<RedisServer> => {
  const redis = await startRedis({ args: ['--dir', folder, ...configured, ...more] })
  t.teardown(() => redis.stop())
  return redis
}

/** What an operator types into redis-cli. */
const command = async ({ url }: RedisServer, ...words: readonly string[]): Promise<string> => {
  const client = await createClient({ url }).connect()
  try {
    return String(await client.sendCommand([...words]))
  } finally {
    client.destroy()
  }
}

const untilInfo = async (redis: RedisServer, line: string): Promise<void> => { while (!(await command(redis, 'INFO', 'persistence')).split('\r\n').includes(line)) await sleep(20) }

const source = await openDeployment(t)
const [redisFolder, copies] = [makeFolder(t), makeFolder(t)]
const first = await startIn(t, redisFolder)
mkdirSync(join(source.folder, 'data'), { mode: 0o700 })
makeKeyFile(join(source.folder, 'data/keys.json'))
const service = await source.start({ STORE_URL: first.url })
await waitUntilReady(source)
const people = await logPeopleIn(source, ['ming', 'hong'])
const backup = join(source.folder, 'backup')
let late: LoggedIn | undefined

await t.test('backup with Redis: dump.rdb and appendonlydir are copied while it runs, and the keys with --keys-only', async (t) => {
  t.equal(await command(first, 'BGSAVE'), 'Background saving started')
  await untilInfo(first, 'rdb_bgsave_in_progress:0')
  cpSync(join(redisFolder, 'dump.rdb'), join(copies, 'dump.rdb'))
  t.equal(await command(first, 'CONFIG', 'SET', 'auto-aof-rewrite-percentage', '0'), 'OK')
  await untilInfo(first, 'aof_rewrite_in_progress:0')
  cpSync(join(redisFolder, 'appendonlydir'), join(copies, 'appendonlydir'), { recursive: true })
  t.equal(await command(first, 'CONFIG', 'SET', 'auto-aof-rewrite-percentage', '100'), 'OK')
  ;[late] = await logPeopleIn(source, ['late'])
  t.hasStrict(await backUp(t, source.folder, [backup, '--keys-only'], { env: { STORE_URL: first.url } }), { code: 0, stderr: '' })
  service.kill('SIGTERM')
  await service.ended
  await first.stop()
})

/** Restores the keys, and starts a service on a Redis that has its copy: everybody is there who was when it was made. */
const assertBack = async (t: Test, redis: RedisServer): Promise<void> => {
  const fresh = makeFolder(t)
  const settings = { ...settingsIn(fresh), STORE_URL: redis.url }
  t.hasStrict(await restore(t, fresh, [backup, '--keys-only'], { env: settings }), { code: 0, stderr: '' })
  const restored = await source.start(settings)
  await waitUntilReady(source)
  for (const person of people) t.strictSame(await statusesAt(source, person), [200, 200])
  t.strictSame(await statusesAt(source, late as LoggedIn), [401, 401], 'what happened after the copy is lost')
  await logPeopleIn(source, ['late'])
  restored.kill('SIGTERM')
  await restored.ended
}

await t.test('restore with Redis: everybody is logged in when Redis starts with a copy of appendonlydir', async (t) => {
  const folder = makeFolder(t)
  cpSync(join(copies, 'appendonlydir'), join(folder, 'appendonlydir'), { recursive: true })
  await assertBack(t, await startIn(t, folder))
})

await t.test('restore with Redis: everybody is logged in when Redis has read dump.rdb without its AOF and written that anew, and it is empty where it starts with appendonly yes at once', async (t) => {
  const [folder, atOnce] = [makeFolder(t), join(makeFolder(t), 'at-once')]
  mkdirSync(atOnce)
  for (const each of [folder, atOnce]) cpSync(join(copies, 'dump.rdb'), join(each, 'dump.rdb'))
  t.equal(await command(await startIn(t, atOnce), 'DBSIZE'), '0')

  const once = await startIn(t, folder, ['--appendonly', 'no'])
  t.equal(await command(once, 'CONFIG', 'SET', 'appendonly', 'yes'), 'OK')
  await untilInfo(once, 'aof_rewrite_in_progress:0')
  await once.stop()
  await assertBack(t, await startIn(t, folder))
})
