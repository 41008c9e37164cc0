import t from 'tap'
import { createHold } from '../../static/scan-login/hold.js'

const open = (lesson: unknown = null) => {
  const remembered: unknown[] = []
  const hold = createHold({ recall: () => lesson, remember: (next) => { remembered.push(next) } })
  return { hold, remembered }
}

/** Polls through a network that cuts after so many seconds, and gives the holds that were tried. */
const live = (hold: ReturnType<typeof createHold>, cutSeconds: number, polls: number): number[] => Array.from({ length: polls }, () => {
  const seconds = hold.seconds(25)
  if (seconds < cutSeconds) hold.whole(seconds * 1000)
  else hold.cut(cutSeconds * 1000, false)
  return seconds
})

await t.test('hold: starts short and grows to what the server allows when nothing cuts', async (t) => {
  const { hold } = open()
  t.strictSame(live(hold, 60, 6), [5, 10, 20, 25, 25, 25])
  t.equal(hold.seconds(7), 7)
})

await t.test('hold: stays below the cut, and tries a little higher more and more seldom', async (t) => {
  const { hold } = open()
  const holds = live(hold, 16, 60)
  t.strictSame(holds.slice(0, 4), [5, 10, 20, 12])
  t.equal(holds.filter((seconds) => seconds >= 16).length, 3, 'three cuts in 60 polls')
  t.equal(live(hold, 16, 600).filter((seconds) => seconds >= 16).length <= 5, true, 'and five in 600 more')
  t.equal(holds.filter((seconds) => seconds === 12).length > 45, true)
})

await t.test('hold: comes down at once when even the first hold is too long, and asks without a hold where nothing may rest', async (t) => {
  t.strictSame(live(open().hold, 5, 3), [5, 4, 4])
  t.strictSame(live(open().hold, 1, 3), [5, 0, 0])
})

await t.test('hold: finds back when a cut had nothing to do with its length', async (t) => {
  const { hold } = open()
  hold.cut(2_500, false)
  t.equal(hold.seconds(25), 2)
  const holds = live(hold, 60, 120)
  t.equal(holds.at(-1), 25)
})

await t.test('hold: halves when nothing comes at all, and blames no failure that came sooner than a hold could have caused it', async (t) => {
  const { hold, remembered } = open({ seconds: 20, ceiling: 55, patience: 8 })
  hold.cut(30_000, true)
  t.equal(hold.seconds(25), 10)
  hold.cut(400, false)
  hold.cut(60_000, false)
  t.equal(hold.seconds(25), 10)
  t.equal(remembered.length, 1)
})

await t.test('hold: learns nothing from an answer that had news', async (t) => {
  const { hold, remembered } = open()
  hold.whole(1_000)
  t.equal(hold.seconds(25), 5)
  t.strictSame(remembered, [])
})

await t.test('hold: begins with what was learnt before, and anew on another network', async (t) => {
  const first = open()
  live(first.hold, 10, 4)
  const next = open(first.remembered.at(-1))
  t.equal(next.hold.seconds(25), 8)
  next.hold.forget()
  t.equal(next.hold.seconds(25), 5)
  t.equal(open(next.remembered.at(-1)).hold.seconds(25), 5)
})

await t.test('hold: believes no nonsense that lies where it remembers', async (t) => {
  for (const lesson of [null, 7, 'x', [], {}, { seconds: '5', ceiling: 5, patience: 8 }, { seconds: -1, ceiling: 5, patience: 8 }, { seconds: 9, ceiling: 5, patience: 8 },
    { seconds: 5, ceiling: 1e9, patience: 8 }, { seconds: 1.5, ceiling: 5, patience: 8 }, { seconds: null, ceiling: null, patience: null }]) {
    t.equal(open(lesson).hold.seconds(25), 5, JSON.stringify(lesson))
  }
})
