/** `countAgainstLimits`: several windows in one step. All of them are counted, or only the first full one. */
import t from 'tap'
import { onEveryStore } from './store-harness.ts'

const hour = 3_600_000

await onEveryStore(t, 'countAgainstLimits', async (t, { stores, shortMs, passShort }) => {
  const [store] = stores
  const wide = { key: 'wide', limit: 5 }
  const count = async (narrow: string) => {
    const { key, count, endsInMs } = await store.countAgainstLimits([wide, { key: narrow, limit: 2 }], hour)
    t.ok(endsInMs > 0 && endsInMs <= hour)
    return `${key} ${count}`
  }
  const seen: string[] = []
  for (const narrow of ['a', 'a', 'a', 'a', 'b', 'b', 'c', 'd', 'a']) seen.push(await count(narrow))
  t.strictSame(seen, ['a 1', 'a 2', 'a 3', 'a 4', 'b 1', 'b 2', 'c 1', 'wide 6', 'wide 7'], 'countAgainstLimits: a call over one limit is counted in no other window')

  const counts = async (...narrow: string[]) => (await (stores.at(-1) ?? store).readLimitCounts(['wide', ...narrow])).map(({ count }) => count)
  t.strictSame(await counts('a', 'b', 'none'), [7, 4, 2, 0], 'readLimitCounts: gives the last count of each window')
  t.strictSame(await counts('a', 'b', 'none'), [7, 4, 2, 0], 'readLimitCounts: changes no count')
  for (const { endsInMs } of await store.readLimitCounts(['wide', 'a'])) t.ok(endsInMs > hour - 60_000 && endsInMs <= hour, 'readLimitCounts: gives the end of the current window')

  const short = () => store.countAgainstLimits([{ key: 'short', limit: 1 }, { key: 'shorter', limit: 9 }], shortMs)
  t.hasStrict(await short(), { key: 'shorter', count: 1 })
  t.hasStrict(await short(), { key: 'short', count: 2 })
  await passShort()
  t.strictSame(await store.readLimitCounts(['short', 'shorter']), [{ count: 0, endsInMs: 0 }, { count: 0, endsInMs: 0 }], 'readLimitCounts: is 0 when the window has ended')
  t.hasStrict(await short(), { key: 'shorter', count: 1 }, 'countAgainstLimits: starts at 1 when the window has ended')
  t.hasStrict(await store.count('wide', hour), { count: 1 }, 'count: its windows are separate when the key is the same')

  for (let round = 0; round < 20; round++) {
    const all = await Promise.all(Array.from({ length: 40 }, (_, n) => (stores[n % stores.length] ?? store)
      .countAgainstLimits([{ key: `race-${round}`, limit: 10 }, { key: `race-${round}-${n % 10}`, limit: 3 }], hour)))
    t.equal(all.filter(({ key }) => key !== `race-${round}`).length, 10, 'countAgainstLimits: as many calls pass as the wide limit allows when many call at once')
    t.equal(all.filter(({ key, count }) => key === `race-${round}` && count === 11).length, 1, 'countAgainstLimits: one call is the first over the limit when many call at once')
  }
  await t.rejects(store.countAgainstLimits([{ key: 'a b', limit: 1 }], hour), RangeError)
  await t.rejects(store.countAgainstLimits([{ key: 'a', limit: 0 }], hour), RangeError)
  await t.rejects(store.countAgainstLimits([{ key: 'a', limit: 1 }], 0), RangeError)
})
