import t from 'tap'
import { openBrowser, type TestBrowser } from '../support/clients.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openTestService } from '../support/test-service.ts'
import { phoneOf } from '../support/login.ts'
import { settle, waitUntil } from '../support/waiting.ts'
import { Problem } from '../../src/errors.ts'
import type { Store } from '../../src/login/store-port.ts'

/** Tracks whether a call has been answered. */
const watch = <T>(call: Promise<T>): { isAnswered: () => boolean, answer: Promise<T> } => {
  let answered = false
  return { isAnswered: () => answered, answer: call.finally(() => { answered = true }) }
}

/** Counts the calls to a store. */
const counting = (counter: { calls: number }) => (store: Store): Store => new Proxy(store, {
  get: (target, name: keyof Store) => (...args: unknown[]) => {
    counter.calls++
    return (target[name] as (...args: unknown[]) => unknown)(...args)
  },
})

await t.test('long poll: it is answered at once when the version is newer, when no version is given, and when it asks not to wait', async (t) => {
  const service = await openTestService(t)
  const browser = await openBrowser(service)
  for (const [after, wait] of [[undefined, undefined], [undefined, 25], [0, 25], [-5, 25], [1, 0], [1, -3]] as const) {
    t.hasStrict((await browser.poll(after, wait)).json, { state: 'pending', version: 1 }, `after ${after}, wait ${wait}`)
  }
})

await t.test('long poll: it is held for its whole time without a call to the store, and then answered with the unchanged ticket', async (t) => {
  const counter = { calls: 0 }
  const service = await openTestService(t, { wrapStore: counting(counter) })
  const browser = await openBrowser(service)
  const poll = watch(browser.poll(1, 10))
  await settle()
  const calls = counter.calls
  service.clock.advance(9999)
  await settle()
  t.notOk(poll.isAnswered())
  t.equal(counter.calls, calls)
  service.clock.advance(1)
  t.strictSame((await poll.answer).json, { ticket: browser.ticket, state: 'pending', version: 1, expires_in: 170 })
})

await t.test('long poll: both of two polls are answered at once when the phone scans', async (t) => {
  const service = await openTestService(t)
  const browser = await openBrowser(service)
  const phone = await phoneOf(service)
  const polls = [watch(browser.poll(1, 25)), watch(browser.poll(1, 25))]
  await settle()
  t.notOk(polls.some((poll) => poll.isAnswered()))
  await phone.scan(browser.ticket)
  for (const poll of polls) t.hasStrict((await poll.answer).json, { state: 'scanned', version: 2 })
})

await t.test('long poll: it is answered when the browser cancels in another tab, and when the ticket expires', async (t) => {
  const service = await openTestService(t)
  const [one, other] = [await openBrowser(service), await openBrowser(service)]
  const cancelled = one.poll(1, 25)
  await settle()
  await one.giveUp()
  t.hasStrict((await cancelled).json, { state: 'cancelled', version: 2, expires_in: 0 })
  service.clock.advance(170_000)
  const expired = other.poll(1, 25)
  await settle()
  service.clock.advance(10_000)
  t.hasStrict((await expired).json, { state: 'expired', version: 2, expires_in: 0 })
})

await t.test('long poll: no wake-up is lost when the ticket changes between read and wait', async (t) => {
  let slowReads = 0
  let release = (): void => {}
  const service = await openTestService(t, {
    wrapStore: (store) => ({
      ...store,
      read: async <T>(key: string) => {
        const value = await store.read<T>(key)
        if (key.startsWith('ticket:') && slowReads-- > 0) await new Promise<void>((resolve) => { release = resolve })
        return value
      },
    }),
  })
  const browser = await openBrowser(service)
  const phone = await phoneOf(service)
  slowReads = 1
  const poll = browser.poll(1, 25) // has read "pending", and is stopped before it waits
  await settle()
  await phone.scan(browser.ticket)
  release()
  t.hasStrict((await poll).json, { state: 'scanned', version: 2 })
})

