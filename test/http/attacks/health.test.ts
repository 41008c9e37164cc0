/** What anybody may ask for as often as they like must not cost the store more than one question a second. */
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import { openHouse } from '../../support/house.ts'

for (const path of ['/health/ready', '/healthz']) {
  for (const [state, status] of [['there', 200], ['away', 503]] as const) {
    await t.test(`E3 ${path}: the store is asked once a second when anybody calls thousands of times and the store is ${state}`, async (t) => {
      let asked = 0
      const house = await openHouse(t, {
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
        const answers = await Promise.all(Array.from({ length: 500 }, () => house.call({ path })))
        return [...new Set(answers.map((answer) => answer.status))]
      }
      t.strictSame(await askOften(), [status])
      t.strictSame(await askOften(), [status])
      t.equal(asked, 1)
      house.clock.advance(999)
      await house.call({ path })
      t.equal(asked, 1)
      house.clock.advance(1)
      await askOften()
      t.equal(asked, 2)
    })
  }
}

await t.test('E3 /health/ready: it says within a second that the store is away, and that it is back', async (t) => {
  let isAway = false
  const house = await openHouse(t, {
    wrapStore: (store) => ({ ...store, check: () => isAway ? Promise.reject(new Problem('store-unavailable')) : store.check() }),
  })
  for (const away of [false, true, false]) {
    isAway = away
    house.clock.advance(1_000)
    t.equal((await house.call({ path: '/health/ready' })).status, away ? 503 : 200)
  }
})
