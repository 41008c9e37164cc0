import { setImmediate } from 'node:timers/promises'
import { locks as manager } from 'node:worker_threads'
import t from 'tap'
import { createHoldSlots } from '../../static/scan-login/hold-slots.js'
import { createLocks } from '../../static/scan-login/locks.js'
import { createLoginHarness, createStorage, viewAnswer } from '../support/login-harness.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createSharedLocks, noLocks } from '../support/shared-locks.ts'

await t.test('locks: one is had by one holder at a time, until it is released', async (t) => {
  const [mine, theirs] = [createLocks(manager), createLocks(manager)]
  t.ok(mine.isSupported)
  const release = await mine.tryLock('a')
  t.not(release, null)
  t.equal(await theirs.tryLock('a'), null)
  const other = await theirs.tryLock('b')
  t.not(other, null)
  release?.()
  await manager.request('a', () => {}) // waits for the release
  const again = await theirs.tryLock('a')
  t.not(again, null)
  again?.()
  other?.()
})

await t.test('locks: one that is held elsewhere is had as soon as it is free, unless it is no longer wanted', async (t) => {
  const [mine, theirs] = [createLocks(manager), createLocks(manager)]
  const release = theirs.hold('c')
  const [first, second] = [mine.hold('c'), mine.hold('c')]
  const heldBy = async () => ((await manager.query()).held ?? []).filter(({ name }) => name === 'c').length
  t.equal(await heldBy(), 1)
  first()
  release()
  t.equal(await mine.tryLock('c'), null, 'the second one has it')
  second()
  await manager.request('c', () => {}) // waits until it is free
  t.equal(await heldBy(), 0)
})

/** The locks of a page whose browser has a manager and rejects every request, as it does where the page may store nothing. */
const createForbiddenLocks = () => {
  const request = (): Promise<never> => Promise.reject(new DOMException('no', 'SecurityError'))
  return createLocks({ request } as unknown as Parameters<typeof createLocks>[0]) // the one method that is called
}

await t.test('locks: there are none when the browser has no manager', async (t) => {
  const locks = createLocks(undefined)
  t.strictSame([locks.isSupported, await locks.tryLock('a')], [false, null])
  t.doesNotThrow(locks.hold('a'))
})

await t.test('locks: there are none any more when the browser has rejected a request', async (t) => {
  const [trying, holding] = [createForbiddenLocks(), createForbiddenLocks()]
  t.strictSame([await trying.tryLock('a'), trying.isSupported], [null, false])
  const release = holding.hold('a')
  await setImmediate()
  t.equal(holding.isSupported, false)
  t.doesNotThrow(release)
})

/** Opens the login in several tabs of one browser. */
const openTabs = async (count: number) => {
  const [clock, shared] = [createFakeClock(), createSharedLocks()]
  const tabs = Array.from({ length: count }, () => {
    const locks = shared.ofPage()
    const bench = createLoginHarness({ clock, locks, tab: createStorage() })
    bench.world.isPunctual = true
    return { ...bench, locks }
  })
  for (const tab of tabs) await tab.begin()
  return { tabs, pass: (ms: number) => tabs[0]?.pass(ms) ?? Promise.resolve() }
}

const isHeld = ({ lastUrl }: { lastUrl: () => string | undefined }): boolean => !/wait=0\b/.test(lastUrl() ?? '')

await t.test('tabs: four have their polls held, and the others ask about every second, when eight are open', async (t) => {
  const { tabs, pass } = await openTabs(8)
  await pass(20_000)
  t.equal(tabs.filter(isHeld).length, 4)
  for (const tab of tabs) {
    const asked = tab.callsOf('read').length
    if (isHeld(tab)) t.ok(asked <= 2, `asked ${asked} times`)
    else t.ok(asked >= 20 && asked <= 24, `asked ${asked} times`)
  }
})

await t.test('tabs: another one has its polls held when one of the four leaves, is thrown away, or has logged in', async (t) => {
  const { tabs: [first, second, third, fourth, fifth], pass } = await openTabs(5)
  if (first === undefined || second === undefined || third === undefined || fourth === undefined || fifth === undefined) throw new Error('five tabs were opened')
  t.notOk(isHeld(fifth))
  first.controller.suspend()
  await pass(1_000)
  t.ok(isHeld(fifth))
  await first.begin()
  await pass(1_000)
  t.notOk(isHeld(first))
  second.locks.endPage()
  await pass(1_000)
  t.ok(isHeld(first))
  await third.answer(viewAnswer('confirmed', 2))
  await second.begin()
  await pass(1_000)
  t.ok(isHeld(second))
})

await t.test('tabs: a fifth has its polls held when its code was scanned, and no sixth', async (t) => {
  const { tabs, pass } = await openTabs(6)
  const [fifth, sixth] = tabs.slice(4)
  if (fifth === undefined || sixth === undefined) throw new Error('six tabs were opened')
  for (const tab of [fifth, sixth]) {
    t.notOk(isHeld(tab))
    tab.plan.read.push(viewAnswer('scanned', 2, { match_code: '47' }))
    await pass(2_000)
    t.strictSame(tab.view(), { name: 'scanned', number: '47' })
  }
  t.ok(isHeld(fifth))
  t.notOk(isHeld(sixth))
  fifth.controller.suspend()
  await pass(1_000)
  t.ok(isHeld(sixth))
})

await t.test('tabs: those at another service have slots of their own, and those at another path of the same host have not', async (t) => {
  const [shared, visible] = [createSharedLocks(), { now: () => true }]
  const takeSlots = async (server: string): Promise<number> => {
    const takeHoldSlot = createHoldSlots({ locks: shared.ofPage(), visible, server })
    let taken = 0
    while (taken < 8 && await takeHoldSlot({ isScanned: false }) !== null) taken += 1
    return taken
  }
  t.equal(await takeSlots('https://login.example.com/'), 4)
  t.equal(await takeSlots('https://login.example.com/p/'), 0)
  t.equal(await takeSlots('https://login.example.org/'), 4)
})

await t.test('tabs: polls are held while the page is visible when the browser rejects every request for a lock', async (t) => {
  const bench = createLoginHarness({ locks: createForbiddenLocks() })
  bench.world.isPunctual = true
  await bench.begin()
  await bench.pass(150_000)
  t.equal(bench.callsOf('create').length, 1)
  const polls = bench.callsOf('read').length
  t.ok(polls < 12, `asked ${polls} times`)
  t.ok(isHeld(bench))
  bench.visible.set(false)
  await bench.settled()
  t.notOk(isHeld(bench))
  t.equal(bench.openPolls(), 1)
})

await t.test('tabs: a hidden one gives its held poll up, asks about every second and notices the scan, when the browser has no locks', async (t) => {
  const bench = createLoginHarness({ locks: noLocks })
  bench.world.isPunctual = true
  await bench.begin()
  t.ok(isHeld(bench))
  bench.visible.set(false)
  await bench.pass(10_000)
  t.equal(bench.mostPolls(), 1)
  const asked = bench.callsOf('read').slice(1)
  t.ok(asked.every(({ url }) => url.endsWith('wait=0')))
  t.ok(asked.length >= 10 && asked.length <= 13, `asked ${asked.length} times`)
  bench.plan.read.push(viewAnswer('scanned', 2, { match_code: '47' }))
  await bench.pass(1_000)
  t.strictSame(bench.view(), { name: 'scanned', number: '47' })
  bench.visible.set(true)
  await bench.pass(1_000)
  t.ok(isHeld(bench))
})
