/** Held polls at one instance when the store reports changes made by another. */
import t from 'tap'
import { pino } from 'pino'
import { Problem } from '../../src/errors.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createStore } from '../../src/stores/store.ts'
import { openBrowser, openPhone } from '../support/clients.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openTestService } from '../support/test-service.ts'
import { settle } from '../support/waiting.ts'

type Listener = Parameters<Store['onChange']>[0]

/** Wraps a store so that the test emits the changes of other processes. */
const createChanges = () => {
  const listeners = new Set<Listener>()
  const wrapStore = (inner: Store): Store => ({
    ...inner,
    onChange (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
  })
  const emitChange: Listener = (key) => { for (const listener of listeners) listener(key) }
  return { wrapStore, listeners, emitChange }
}

await t.test('change: a held poll is answered when its ticket has changed, and stays held when it has not', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: pino({ level: 'silent' }) })
  const { wrapStore, emitChange } = createChanges()
  const here = await openTestService(t, { clock, store, wrapStore })
  const there = await openTestService(t, { clock, store, simulator: here.simulator })
  t.teardown(() => store.close())

  const browser = await openBrowser(here)
  let answered = false
  const held = browser.poll(1, 25).finally(() => { answered = true })
  for (const key of [null, `ticket:${browser.ticket}`, 'session:AbCdEfGhIjKlMnOpQrStUv']) {
    await settle()
    emitChange(key)
  }
  await settle()
  t.equal(answered, false, 'nothing has changed')

  const phone = await openPhone(there, { jsCode: there.simulator.jsCode('ming'), now: () => clock.now() })
  t.equal((await phone.scan(browser.ticket)).status, 200)
  emitChange(`ticket:${browser.ticket}`)
  t.hasStrict(await held, { status: 200, json: { state: 'scanned', version: 2 } })

  const later = browser.poll(2, 25)
  await settle()
  clock.advance(10_000)
  emitChange(null)
  await settle()
  clock.advance(15_000)
  t.hasStrict(await later, { status: 200, json: { state: 'scanned', version: 2 } }, 'a change event without a change makes no poll longer')
})

await t.test('change: all awaited tickets are read in one call, and only polls whose ticket has changed are answered, when changes may have been missed', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: pino({ level: 'silent' }) })
  const { wrapStore, emitChange } = createChanges()
  const storeCalls: string[] = []
  const here = await openTestService(t, {
    clock,
    store,
    wrapStore: (inner) => wrapStore({
      ...inner,
      async read (key) {
        storeCalls.push('read')
        return await inner.read(key)
      },
      async readMany (keys) {
        storeCalls.push(`readMany ${keys.length}`)
        return await inner.readMany(keys)
      },
    }),
  })
  const there = await openTestService(t, { clock, store, simulator: here.simulator })
  t.teardown(() => store.close())

  const browsers = await Promise.all(Array.from({ length: 20 }, () => openBrowser(here)))
  const answered = new Set<string>()
  const polls = browsers.map((browser) => browser.poll(1, 25).finally(() => { answered.add(browser.ticket) }))
  const phone = await openPhone(there, { jsCode: there.simulator.jsCode('ming'), now: () => clock.now() })
  const [first] = browsers
  t.equal((await phone.scan(first!.ticket)).status, 200) // twenty were made
  await settle()
  storeCalls.length = 0
  emitChange(null)
  emitChange(null)
  t.hasStrict(await polls[0], { status: 200, json: { state: 'scanned', version: 2 } })
  await settle()
  t.strictSame([...answered], [first?.ticket])
  t.strictSame(storeCalls, ['readMany 20', 'read', 'readMany 19'], 'once more for polls that started meanwhile')
  clock.advance(25_000)
  await Promise.all(polls)
})

await t.test('change: all polls stay held when the store is away just then', async (t) => {
  let isAway = false
  const { wrapStore, emitChange } = createChanges()
  const service = await openTestService(t, {
    wrapStore: (inner) => wrapStore({
      ...inner,
      async readMany (keys) {
        if (isAway) throw new Problem('store-unavailable')
        return await inner.readMany(keys)
      },
    }),
  })
  const browser = await openBrowser(service)
  const phone = await openPhone(service, { jsCode: service.simulator.jsCode('ming'), now: () => service.clock.now() })
  const poll = browser.poll(1, 25)
  await settle()
  isAway = true
  emitChange(null)
  await settle()
  isAway = false
  t.equal((await phone.scan(browser.ticket)).status, 200)
  t.hasStrict(await poll, { status: 200, json: { state: 'scanned', version: 2 } })
})

await t.test('change: a poll woken while the store is away stays held, and is answered when the store is back, or 503 at its end', async (t) => {
  let reads = 0
  let isAway = false
  const { wrapStore, emitChange } = createChanges()
  const service = await openTestService(t, {
    wrapStore: (inner) => wrapStore({
      ...inner,
      async read (key) {
        reads++
        if (isAway) throw new Problem('store-unavailable')
        return await inner.read(key)
      },
    }),
  })
  const browser = await openBrowser(service)
  const phone = await openPhone(service, { jsCode: service.simulator.jsCode('ming'), now: () => service.clock.now() })
  const poll = browser.poll(1, 25)
  await settle()
  isAway = true
  emitChange(`ticket:${browser.ticket}`)
  await settle()
  reads = 0
  service.clock.advance(999)
  await settle()
  t.equal(reads, 0, 'the store isn\'t called again at once')
  service.clock.advance(1)
  await settle()
  t.equal(reads, 1, 'it is read again')
  isAway = false
  t.equal((await phone.scan(browser.ticket)).status, 200)
  t.hasStrict(await poll, { status: 200, json: { state: 'scanned', version: 2 } })

  const last = browser.poll(2, 2)
  await settle()
  isAway = true
  emitChange(`ticket:${browser.ticket}`)
  await settle()
  service.clock.advance(1_000)
  await settle()
  service.clock.advance(1_000)
  t.hasStrict(await last, { status: 503, headers: { 'retry-after': '2' }, json: { code: 'store-unavailable' } })
})

await t.test('change: the service unsubscribes when it is closed', async (t) => {
  const { wrapStore, listeners } = createChanges()
  const service = await openTestService(t, { wrapStore })
  t.equal(listeners.size, 1)
  await service.app.close()
  t.equal(listeners.size, 0)
})

await t.test('wake-up: a held poll is answered as soon as the move is stored, before its ticket\'s slot is released', async (t) => {
  const given = Promise.withResolvers<void>()
  const slow = { release: () => given.promise, releaseSlot: () => given.promise }
  const service = await openTestService(t, { wrapStore: (store) => ({ ...store, ...slow }) })
  const browser = await openBrowser(service)
  const held = browser.poll(1, 25)
  await settle()
  const givingUp = browser.giveUp()
  t.hasStrict(await held, { status: 200, json: { state: 'cancelled' } })
  given.resolve()
  t.equal((await givingUp).status, 204)
})
