/** Slots: their number, each owner's share, and which one is evicted for a new one, decided by the store in one step. */
import type { Slot, SlotGrant, Store } from '../../src/login/store-port.ts'
import t from 'tap'
import { onEveryStore } from './store-harness.ts'

const hour = 3_600_000

const slot = (owner: string, member: string, group = 'room'): Slot => ({ group, owner, member })
const terms = { ttlMs: hour, limit: 4, ownerLimit: 2, isProvisional: true }
const acquired: SlotGrant = { isAcquired: true, evicted: null }
const refused: SlotGrant = { isAcquired: false, evicted: null }
const insteadOf = (evicted: string): SlotGrant => ({ isAcquired: true, evicted })
const secured = { ...terms, isProvisional: false }

/** Slots that end in the same millisecond have no order. */
const tick = () => new Promise((resolve) => { setTimeout(resolve, 2) })

await onEveryStore(t, 'slots', async (t, { clock, stores, shortMs, passShort }) => {
  const [store] = stores
  /** Makes each slot end later than the one before. */
  let later = 0
  const acquire = async (owner: string, member: string, change: Partial<typeof terms> = {}, group?: string) => {
    await tick()
    return await store.acquireSlot(slot(owner, member, group), { ...terms, ttlMs: hour + later++, ...change })
  }

  t.strictSame(await acquire('a', '1'), acquired, 'acquireSlot: acquires a free slot')
  t.strictSame(await acquire('a', '2'), acquired)
  t.strictSame(await acquire('a', '2'), acquired, 'acquireSlot: the member keeps its slot when it has one')
  t.strictSame(await acquire('a', '3'), insteadOf('1'), "acquireSlot: evicts the owner's oldest provisional slot when the owner has its share, though others are free")
  t.equal(await store.secureSlot(slot('a', '1')), false, 'secureSlot: is false when the slot was evicted')
  t.equal(await store.secureSlot(slot('a', '2')), true)
  t.equal(await store.secureSlot(slot('a', '2')), true, 'secureSlot: is true when the slot is secured already')
  t.strictSame(await acquire('a', '4'), insteadOf('3'), 'acquireSlot: evicts no secured slot, though it is older')
  t.equal(await store.secureSlot(slot('a', '4')), true)
  t.strictSame(await acquire('a', '5'), refused, 'acquireSlot: acquires nothing when all slots of the owner are secured')
  t.equal(await store.secureSlot(slot('a', '5')), false, 'secureSlot: is false when nothing was acquired')

  t.strictSame(await acquire('b', '1b'), acquired, 'acquireSlot: works when only another owner has its share')
  t.strictSame(await acquire('c', '1c'), acquired)
  t.strictSame(await acquire('d', '1d'), insteadOf('1b'), 'acquireSlot: evicts the oldest provisional slot of the group when the group is full')
  t.strictSame(await acquire('b', '2b', { isProvisional: false }), insteadOf('1c'), 'acquireSlot: evicts one for a secured slot, too')
  t.strictSame(await acquire('c', '2c'), insteadOf('1d'))
  t.equal(await store.secureSlot(slot('c', '2c')), true)
  t.strictSame(await acquire('d', '2d'), refused, 'acquireSlot: acquires nothing when all slots are secured')
  t.strictSame(await acquire('d', '2d', {}, 'hall'), acquired, 'acquireSlot: works when only another group is full')
  t.strictSame(await acquire('b', '2b'), acquired, 'acquireSlot: the member keeps its slot when all are taken')
  t.strictSame(await acquire('d', '2d'), refused, 'acquireSlot: a secured slot stays secured when it is acquired again as a provisional one')

  await store.releaseSlot(slot('a', '4'))
  await store.releaseSlot(slot('a', '4'))
  await store.releaseSlot(slot('z', 'nobody'))
  t.equal(await store.secureSlot(slot('a', '4')), false, 'secureSlot: is false when the slot was released')
  t.strictSame(await acquire('d', '2d', { isProvisional: false }), acquired, 'acquireSlot: works when one was released')
  t.strictSame(await acquire('d', '3d'), refused, 'releaseSlot: releases one slot when it is called twice')
  t.strictSame(await acquire('d', '3d', { limit: 5 }), acquired, 'acquireSlot: works when the limit was raised')
  t.strictSame(await acquire('a', '9', { limit: 2 }), insteadOf('3d'), 'acquireSlot: evicts one slot for one when more are taken than a lowered limit')
  t.strictSame(await acquire('a', '10', { limit: 9, ownerLimit: 1 }), insteadOf('9'), 'acquireSlot: evicts one slot for one when the owner has more than a lowered share')

  const short = (owner: string, member: string, isProvisional: boolean) => store.acquireSlot(slot(owner, member, 'short'), { ...terms, ttlMs: shortMs, isProvisional })
  await short('a', '1', false)
  await short('a', '2', true)
  await short('b', '1b', false)
  await short('b', '2b', false)
  await store.acquireSlot(slot('b', '2b', 'short'), { ...secured })
  await passShort()
  t.equal(await store.secureSlot(slot('a', '1', 'short')), false, 'secureSlot: is false when the time of the slot is up')
  t.strictSame(await acquire('a', '3', {}, 'short'), acquired, 'acquireSlot: evicts no member when other slots have ended')
  t.strictSame(await acquire('a', '4', {}, 'short'), acquired)
  t.strictSame(await acquire('c', '1c', {}, 'short'), acquired)
  t.strictSame(await acquire('c', '2c', {}, 'short'), insteadOf('3'), 'acquireSlot: the last end counts when a slot was acquired twice')
  t.strictSame(await acquire('a', '1', {}, 'short'), insteadOf('4'), 'acquireSlot: acquires another slot when the member\'s own has ended')
  t.ok(clock.now() > 0)
})

