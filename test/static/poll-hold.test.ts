import t from 'tap'
import { createPollHold } from '../../static/scan-login/poll-hold.js'

const dayMs = 86_400_000
const start = Date.UTC(2026, 10, 23)

const open = (learned: unknown = null) => {
  const remembered: unknown[] = []
  const time = { now: start }
  const hold = createPollHold({ recall: () => learned, remember: (next) => { remembered.push(next) } }, () => time.now)
  return { hold, remembered, time }
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

await t.test('hold: drops at once when even the first hold is too long, but never below a second', async (t) => {
  t.strictSame(pollThrough(open().hold, 5, 3), [5, 4, 4])
  t.strictSame(pollThrough(open().hold, 1, 3), [5, 1, 1])
})

await t.test('hold: grows again when a connection was reset in the first second or shortly after it', async (t) => {
  for (const cutMs of [500, 700, 999, 1_000, 1_200, 1_249]) {
    const { hold } = open()
    hold.wasCut(cutMs, false)
    t.equal(hold.seconds(25), cutMs < 1_000 ? 5 : 1, `cut after ${cutMs} ms`)
    t.equal(pollThrough(hold, 60, 60).at(-1), 25, `cut after ${cutMs} ms`)
  }
  const short = open({ seconds: 1, ceiling: 1, patience: 8, at: start })
  short.hold.wasCut(800, true)
  t.equal(short.hold.seconds(25), 1, 'nor after a timeout')
})

await t.test('hold: grows in the limits of a service that allows less than was learned', async (t) => {
  const { hold } = open({ seconds: 2, ceiling: 2, patience: 4, at: start })
  for (let polls = 0; polls < 4; polls += 1) hold.wasHeld(hold.seconds(1) * 1000)
  t.equal(hold.seconds(25), 2, 'a hold of a second says nothing about three')
  for (let polls = 0; polls < 4; polls += 1) hold.wasHeld(hold.seconds(2) * 1000)
  t.equal(hold.seconds(25), 4)
})

await t.test('hold: forgets what it learned after a day, in a page that stays open as well', async (t) => {
  const learned = { seconds: 2, ceiling: 2, patience: 64, at: start - dayMs + 1_000 }
  const { hold, time } = open(learned)
  t.equal(hold.seconds(25), 2)
  time.now += 1_000
  t.equal(hold.seconds(25), 5)
  for (const at of [start - dayMs, start + 60_000, 'yesterday', {}, 1e99]) t.equal(open({ ...learned, at }).hold.seconds(25), 5, `${at}`)
})

await t.test('hold: what a page of an earlier release learned, without a time, is forgotten a day after it was read', async (t) => {
  const { hold, remembered, time } = open({ seconds: 2, ceiling: 2, patience: 64 })
  t.equal(hold.seconds(25), 2)
  const next = open(remembered.at(-1))
  time.now += dayMs
  next.time.now += dayMs
  t.strictSame([hold.seconds(25), next.hold.seconds(25)], [5, 5])
})

await t.test('hold: can be read by a page of an earlier release', async (t) => {
  const { hold, remembered } = open()
  hold.wasCut(2_500, false)
  t.strictSame(remembered, [{ seconds: 2, ceiling: 2, patience: 8, at: start }])
})

await t.test('hold: recovers when a cut had nothing to do with its length', async (t) => {
  const { hold } = open()
  hold.wasCut(2_500, false)
  t.equal(hold.seconds(25), 2)
  const holds = pollThrough(hold, 60, 120)
  t.equal(holds.at(-1), 25)
})

await t.test('hold: halves after a timeout, and ignores a failure that came too soon to be caused by the hold', async (t) => {
  const { hold, remembered } = open({ seconds: 20, ceiling: 55, patience: 8, at: start })
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
    { seconds: 0, ceiling: 0, patience: 8 }, { seconds: 0, ceiling: 5, patience: 8 },
    { seconds: 5, ceiling: 1e9, patience: 8 }, { seconds: 1.5, ceiling: 5, patience: 8 }, { seconds: null, ceiling: null, patience: null }]) {
    const dated = typeof learned === 'object' && learned !== null ? { ...learned, at: start } : learned
    t.equal(open(dated).hold.seconds(25), 5, JSON.stringify(learned))
  }
})
