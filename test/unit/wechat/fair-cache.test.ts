/** The bounds of what is kept for tickets, and who loses what when there is too much. */
import t from 'tap'
import { createFairCache } from '../../../src/wechat/fair-cache.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

/** Each entry takes 200 bytes of its own. */
const create = ({ maxCount = 10, maxBytes = 10_000, clock = createFakeClock() } = {}) =>
  createFairCache({ clock, ttlMs: 1000, maxCount, maxBytes, bytesOf: (made: string) => made.length })

const sized = (bytes: number): string => 'x'.repeat(bytes)

await t.test('fair cache: the client with the most bytes loses its oldest entry when the bytes are too many', async (t) => {
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

await t.test('fair cache: nobody else loses anything, however much one client puts in', async (t) => {
  const cache = create({ maxBytes: 100_000, maxCount: 100 })
  for (let i = 0; i < 20; i++) cache.put(`honest-${i}`, `visitor-${i}`, sized(100))
  for (let i = 0; i < 1000; i++) cache.put(`flood-${i}`, 'greedy', sized(100))
  for (let i = 0; i < 20; i++) t.ok(cache.get(`honest-${i}`))
  t.ok(cache.get('flood-999'))
  t.notOk(cache.get('flood-0'))
})

await t.test('fair cache: the same holds for the count', async (t) => {
  const cache = create({ maxCount: 3 })
  cache.put('a', 'first', sized(1))
  for (const id of ['b1', 'b2', 'b3']) cache.put(id, 'greedy', sized(1))
  t.strictSame(['a', 'b1', 'b2', 'b3'].map((id) => cache.get(id) !== undefined), [true, false, true, true])
})

await t.test('fair cache: an entry put in twice counts once, and one that is too large for all of it is not kept', async (t) => {
  const cache = create({ maxBytes: 1000 })
  cache.put('a', 'first', sized(300))
  cache.put('b', 'second', sized(200))
  cache.put('b', 'second', sized(290))
  t.ok(cache.get('a'))
  cache.put('large', 'third', sized(1001))
  t.equal(cache.get('large'), undefined)
  t.ok(cache.get('a'), 'it threw out nothing of the others')
})

await t.test('fair cache: an entry is gone when its time is up, whatever the time of day is set to, and all are when cleared', async (t) => {
  const clock = createFakeClock()
  const cache = create({ clock, maxCount: 2 })
  cache.put('a', 'first', sized(1))
  clock.set(-3_600_000)
  clock.advance(999)
  t.ok(cache.get('a'))
  clock.advance(1)
  t.equal(cache.get('a'), undefined)
  cache.put('b', 'first', sized(1))
  cache.put('c', 'first', sized(1))
  t.ok(cache.get('b'), 'what is over takes no room')
  cache.clear()
  t.equal(cache.get('b'), undefined)
})
