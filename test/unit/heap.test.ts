import t from 'tap'
import { createHeap, type Placed } from '../../src/heap.ts'
import { seededFraction } from '../support/seeded-random.ts'

interface Weighed extends Placed { weight: number }

const random = (): number => Math.floor(seededFraction() * 1000)
const entriesOf = (count: number): Weighed[] => Array.from({ length: count }, () => ({ weight: random(), place: -1 }))

await t.test('heap: the first entry is one that no other precedes, whatever was added, changed and removed', async (t) => {
  const heap = createHeap<Weighed>((one, other) => one.weight > other.weight)
  t.equal(heap.first(), undefined)
  const within = new Set<Weighed>()
  const entries = entriesOf(60)
  for (let n = 0; n < 3000; n++) {
    const entry = entries[n % 7 === 0 ? 0 : random() % entries.length]!
    if (random() < 400) {
      heap.remove(entry)
      within.delete(entry)
    } else {
      entry.weight = random()
      heap.put(entry)
      within.add(entry)
    }
    const heaviest = Math.max(...[...within].map(({ weight }) => weight))
    if (within.size === 0 ? heap.first() !== undefined : heap.first()?.weight !== heaviest) t.fail(`step ${n}`)
  }
  for (const entry of entries) heap.remove(entry)
  t.equal(heap.first(), undefined)
  t.ok(entries.every(({ place }) => place === -1))
})

await t.test('heap: ten times the entries add few comparisons to each change', async (t) => {
  const comparisonsOf = (count: number): number => {
    let comparisons = 0
    const heap = createHeap<Weighed>((one, other) => {
      comparisons++
      return one.weight < other.weight
    })
    const entries = entriesOf(count)
    for (const entry of entries) heap.put(entry)
    for (const entry of entries) heap.put(Object.assign(entry, { weight: random() }))
    for (const entry of entries) heap.remove(entry)
    return comparisons / count
  }
  const [few, many] = [comparisonsOf(1_000), comparisonsOf(10_000)]
  t.ok(many < few * 1.5, `${few} and ${many} comparisons`)
})
