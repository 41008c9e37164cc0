/** The bounds of the codes that are kept. */
import t from 'tap'
import { createCodeCache } from '../../../src/wechat/code-cache.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const image = (size: number) => ({ bytes: Buffer.alloc(size), type: 'image/png' as const })

await t.test('code cache: the one looked at longest ago goes when there are too many', async (t) => {
  const cache = createCodeCache({ clock: createFakeClock(), ttlMs: 1000, maxCount: 2, maxBytes: 100 })
  cache.put('a', image(1))
  cache.put('b', image(1))
  t.ok(cache.get('a'))
  cache.put('c', image(1))
  t.strictSame(['a', 'b', 'c'].map((id) => cache.get(id) !== undefined), [true, false, true])
})

await t.test('code cache: the oldest go when the bytes are too many', async (t) => {
  const cache = createCodeCache({ clock: createFakeClock(), ttlMs: 1000, maxCount: 10, maxBytes: 100 })
  cache.put('a', image(40))
  cache.put('b', image(40))
  cache.put('b', image(50))
  t.ok(cache.get('a'), 'an entry put in twice counts once')
  cache.put('c', image(60))
  t.strictSame(['a', 'b', 'c'].map((id) => cache.get(id) !== undefined), [true, false, true])
  cache.put('d', image(101))
  t.strictSame(['a', 'c', 'd'].map((id) => cache.get(id) !== undefined), [false, false, false])
})

await t.test('code cache: an entry is gone when its time is up, and all are when cleared', async (t) => {
  const clock = createFakeClock()
  const cache = createCodeCache({ clock, ttlMs: 1000, maxCount: 10, maxBytes: 100 })
  cache.put('a', image(1))
  clock.advance(999)
  t.ok(cache.get('a'))
  clock.advance(1)
  t.equal(cache.get('a'), undefined)
  cache.put('b', image(1))
  cache.clear()
  t.equal(cache.get('b'), undefined)
})
