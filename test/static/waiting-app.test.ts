/** A login that an app waits for: the page ends it when the app has given up, and leads back to where it begins there. */
import t from 'tap'
import { createFakeClock } from '../support/fake-clock.ts'
import { createLoginHarness, createStorage, ticketAnswer, viewAnswer } from '../support/login-harness.ts'

const app = (seconds: number, more: object = {}) => ({ app: { name: 'The app', origin: 'https://app.example.com', start_url: 'https://app.example.com/login', expires_in: seconds, ...more } })
const tooLate = (waitsMs: number) => ({ name: 'too-late', app: { name: 'The app', startUrl: 'https://app.example.com/login', waitsMs } })

for (const state of ['pending', 'scanned'] as const) {
  await t.test(`H9 waiting app: when it gives up, a ticket that is ${state} is cancelled, and the page leads back to the app`, async (t) => {
    const bench = createLoginHarness()
    bench.plan.create.push(ticketAnswer('first', app(100)))
    await bench.begin()
    if (state === 'scanned') await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
    await bench.pass(99_000)
    t.not(bench.shown.at(-1), 'too-late')
    await bench.pass(1_000)
    t.strictSame(bench.view(), tooLate(100_000))
    t.equal(bench.callsOf('cancel').length, 1)
    t.equal(bench.events.at(-1), 'expired')
    await bench.pass(600_000)
    t.equal(bench.callsOf('create').length, 1, 'no further code is made')
  })
}

await t.test('H9 waiting app: a code that is renewed has no more time than the app', async (t) => {
  const bench = createLoginHarness()
  bench.plan.create.push(ticketAnswer('first', app(300)), ticketAnswer('second', app(130)))
  await bench.begin()
  let waitedMs = 0
  for (; bench.callsOf('create').length < 2; waitedMs += 1_000) await bench.pass(1_000)
  await bench.pass(5_000)
  await bench.answer(viewAnswer('expired', 2))
  await bench.pass(124_000)
  t.not(bench.shown.at(-1), 'too-late')
  await bench.pass(1_000)
  t.strictSame(bench.view(), tooLate(130_000))
  t.ok(waitedMs < 180_000)
})

await t.test('waiting app: one that has given up before gets no code shown', async (t) => {
  const bench = createLoginHarness()
  bench.plan.create.push(ticketAnswer('first', app(0)))
  await bench.begin()
  await bench.pass(1)
  t.strictSame(bench.view(), tooLate(0))
  t.notOk(bench.shown.includes('waiting'))
})

await t.test('waiting app: a reload goes on with the same time', async (t) => {
  const [tab, clock] = [createStorage(), createFakeClock()]
  const first = createLoginHarness({ tab, clock })
  first.plan.create.push(ticketAnswer('first', app(100)))
  await first.begin()
  await first.pass(60_000)
  first.controller.suspend()
  const second = createLoginHarness({ tab, clock })
  await second.begin()
  await second.answer(viewAnswer('pending', 1))
  await second.pass(39_000)
  t.not(second.shown.at(-1), 'too-late')
  await second.pass(1_000)
  t.strictSame(second.view(), tooLate(100_000))
})

await t.test('waiting app: a login that the person has confirmed in time goes on, and what is no app is none', async (t) => {
  const confirmed = createLoginHarness()
  confirmed.plan.create.push(ticketAnswer('first', app(100)))
  await confirmed.begin()
  await confirmed.pass(99_000)
  await confirmed.answer(viewAnswer('confirmed', 3))
  await confirmed.pass(2_000)
  t.equal(confirmed.shown.at(-1), 'confirmed')
  for (const bad of [{ start_url: 'javascript:alert(1)' }, { name: 1 }, { expires_in: '9' }]) {
    const bench = createLoginHarness()
    bench.plan.create.push(ticketAnswer('first', app(1, bad)))
    await bench.begin()
    await bench.pass(5_000)
    t.equal(bench.shown.at(-1), 'waiting')
  }
})
