/** The queue in the store: its bounds, a store that fails, commands beside the service, and instances that lose the lease. */
import t from 'tap'
import { randomBytes } from '../../../src/domain/random-pool.ts'
import { Problem } from '../../../src/errors.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createLease, leaseMs } from '../../../src/webhook/lease.ts'
import { maxBatches } from '../../../src/webhook/step-queue.ts'
import { openStepQueue, withStepQueue } from '../../../src/webhook/webhook.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { byPerson, startReceiver } from '../../support/webhook-receiver.ts'
import { logOf, namesLeft, openHarness, openOn, pass, passUntil, sealingKey, stepOf } from './harness.ts'

/** A store whose writes can be made to fail, after they were carried out or before. */
const openFailing = (store: Store) => {
  const world = { fails: 'never' as 'never' | 'before' | 'after' }
  const failing = (work: () => Promise<void>) => async (): Promise<void> => {
    if (world.fails !== 'before') await work()
    if (world.fails !== 'never') throw new Problem('store-unavailable')
  }
  return {
    world,
    store: { ...store, write: (...args) => failing(() => store.write(...args))(), addToList: (...args) => failing(() => store.addToList(...args))() } as Store,
  }
}

await t.test('webhook queue: steps wait in memory when the store fails, in bounded number, and none is stored twice', async (t) => {
  const { clock, receiver, store: real } = await openHarness(t)
  const log = logOf()
  const { store, world } = openFailing(real)
  const queue = openStepQueue(store, { sealingKey, clock, random: randomBytes, log })
  for (const [fails, total] of [['before', 10_005], ['after', 50]] as const) {
    world.fails = fails
    queue.add(stepOf('ada', 0))
    await t.rejects(queue.flush(), { code: 'store-unavailable' })
    await pass(clock, 10_000)
    for (let n = 1; n < total; n++) queue.add(stepOf('ada', n))
    world.fails = 'never'
    await passUntil(clock, () => receiver.taken.length >= Math.min(total, 10_000), 250)
    await pass(clock, 3000)
    const numbers = byPerson(receiver.taken.splice(0)).ada
    t.ok(numbers !== undefined && numbers.every((n, index) => n === index), 'in order, without a gap, once')
    t.ok((numbers?.length ?? 0) <= 10_000 + 20, 'and the batch that was being stored')
  }
  const lines = log.lines.filter(({ message }) => message.includes('the newest steps are dropped'))
  t.equal(lines.length, 1, 'one line an hour')
  await queue.close()
})

await t.test('webhook queue: the newest steps are dropped when it is full, and it takes steps again later', async (t) => {
  const clock = createFakeClock(Date.now())
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const log = logOf()
  const queue = openStepQueue(store, { sealingKey, clock, random: randomBytes, log })
  const name = (n: number): string => `${Date.now()}-${n}`
  for (let n = 0; n < maxBatches; n++) await store.addToList('webhook', name(n))
  queue.add(stepOf('ada', 0))
  await queue.flush()
  t.equal(await namesLeft(store), maxBatches)
  t.hasStrict(log.lines, [{ level: 'error', fields: { steps: 1 } }])
  for (let n = 0; n < 10; n++) await store.removeFromList('webhook', (await store.readList('webhook', { prefix: '', after: null, limit: 1 }))[0] ?? '')
  clock.advance(6000)
  queue.add(stepOf('ada', 1))
  await queue.flush()
  t.equal(await namesLeft(store), maxBatches - 9)
})

await t.test('webhook queue: an operator\'s steps are delivered by the service when a command has ended', async (t) => {
  const { clock, receiver, store } = await openHarness(t)
  const recorded: unknown[] = []
  const queue = openStepQueue(store, { sealingKey, clock, random: randomBytes, log: createRecordingLog() })
  withStepQueue({ record: (step) => { recorded.push(step) } }, queue).record({ event: 'person.allowed', sub: 'ada', by: 'operator' })
  await queue.close()
  t.equal(recorded.length, 1)
  await passUntil(clock, () => receiver.taken.length === 1)
  t.strictSame(receiver.taken[0]?.data, { event: 'person.allowed', sub: 'ada', by: 'operator' })
})

await t.test('webhook queue: nobody else delivers while one instance renews its lease, and another does when it ends or lets go', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const [one, two] = ['one', 'two'].map((holder) => createLease(store, clock, { key: 'lease', holder, leaseMs })) as [ReturnType<typeof createLease>, ReturnType<typeof createLease>] // two were made
  t.equal(await one.keep(), 'taken')
  for (let ms = 0; ms < 4 * leaseMs; ms += 5000) {
    t.equal(await two.keep(), 'missed')
    clock.advance(5000)
    t.equal(await one.keep(), 'kept')
  }
  clock.advance(leaseMs + 1)
  t.notOk(one.isHeld(), 'a stalled holder knows it')
  t.equal(await two.keep(), 'taken')
  t.equal(await one.keep(), 'missed')
  await two.release()
  clock.advance(5000)
  t.equal(await one.keep(), 'taken')
})

await t.test('webhook: a stalled instance repeats steps at most, in order, when another has taken over', async (t) => {
  const clock = createFakeClock(Date.now())
  const stalled = createFakeClock(clock.now())
  const receiver = await startReceiver(t, clock)
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const first = openOn(t, store, stalled, receiver)
  const release = Promise.withResolvers<number>()
  receiver.answerWith(() => receiver.tries.length === 1 ? release.promise : 204)
  for (let n = 0; n < 5; n++) first.add(stepOf('ada', n))
  const both = (ms: number): void => {
    stalled.advance(ms)
    clock.advance(ms)
  }
  while (receiver.tries.length === 0) {
    both(250)
    await pass(clock, 0)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  openOn(t, store, clock, receiver) // the first one's time stands still
  await passUntil(clock, () => receiver.taken.length === 5)
  t.strictSame(receiver.tries.map(({ data }) => data.n), [0, 0, 1, 2, 3, 4])
  release.resolve(204)
  await pass(clock, 5000)
  t.strictSame(receiver.tries.slice(6).map(({ data }) => data.n), [1, 2, 3, 4].slice(0, receiver.tries.length - 6), 'repetitions, in order')
  t.strictSame(byPerson(receiver.taken).ada, [0, 1, 2, 3, 4])
  t.equal(new Set(receiver.tries.map(({ id }) => id)).size, 5)
})

await t.test('webhook queue: batches of another cookie key are told in a line, and the others are delivered', async (t) => {
  const { clock, receiver, store, log, webhook } = await openHarness(t)
  const foreign = openStepQueue(store, { sealingKey: Buffer.alloc(32, 9), clock, random: randomBytes, log: createRecordingLog() })
  for (let n = 0; n < 3; n++) {
    foreign.add(stepOf('ada', n))
    await foreign.flush()
  }
  webhook.add(stepOf('ben', 0))
  await passUntil(clock, () => receiver.taken.length === 1)
  await pass(clock, 10_000)
  const lines = log.lines.filter(({ message }) => message.includes('another cookie key'))
  t.equal(lines.length, 1, 'a line an hour at the most')
  t.strictSame(byPerson(receiver.taken), { ben: [0] })
  clock.sleep(25 * 3600_000)
  await pass(clock, 5000)
  t.equal(await namesLeft(store), 0, 'they go after a day')
})
