/** What a command decides of people while an owner decides otherwise. */
import t, { type Test } from 'tap'
import { admitAhead } from '../../../src/login/admit-ahead.ts'
import { changeOwner } from '../../../src/login/change-person.ts'
import { createPhoneKeys } from '../../../src/stores/phone-keys.ts'
import { openLoginUseCases } from '../../support/login-use-cases.ts'

const sub = 'A'.repeat(43)

/** Use cases between whose first read and what follows an owner blocks the person. */
const setUp = async (t: Test) => {
  const { deps, store, clock, people, recorded } = openLoginUseCases(t)
  let isBlocked = false
  const met = {
    ...people,
    read: async (sub: string) => {
      const person = await people.read(sub)
      if (!isBlocked) {
        isBlocked = true
        if (!await people.setState(sub, ['waiting', 'active'], 'blocked')) await people.create(sub, { state: 'blocked', isSeen: false })
      }
      return person
    },
  }
  return { deps: { ...deps, people: met, phoneKeys: createPhoneKeys(store, { clock, sealingKey: Buffer.alloc(32) }) }, people, recorded }
}

for (const state of ['waiting', 'unknown'] as const) {
  await t.test(`import: a block stays when it comes while somebody ${state} is let in`, async (t) => {
    const { deps, people, recorded } = await setUp(t)
    if (state === 'waiting') await people.create(sub, { state, isSeen: true })
    t.equal(await admitAhead(deps, { sub, ids: { openid: 'oA', unionid: null }, name: null, groups: ['staff'] }), 'blocked')
    t.hasStrict(await people.read(sub), { state: 'blocked', groups: [] })
    t.strictSame(recorded(), [])
  })
}

await t.test('owner: a block stays when it comes while somebody who waits is made an owner', async (t) => {
  const { deps, people, recorded } = await setUp(t)
  await people.create(sub, { state: 'waiting', isSeen: true })
  await changeOwner(deps, { sub, isOwner: true })
  t.equal((await people.read(sub)).state, 'blocked')
  t.strictSame(recorded().filter(({ event }) => event === 'person.allowed'), [])
})
