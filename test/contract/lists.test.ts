/** Sorted lists: each text once, in the order of UTF-8, read in pages. */
import t from 'tap'
import { onEveryStore } from './store-harness.ts'

await onEveryStore(t, 'lists', async (t, { stores }) => {
  const [store] = stores
  const last = stores.at(-1) ?? store
  const all = { prefix: '', after: null, limit: 100 }

  t.strictSame(await store.readList('names', all), [], 'readList: is empty when nothing was added')
  t.equal(await store.lengthOfList('names'), 0)
  t.equal(await store.removeFromList('names', 'a'), false, 'removeFromList: is false when the list has no such text')

  // In UTF-8 an emoji comes last; in UTF-16 it would come before the full-width letters.
  const texts = ['a', 'a:1', 'ab', 'b', 'é', '小明', 'ｚ', '🙂']
  await Promise.all([...texts].reverse().map((text, index) => (stores[index % stores.length] ?? store).addToList('names', text)))
  await store.addToList('names', 'a')
  await store.addToList('other', 'x')
  t.strictSame(await last.readList('names', all), texts, 'readList: gives each text once, in the order of UTF-8')
  t.equal(await last.lengthOfList('names'), texts.length)

  t.strictSame(await last.readList('names', { ...all, prefix: 'a' }), ['a', 'a:1', 'ab'], 'readList: gives the texts that begin with the prefix')
  t.strictSame(await last.readList('names', { ...all, prefix: '小' }), ['小明'])
  t.strictSame(await last.readList('names', { ...all, prefix: '🙂' }), ['🙂'])
  t.strictSame(await last.readList('names', { ...all, prefix: 'c' }), [])
  t.strictSame(await last.readList('names', { ...all, limit: 2 }), ['a', 'a:1'])
  t.strictSame(await last.readList('names', { ...all, after: 'a:1', limit: 2 }), ['ab', 'b'], 'readList: goes on after the text of the page before')
  t.strictSame(await last.readList('names', { ...all, after: 'aa', limit: 2 }), ['ab', 'b'], 'readList: goes on after a text that has left the list')
  t.strictSame(await last.readList('names', { prefix: 'a', after: 'a', limit: 9 }), ['a:1', 'ab'])
  t.strictSame(await last.readList('names', { prefix: 'b', after: 'a', limit: 9 }), ['b'], 'readList: begins with the prefix when that comes later')
  t.strictSame(await last.readList('names', { prefix: 'a', after: 'b', limit: 9 }), [])
  t.strictSame(await last.readList('names', { ...all, after: 'ｚ' }), ['🙂'])
  t.strictSame(await last.readList('names', { ...all, after: '🙂' }), [])

  const removed = await Promise.all(stores.flatMap((one) => [one.removeFromList('names', 'ab'), one.removeFromList('names', 'ab')]))
  t.equal(removed.filter(Boolean).length, 1, 'removeFromList: is true for one caller when several remove a text')
  t.equal(await store.lengthOfList('names'), texts.length - 1)
  t.strictSame(await store.readList('other', all), ['x'], 'lists: are apart from each other')

  const many = Array.from({ length: 120 }, (_, n) => `entry-${String(n).padStart(3, '0')}`)
  await Promise.all(many.map((text, index) => (stores[index % stores.length] ?? store).addToList('many', text)))
  const pages: string[][] = []
  for (let after: string | null = null; pages.at(-1)?.length !== 0; after = pages.at(-1)?.at(-1) ?? null) pages.push([...await store.readList('many', { prefix: '', after, limit: 50 })])
  t.strictSame(pages.map(({ length }) => length), [50, 50, 20, 0])
  t.strictSame(pages.flat(), many, 'readList: gives every text once when it is read page by page')

  for (const bad of ['', 'x'.repeat(301), 'a\0', '\ud83d', '\u{10ffff}']) {
    await t.rejects(store.addToList('names', bad), RangeError, `addToList: refuses ${JSON.stringify(bad.slice(0, 5))}`)
    await t.rejects(store.removeFromList('names', bad), RangeError)
  }
  for (const bad of ['', 'a b', 'a::b']) await t.rejects(store.addToList(bad, 'a'), RangeError, `addToList: refuses the list ${JSON.stringify(bad)}`)
  for (const limit of [0, -1, 1.5, NaN]) await t.rejects(store.readList('names', { ...all, limit }), RangeError)
})
