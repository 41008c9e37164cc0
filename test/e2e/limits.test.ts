// Limits in real processes: one count for all that share a store, and for those that come after.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import type { Service } from '../support/clients.ts'
import { makeFolder, openStand, untilReady } from '../support/process.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { remote } from '../support/remote.ts'

const env = { LIMIT_CREATE: '6', LIMIT_GUESS: '4' }

const create = async ({ call }: Service): Promise<number> => (await call({ method: 'POST', path: '/api/tickets' })).status
const guess = async ({ call }: Service): Promise<number> => (await call({ path: '/nothing' })).status

await t.test('limits: two processes on one Redis count together', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const keyFile = `${makeFolder(t)}/keys.json`
  makeKeyFile(keyFile)
  const stand = await openStand(t, { env: { STORE_URL: redis.url, KEYS_FILE: keyFile, ...env } })
  const port = await freePort()
  const other = remote(`http://127.0.0.1:${port}`)
  t.teardown(() => other.close())
  await stand.start()
  await stand.start({ PORT: String(port) })
  while (await other.call({ path: '/health/live' }).catch(() => undefined) === undefined) await sleep(50)
  for (const instance of [stand, other]) await untilReady(instance)

  const seen = []
  for (let i = 0; i < 8; i++) seen.push(await create(i % 2 === 0 ? stand : other))
  t.strictSame(seen, [201, 201, 201, 201, 201, 201, 429, 429])
  const atOnce = await Promise.all(Array.from({ length: 12 }, (_, i) => guess(i % 2 === 0 ? stand : other)))
  t.strictSame(atOnce.sort(), [...Array(4).fill(404), ...Array(8).fill(429)])
})

await t.test('limits: a window outlives the process when that is killed and started again on the embedded store', async (t) => {
  const stand = await openStand(t, { env })
  const first = await stand.start()
  for (let i = 0; i < 6; i++) t.equal(await create(stand), 201)
  first.kill('SIGKILL')
  await first.ended
  await stand.start()
  const refused = await stand.call({ method: 'POST', path: '/api/tickets' })
  t.equal(refused.status, 429)
  t.match(refused.headers['retry-after'], /^([1-9]|[1-5]\d|60)$/)
})
