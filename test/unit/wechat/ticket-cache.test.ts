/** The bounds of what is kept for tickets. */
import t from 'tap'
import { createTicketCache } from '../../../src/wechat/ticket-cache.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const create = (maxCount: number, clock = createFakeClock()) =>
  createTicketCache({ clock, ttlMs: 1000, maxCount, maxBytes: 100, bytesOf: (made: string) => made.length })

const sized = (bytes: number): string => 'x'.repeat(bytes)

await t.test('ticket cache: the one looked at longest ago goes when there are too many', async (t) => {
  const cache = create(2)
  cache.put('a', sized(1))
  cache.put('b', sized(1))
  t.ok(cache.get('a'))
  cache.put('c', sized(1))
  t.strictSame(['a', 'b', 'c'].map((id) => cache.get(id) !== undefined), [true, false, true])
})

await t.test('ticket cache: the oldest go when the bytes are too many', async (t) => {
  const cache = create(10)
  cache.put('a', sized(40))
  cache.put('b', sized(40))
  cache.put('b', sized(50))
  t.ok(cache.get('a'), 'an entry put in twice counts once')
  cache.put('c', sized(60))
  t.strictSame(['a', 'b', 'c'].map((id) => cache.get(id) !== undefined), [true, false, true])
  cache.put('d', sized(101))
  t.strictSame(['a', 'c', 'd'].map((id) => cache.get(id) !== undefined), [false, false, false])
})

await t.test('ticket cache: an entry is gone when its time is up, and all are when cleared', async (t) => {
  const clock = createFakeClock()
  const cache = create(10, clock)
  cache.put('a', sized(1))
  clock.advance(999)
  t.ok(cache.get('a'))
  clock.advance(1)
  t.equal(cache.get('a'), undefined)
  cache.put('b', sized(1))
  cache.clear()
  t.equal(cache.get('b'), undefined)
})