await t.test('long poll: it is answered when a move was stored but its answer got lost', async (t) => {
  let losesAnswers = false
  const service = await openTestService(t, {
    wrapStore: (store) => ({
      ...store,
      replace: async (...args) => {
        const isTaken = await store.replace(...args)
        if (losesAnswers) throw new Problem('store-unavailable')
        return isTaken
      },
    }),
  })
  const browser = await openBrowser(service)
  const phone = await phoneOf(service)
  const poll = browser.poll(1, 25)
  await settle()
  losesAnswers = true
  t.equal((await phone.scan(browser.ticket)).status, 503)
  losesAnswers = false
  t.equal((await phone.scan(browser.ticket)).status, 200, 'the phone\'s repeated scan succeeds')
  t.hasStrict((await poll).json, { state: 'scanned', version: 2 })
})

await t.test('long poll: wait is at most MAX_WAIT, and MAX_WAIT by default', async (t) => {
  const service = await openTestService(t, { env: { MAX_WAIT: '7' } })
  const browser = await openBrowser(service)
  t.equal(browser.created.json.max_wait, 7)
  const polls = [watch(browser.poll(1, 600)), watch(browser.poll(1)), watch(browser.poll(1, '9'.repeat(400)))]
  await settle()
  service.clock.advance(6999)
  await settle()
  t.notOk(polls.some((poll) => poll.isAnswered()))
  service.clock.advance(1)
  for (const poll of polls) t.equal((await poll.answer).status, 200)
})

await t.test('long poll: it ends in time when the store\'s clock is set back meanwhile', async (t) => {
  const clock = createFakeClock()
  let setBackMs = 0
  const service = await openTestService(t, { clock: { ...clock, now: () => clock.now() - setBackMs } })
  const browser = await openBrowser(service)
  const poll = watch(browser.poll(1, 25))
  await settle()
  clock.advance(10_000)
  setBackMs = 90_000
  clock.advance(14_999)
  await settle()
  t.notOk(poll.isAnswered())
  clock.advance(1)
  t.hasStrict(await poll.answer, { status: 200, json: { state: 'pending' } })
})

await t.test('long poll: it is answered when the ticket expires although the store\'s clock is corrected meanwhile', async (t) => {
  const clock = createFakeClock()
  let aheadMs = 900
  const service = await openTestService(t, { clock: { ...clock, now: () => clock.now() + aheadMs } })
  const browser = await openBrowser(service)
  clock.advance(160_000)
  const poll = watch(browser.poll(1, 25))
  await settle()
  aheadMs = 0
  clock.advance(20_899)
  await settle()
  t.notOk(poll.isAnswered())
  clock.advance(1)
  t.hasStrict(await poll.answer, { status: 200, json: { state: 'expired', version: 2 } })
})

await t.test('long poll: it is refused with bad-request when a parameter is no whole number', async (t) => {
  const service = await openTestService(t)
  const browser = await openBrowser(service)
  for (const [after, wait] of [['x', '1'], ['1.5', '1'], ['1e3', '1'], ['', '1'], ['1', 'x'], ['1', '1.0'], ['1', ''], ['+1', '1'], ['0x1', '1'], ['1', 'Infinity'], [' 1', '1']]) {
    const answer = await browser.poll(encodeURIComponent(after as string), encodeURIComponent(wait as string))
    t.equal(`${answer.status} ${answer.json.code}`, '400 bad-request', `after ${after}, wait ${wait}`)
  }
  t.equal((await browser.poll('1&after=2')).json.code, 'bad-request')
  t.equal((await browser.poll('1&wait[]=2&x=y', 0)).status, 200, 'unknown parameters are ignored')
})

await t.test('long poll: HEAD never waits', async (t) => {
  const service = await openTestService(t)
  const { ticket, secret } = await openBrowser(service)
  const answer = await service.call({ method: 'HEAD', path: `/api/tickets/${ticket}?after=1&wait=25`, headers: { authorization: `Ticket ${secret}` } })
  t.equal(answer.status, 200)
  t.equal(answer.text, '')
})

