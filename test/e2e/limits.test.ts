// Rate limits of real processes: processes share a count through the store, and it outlives them.
import t from 'tap'
import type { Service } from '../support/clients.ts'
import { openPair } from '../support/pair.ts'
import { openDeployment } from '../support/service-process.ts'
import { startRedis } from '../support/redis.ts'

const env = { LIMIT_CREATE: '6', LIMIT_GUESS: '4' }

const create = async ({ call }: Service): Promise<number> => (await call({ method: 'POST', path: '/api/tickets' })).status
const guess = async ({ call }: Service): Promise<number> => (await call({ path: '/nothing' })).status

await t.test('limits: requests are counted together when two processes share one Redis', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const { deployment, other } = await openPair(t, { store: redis.url, env })

  const seen = []
  for (let i = 0; i < 8; i++) seen.push(await create(i % 2 === 0 ? deployment : other))
  t.strictSame(seen, [201, 201, 201, 201, 201, 201, 429, 429])
  const atOnce = await Promise.all(Array.from({ length: 12 }, (_, i) => guess(i % 2 === 0 ? deployment : other)))
  t.strictSame(atOnce.sort(), [...Array(4).fill(404), ...Array(8).fill(429)])
})

await t.test('limits: the count stays when the process is killed and started again on the embedded store', async (t) => {
  const deployment = await openDeployment(t, { env })
  const first = await deployment.start()
  for (let i = 0; i < 6; i++) t.equal(await create(deployment), 201)
  first.kill('SIGKILL')
  await first.ended
  await deployment.start()
  const refused = await deployment.call({ method: 'POST', path: '/api/tickets' })
  t.equal(refused.status, 429)
  t.match(refused.headers['retry-after'], /^([1-9]|[1-5]\d|60)$/)
})
