import t from 'tap'
import { createHourlyLine, createRareLine } from '../../src/rare-line.ts'
import { createFakeClock } from '../support/fake-clock.ts'

await t.test('rare line: the first is written at once, and later ones when their time is up, with how many there were', async (t) => {
  const clock = createFakeClock()
  const counts: number[] = []
  const line = createRareLine(clock, 60_000, (count) => { counts.push(count) })
  line.add(1)
  t.strictSame(counts, [1])
  for (let second = 0; second < 59; second++) {
    clock.advance(1_000)
    line.add(2)
  }
  t.strictSame(counts, [1])
  clock.advance(1_000)
  t.strictSame(counts, [1, 118])
  line.add(1)
  t.strictSame(counts, [1, 118], 'not before another such time')
  line.flush()
  t.strictSame(counts, [1, 118, 1], 'at the end, what is left')
  line.flush()
  t.equal(counts.length, 3, 'nothing when there is nothing to say')
})

await t.test('rare line: it is written at once again when it was quiet for its time', async (t) => {
  const clock = createFakeClock()
  let written = 0
  const line = createHourlyLine(clock, () => { written++ })
  line.add(1)
  clock.advance(3_600_000)
  t.equal(written, 1)
  line.add(1)
  t.equal(written, 2)
})
