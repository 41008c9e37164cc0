import t from 'tap'
import { createFairCache } from '../../../src/wechat/fair-cache.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

/** Each entry takes 200 bytes of its own. */
const create = ({ maxCount = 10, maxBytes = 10_000, clock = createFakeClock() } = {}) =>
  createFairCache({ clock, ttlMs: 1000, maxCount, maxBytes, bytesOf: (made: string) => made.length })

const sized = (bytes: number): string => 'x'.repeat(bytes)

await t.test('fair cache: the client with the most bytes loses its oldest entry when there are too many bytes', async (t) => {
  const cache = create({ maxBytes: 2000 })
  const left = () => ['a', 'b1', 'b2', 'b3', 'c'].filter((id) => cache.get(id) !== undefined)
  cache.put('a', 'first', sized(300))
  cache.put('b1', 'greedy', sized(200))
  cache.put('b2', 'greedy', sized(200))
  cache.put('b3', 'greedy', sized(200))
  t.strictSame(left(), ['a', 'b1', 'b2', 'b3'])
  cache.put('c', 'second', sized(300))
  t.strictSame(left(), ['a', 'b2', 'b3', 'c'])
})

await t.test('fair cache: other clients lose nothing when one client puts in more than the bounds allow', async (t) => {
  const cache = create({ maxBytes: 100_000, maxCount: 100 })
  for (let i = 0; i < 20; i++) cache.put(`honest-${i}`, `visitor-${i}`, sized(100))
  for (let i = 0; i < 1000; i++) cache.put(`flood-${i}`, 'greedy', sized(100))
  for (let i = 0; i < 20; i++) t.ok(cache.get(`honest-${i}`))
  t.ok(cache.get('flood-999'))
  t.notOk(cache.get('flood-0'))
})

await t.test('fair cache: the client with the most bytes loses its oldest entry when there are too many entries', async (t) => {
  const cache = create({ maxCount: 3 })
  cache.put('a', 'first', sized(1))
  for (const id of ['b1', 'b2', 'b3']) cache.put(id, 'greedy', sized(1))
  t.strictSame(['a', 'b1', 'b2', 'b3'].map((id) => cache.get(id) !== undefined), [true, false, true, true])
})

await t.test('fair cache: of clients with as many bytes, the one that was first loses its oldest entry', async (t) => {
  const cache = create({ maxCount: 50, maxBytes: 100_000 })
  for (let i = 0; i < 120; i++) cache.put(`code-${i}`, `visitor-${i}`, sized(100))
  for (let i = 0; i < 120; i++) t.equal(cache.get(`code-${i}`) !== undefined, i >= 70, `code ${i}`)
})

await t.test('fair cache: an entry costs a full cache no more steps when a thousand times as many clients have entries', async (t) => {
  const mapIterator = Object.getPrototypeOf(new Map().values()) as Iterator<unknown>
  let steps = 0
  const { next } = mapIterator
  t.intercept(mapIterator, 'next', {
    value (this: Iterator<unknown>) {
      steps++
      return next.call(this)
    },
  })
  const stepsOfPut = (clients: number): number => {
    const cache = create({ maxCount: clients, maxBytes: 1e9 })
    for (let i = 0; i < clients; i++) cache.put(`code-${i}`, `visitor-${i}`, sized(100))
    const before = steps
    for (let i = 0; i < 100; i++) cache.put(`more-${i}`, `further-${i}`, sized(100))
    return (steps - before) / 100
  }
  t.equal(stepsOfPut(10_000), stepsOfPut(10))
})

await t.test('fair cache: an entry counts once when it is put in twice, and is not kept when it is larger than the whole cache', async (t) => {
  const cache = create({ maxBytes: 1000 })
  cache.put('a', 'first', sized(300))
  cache.put('b', 'second', sized(200))
  cache.put('b', 'second', sized(290))
  t.ok(cache.get('a'))
  cache.put('large', 'third', sized(1001))
  t.equal(cache.get('large'), undefined)
  t.ok(cache.get('a'), 'nothing else was evicted')
})

await t.test('fair cache: an entry is gone when its time is up, by the steady clock, and all are when the cache is cleared', async (t) => {
  const clock = createFakeClock()
  const cache = create({ clock, maxCount: 2 })
  cache.put('a', 'first', sized(1))
  clock.shiftWallClock(-3_600_000)
  clock.advance(999)
  t.ok(cache.get('a'))
  clock.advance(1)
  t.equal(cache.get('a'), undefined)
  cache.put('b', 'first', sized(1))
  cache.put('c', 'first', sized(1))
  t.ok(cache.get('b'), 'an expired entry takes no room')
  cache.clear()
  t.equal(cache.get('b'), undefined)
})

await t.test('fair cache: a value is made once when several callers want it at the same time, and again after a failure', async (t) => {
  const cache = create()
  let made = 0
  const make = async (): Promise<string> => {
    if (++made === 1) throw new Error('the first')
    return sized(1)
  }
  const callers = () => Promise.allSettled([cache.fetch('a', 'first', make), cache.fetch('a', 'second', make)])
  t.strictSame((await callers()).map(({ status }) => status), ['rejected', 'rejected'])
  t.strictSame((await callers()).map(({ status }) => status), ['fulfilled', 'fulfilled'])
  t.equal(await cache.fetch('a', 'third', make), sized(1))
  t.equal(made, 2)
})

await t.test('fair cache: a value goes to its callers and is not kept when the cache is cleared while it is made', async (t) => {
  const cache = create()
  const { promise, resolve } = Promise.withResolvers<string>()
  const fetched = cache.fetch('a', 'first', () => promise)
  cache.clear()
  resolve(sized(1))
  t.equal(await fetched, sized(1))
  t.equal(cache.get('a'), undefined)
})

await t.test('fair cache: the entry counts no more when it has expired and could not be made again', async (t) => {
  const clock = createFakeClock()
  const cache = create({ clock, maxBytes: 1000 })
  cache.put('a', 'first', sized(600))
  clock.advance(1000)
  await t.rejects(cache.fetch('a', 'first', async () => { throw new Error('failed') }))
  cache.put('b', 'first', sized(100))
  cache.put('c', 'second', sized(300))
  t.ok(cache.get('b'))
  cache.put('d', 'second', sized(100))
  t.strictSame(['b', 'c', 'd'].map((key) => cache.get(key) !== undefined), [true, false, true], 'the second client has the most bytes')
})
