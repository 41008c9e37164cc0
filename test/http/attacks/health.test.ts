/** Health checks without a limit must not call the store more than once a second. */
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import { openTestService } from '../../support/test-service.ts'

for (const path of ['/health/ready', '/healthz']) {
  for (const [state, status] of [['there', 200], ['away', 503]] as const) {
    await t.test(`E3 ${path}: the store is checked once a second when it is called thousands of times and the store is ${state}`, async (t) => {
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

await t.test('E3 /health/ready: it shows within a second that the store is away or back', async (t) => {
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