await t.test('long poll: it gets poll_after when too many are held, and misses no change', async (t) => {
  const service = await openTestService(t, { env: { MAX_HELD_POLLS: '1' } })
  const browser = await openBrowser(service)
  const held = watch(browser.poll(1, 25))
  await settle()
  const turnedAway = await browser.poll(1, 25)
  t.strictSame(turnedAway.json, { ticket: browser.ticket, state: 'pending', version: 1, expires_in: 180, poll_after: 2 })
  service.clock.advance(25_000)
  await held.answer
  const next = watch(browser.poll(1, 25))
  await settle()
  t.notOk(next.isAnswered(), 'a slot is free again')
  service.clock.advance(25_000)
  await next.answer
})

await t.test('long poll: a ticket\'s oldest poll is answered with poll_after when a fifth is held', async (t) => {
  const service = await openTestService(t)
  const [browser, other] = [await openBrowser(service), await openBrowser(service)]
  const hold = async (browser: TestBrowser) => {
    const poll = watch(browser.poll(1, 25))
    await settle()
    return poll
  }
  const polls = [await hold(other)]
  for (let i = 0; i < 6; i++) polls.push(await hold(browser))
  t.strictSame(polls.map(({ isAnswered }) => isAnswered()), [false, true, true, false, false, false, false])
  for (const { answer } of polls.slice(1, 3)) t.hasStrict(await answer, { status: 200, json: { state: 'pending', version: 1, poll_after: 2 } })
  await browser.giveUp()
  for (const { answer } of polls.slice(3)) t.hasStrict(await answer, { status: 200, json: { state: 'cancelled', version: 2 } })
  t.notOk(polls[0]?.isAnswered(), 'another ticket has its own limit')
  service.clock.advance(25_000)
  t.equal((await polls[0]?.answer)?.json.poll_after, undefined)
})

await t.test('long poll: its slot is freed when the browser disconnects', async (t) => {
  const counter = { calls: 0 }
  const service = await openTestService(t, { wrapStore: counting(counter), env: { MAX_HELD_POLLS: '1' } })
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
  const browser = await openBrowser(service)
  const before = counter.calls
  const leaving = new AbortController()
  const poll = fetch(`${url}/api/tickets/${browser.ticket}?after=1&wait=25`, { headers: { authorization: `Ticket ${browser.secret}` }, signal: leaving.signal })
  await waitUntil(() => counter.calls === before + 2) // it has read the ticket and secured its slot
  await settle()
  t.equal((await browser.poll(1, 25)).json.poll_after, 2, 'it takes the only slot')
  leaving.abort()
  await t.rejects(poll, { name: 'AbortError' })
  for (let held = false; !held;) { // the clock stands still, so the slot can't be freed for another reason
    const next = watch(browser.poll(1, 25))
    await new Promise((resolve) => setTimeout(resolve, 20))
    held = !next.isAnswered()
  }
})

await t.test('long poll: all are answered when the process shuts down', async (t) => {
  const service = await openTestService(t)
  const browsers: TestBrowser[] = []
  for (let i = 0; i < 20; i++) browsers.push(await openBrowser(service))
  const polls = browsers.map((browser) => browser.poll(1, 25))
  await settle()
  const closed = service.app.close()
  for (const poll of await Promise.all(polls)) t.hasStrict({ status: poll.status, ...poll.json }, { status: 200, state: 'pending', version: 1 })
  await closed
})

await t.test('long poll: it is held for a final ticket as for any other, until that is forgotten', async (t) => {
  const service = await openTestService(t)
  const browser = await openBrowser(service)
  await browser.giveUp()
  service.clock.advance(50_000)
  const poll = watch(browser.poll(2, 25))
  await settle()
  t.notOk(poll.isAnswered())
  service.clock.advance(10_000)
  t.hasStrict((await poll.answer).json, { state: 'cancelled', version: 2 })
  t.equal((await browser.poll(2, 0)).status, 404, 'then it is forgotten')
})