await onEveryStore(t, 'slots in races', async (t, { stores }) => {
  const rounds = 30
  const callers = stores.length * 8
  const acquireAll = (round: number, change: Partial<typeof terms>, ownerOf: (caller: number) => string): Promise<SlotGrant[]> =>
    Promise.all(Array.from({ length: callers }, (_, caller) => (stores[caller % stores.length] as Store)
      .acquireSlot(slot(ownerOf(caller), `member-${caller}`, `race-${round}`), { ...terms, ...change })))
  const won = (grants: SlotGrant[]) => grants.filter(({ isAcquired }) => isAcquired).length
  for (let round = 0; round < rounds; round++) {
    t.equal(won(await acquireAll(round, { limit: 5, ownerLimit: 5, isProvisional: false }, (caller) => `owner-${caller}`)), Math.min(5, callers), 'acquireSlot: as many callers get one as there are when many call at once')
    t.equal(won(await acquireAll(rounds + round, { limit: 1000, ownerLimit: 3, isProvisional: false }, () => 'one')), 3, "acquireSlot: as many callers get one as the owner's share when many call at once")

    // No secured slot is evicted, and no evicted slot can be secured.
    const name = `race-${2 * rounds + round}`
    const outcomes = await Promise.all(Array.from({ length: callers }, async (_, caller) => {
      const store = stores[caller % stores.length] as Store
      const mine = slot('one', `member-${caller}`, name)
      const grant = await store.acquireSlot(mine, { ...terms, limit: 1000, ownerLimit: 3 })
      return { ...grant, member: mine.member, isSecured: grant.isAcquired && await store.secureSlot(mine) }
    }))
    const evicted = outcomes.flatMap(({ evicted }) => evicted ?? [])
    const kept = outcomes.filter(({ isSecured }) => isSecured).map(({ member }) => member)
    t.equal(new Set(evicted).size, evicted.length, 'acquireSlot: evicts no member twice')
    t.strictSame(kept.filter((member) => evicted.includes(member)), [])
    t.equal(kept.length, 3, 'acquireSlot: the whole share is used')
  }
})

await onEveryStore(t, 'slots with bad values', async (t, { stores: [store] }) => {
  for (const key of ['', 'a b', 'a:b', 'a\0', 'ä', 'x'.repeat(201), ['a'] as unknown as string]) {
    await t.rejects(store.acquireSlot(slot(key, 'm'), terms), RangeError, `owner ${key}`)
    await t.rejects(store.acquireSlot(slot('a', key), terms), RangeError, `member ${key}`)
    await t.rejects(store.secureSlot(slot('a', key)), RangeError)
    await t.rejects(store.releaseSlot(slot(key, 'm')), RangeError)
    if (key !== 'a:b') await t.rejects(store.acquireSlot(slot('a', 'm', key), terms), RangeError, `group ${key}`)
  }
  for (const bad of [0, -1, 1.5, NaN, Infinity]) {
    await t.rejects(store.acquireSlot(slot('a', 'm'), { ...terms, limit: bad }), RangeError, `limit ${bad}`)
    await t.rejects(store.acquireSlot(slot('a', 'm'), { ...terms, ownerLimit: bad }), RangeError, `ownerLimit ${bad}`)
    if (bad !== 1.5) await t.rejects(store.acquireSlot(slot('a', 'm'), { ...terms, ttlMs: bad }), RangeError, `ttlMs ${bad}`)
  }
  t.strictSame(await store.acquireSlot(slot('a', 'm'), { ...terms, limit: 1, ownerLimit: 1 }), acquired, 'acquireSlot: the slot is free when everything before was refused')
})
