/** Signed calls that are captured and replayed when a clock would accept them: each is accepted once, however the clocks move. */
import t from 'tap'
import { systemClock } from '../../../src/runtime.ts'
import { createStore } from '../../../src/stores/store.ts'
import { untilReady } from '../../contract/store-harness.ts'
import { craftSignature, profileParameters, freshNonce } from '../../support/craft-signature.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { openTestService, type Call, type TestService } from '../../support/test-service.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { phoneOf, verdict } from '../../support/login.ts'
import { startRedis } from '../../support/redis.ts'
import { sendCommand } from '../../support/redis-sets.ts'

const call: Call = { path: '/api/phone/sessions' }
const minutes = (count: number): number => count * 60_000

/** Signs a call once, and returns a function that sends its same bytes each time, as an interceptor does. */
const keepCall = async (service: TestService, aheadSeconds: number) => {
  const { key } = await phoneOf(service)
  const created = Math.floor(service.clock.now() / 1000) + aheadSeconds
  const headers = craftSignature(call, key, created, { parameters: profileParameters(key.key_id, created, freshNonce()) })
  return async () => verdict(await service.call({ ...call, headers }))
}

for (const kind of ['sqlite', 'redis']) {
  await t.test(`nonce: a call that was refused for its time in the future is still refused at that time (${kind})`, async (t) => {
    const redis = kind === 'redis' ? await startRedis() : undefined
    t.teardown(() => redis?.stop())
    const clock = createFakeClock()
    const store = createStore(redis?.url ?? 'sqlite::memory:', { clock: redis === undefined ? clock : systemClock, log: createRecordingLog() })
    t.teardown(() => store.close())
    await untilReady(store)
    const service = await openTestService(t, { clock, store })
    const show = await keepCall(service, 124)
    t.equal(await show(), '401 clock-skew')
    clock.advance(6_000)
    t.equal(await show(), '401 replayed')
  })
}

await t.test('nonce: a call is accepted once when the clock jumps ahead and back', async (t) => {
  for (const aheadMs of [minutes(6), minutes(60), minutes(23 * 60)]) {
    const service = await openTestService(t)
    const show = await keepCall(service, 0)
    t.equal(await show(), '200')
    service.clock.shiftWallClock(aheadMs)
    service.clock.advance(10_000) // purges what has expired
    t.equal(await show(), '401 clock-skew')
    service.clock.shiftWallClock(-aheadMs)
    t.equal(await show(), '401 replayed', `ahead by ${aheadMs / 60_000} min`)
  }
})

await t.test('nonce: it outlives its key, so that no call is accepted twice when the clock jumps beyond the expiry of both', async (t) => {
  const service = await openTestService(t)
  const show = await keepCall(service, 0)
  t.equal(await show(), '200')
  service.clock.shiftWallClock(minutes(49 * 60))
  service.clock.advance(10_000)
  service.clock.shiftWallClock(-minutes(49 * 60))
  t.equal(await show(), '401 key-unknown')
})

await t.test('nonce: it is kept in Redis for longer than its key', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const store = createStore(redis.url, { clock: systemClock, log: createRecordingLog() })
  t.teardown(() => store.close())
  await untilReady(store)
  const service = await openTestService(t, { clock: createFakeClock(Date.now()), store })
  const show = await keepCall(service, 0)
  t.equal(await show(), '200')
  const [nonce] = await sendCommand(redis.port, 'KEYS', 'scan-login:nonce:*') as string[]
  const [key] = await sendCommand(redis.port, 'KEYS', 'scan-login:phone-key:*') as string[]
  t.ok(Number(await sendCommand(redis.port, 'PTTL', String(nonce))) > Number(await sendCommand(redis.port, 'PTTL', String(key))))
})
