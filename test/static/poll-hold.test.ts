import t from 'tap'
import { createPollHold } from '../../static/scan-login/poll-hold.js'

const open = (learned: unknown = null) => {
  const remembered: unknown[] = []
  const hold = createPollHold({ recall: () => learned, remember: (next) => { remembered.push(next) } })
  return { hold, remembered }
}

/** Polls through a network that cuts connections after `cutSeconds`; returns the holds that were tried. */
const pollThrough = (hold: ReturnType<typeof createPollHold>, cutSeconds: number, polls: number): number[] => Array.from({ length: polls }, () => {
  const seconds = hold.seconds(25)
  if (seconds < cutSeconds) hold.wasHeld(seconds * 1000)
  else hold.wasCut(cutSeconds * 1000, false)
  return seconds
})

await t.test('hold: starts short and grows to what the server allows when nothing is cut', async (t) => {
  const { hold } = open()
  t.strictSame(pollThrough(hold, 60, 6), [5, 10, 20, 25, 25, 25])
  t.equal(hold.seconds(7), 7)
})

await t.test('hold: stays below the time of a cut, and tries a higher one less and less often', async (t) => {
  const { hold } = open()
  const holds = pollThrough(hold, 16, 60)
  t.strictSame(holds.slice(0, 4), [5, 10, 20, 12])
  t.equal(holds.filter((seconds) => seconds >= 16).length, 3, 'three cuts in 60 polls')
  t.equal(pollThrough(hold, 16, 600).filter((seconds) => seconds >= 16).length <= 5, true, 'and at most five in 600 more')
  t.equal(holds.filter((seconds) => seconds === 12).length > 45, true)
})

await t.test('hold: drops at once when even the first hold is too long, to none where the network allows none', async (t) => {
  t.strictSame(pollThrough(open().hold, 5, 3), [5, 4, 4])
  t.strictSame(pollThrough(open().hold, 1, 3), [5, 0, 0])
})

await t.test('hold: recovers when a cut had nothing to do with its length', async (t) => {
  const { hold } = open()
  hold.wasCut(2_500, false)
  t.equal(hold.seconds(25), 2)
  const holds = pollThrough(hold, 60, 120)
  t.equal(holds.at(-1), 25)
})

await t.test('hold: halves after a timeout, and ignores a failure that came too soon to be caused by the hold', async (t) => {
  const { hold, remembered } = open({ seconds: 20, ceiling: 55, patience: 8 })
  hold.wasCut(30_000, true)
  t.equal(hold.seconds(25), 10)
  hold.wasCut(400, false)
  hold.wasCut(60_000, false)
  t.equal(hold.seconds(25), 10)
  t.equal(remembered.length, 1)
})

await t.test('hold: learns nothing from a poll that was answered early because of news', async (t) => {
  const { hold, remembered } = open()
  hold.wasHeld(1_000)
  t.equal(hold.seconds(25), 5)
  t.strictSame(remembered, [])
})

await t.test('hold: begins with what was learned before, and anew on another network', async (t) => {
  const first = open()
  pollThrough(first.hold, 10, 4)
  const next = open(first.remembered.at(-1))
  t.equal(next.hold.seconds(25), 8)
  next.hold.reset()
  t.equal(next.hold.seconds(25), 5)
  t.equal(open(next.remembered.at(-1)).hold.seconds(25), 5)
})

await t.test('hold: starts anew when what is stored is invalid', async (t) => {
  for (const learned of [null, 7, 'x', [], {}, { seconds: '5', ceiling: 5, patience: 8 }, { seconds: -1, ceiling: 5, patience: 8 }, { seconds: 9, ceiling: 5, patience: 8 },
    { seconds: 5, ceiling: 1e9, patience: 8 }, { seconds: 1.5, ceiling: 5, patience: 8 }, { seconds: null, ceiling: null, patience: null }]) {
    t.equal(open(learned).hold.seconds(25), 5, JSON.stringify(learned))
  }
})
