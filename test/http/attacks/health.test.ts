/** What anybody may ask for as often as they like must not cost the store more than one question a second. */
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import { openTestService } from '../../support/test-service.ts'

for (const path of ['/health/ready', '/healthz']) {
  for (const [state, status] of [['there', 200], ['away', 503]] as const) {
    await t.test(`E3 ${path}: the store is asked once a second when anybody calls thousands of times and the store is ${state}`, async (t) => {
      let asked = 0
      const service = await openTestService(t, {
        wrapStore: (store) => ({
          ...store,
          check: async () => {
            asked++
            if (state === 'away') throw new Problem('store-unavailable')
            await store.check()
          },
        }),
      })
      const askOften = async () => {
        const answers = await Promise.all(Array.from({ length: 500 }, () => service.call({ path })))
        return [...new Set(answers.map((answer) => answer.status))]
      }
      t.strictSame(await askOften(), [status])
      t.strictSame(await askOften(), [status])
      t.equal(asked, 1)
      service.clock.advance(999)
      await service.call({ path })
      t.equal(asked, 1)
      service.clock.advance(1)
      await askOften()
      t.equal(asked, 2)
    })
  }
}

await t.test('E3 /health/ready: it says within a second that the store is away, and that it is back', async (t) => {
  let isAway = false
  const service = await openTestService(t, {
    wrapStore: (store) => ({ ...store, check: () => isAway ? Promise.reject(new Problem('store-unavailable')) : store.check() }),
  })
  for (const away of [false, true, false]) {
    isAway = away
    service.clock.advance(1_000)
    t.equal((await service.call({ path: '/health/ready' })).status, away ? 503 : 200)
  }
})
