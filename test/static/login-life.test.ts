/** A login across several tickets, pages and sleeps: renewal before the end, an unattended page, reload, back-forward cache, and events. */
import t from 'tap'
import { codeOf, createLoginHarness, createStorage, html, json, problem, ticketAnswer, viewAnswer } from '../support/login-harness.ts'
import { createSharedLocks } from '../support/shared-locks.ts'

await t.test('renewal: the next code is made before this one ends, replaces it, and is polled when the old one has ended', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  await bench.pass(159_000)
  t.equal(bench.callsOf('create').length, 1)
  await bench.pass(2_000)
  t.equal(bench.callsOf('create').length, 2)
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t1') } }, 'can still be scanned for some seconds')
  await bench.pass(16_500)
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t2') } })
  t.match(bench.lastUrl(), /^api\/tickets\/t1\?/, 'a scan of the old one is still noticed')
  await bench.answer(viewAnswer('expired', 2))
  t.match(bench.lastUrl(), /^api\/tickets\/t2\?after=1&/)
  await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
  t.strictSame(bench.shown, ['making', 'waiting', 'waiting', 'scanned'])
  t.equal(bench.callsOf('cancel').length, 0)
  t.equal(bench.mostPolls(), 1)
  t.strictSame(bench.events, ['ticket t1', 'ticket t2', 'scanned'])
})

await t.test('renewal: the old ticket is named, and its secret shown, so that the service doesn\'t count the new one', async (t) => {
  for (const isOwnPage of [true, false]) {
    const bench = createLoginHarness({ isOwnPage })
    const made = () => bench.callsOf('create').map(({ init: { body }, headers }) => [body === undefined ? null : JSON.parse(String(body)), headers.get(isOwnPage ? 'X-Ticket-Secret' : 'Authorization')])
    const shown = (ticket: string) => `${isOwnPage ? '' : 'Ticket '}secret-of-${ticket}`
    bench.world.isPunctual = true
    await bench.begin('/orders')
    bench.plan.create.push('cut')
    await bench.pass(161_000)
    await bench.answer(viewAnswer('expired', 2))
    await bench.pass(161_000)
    t.strictSame(made(), [
      [{ return_to: '/orders' }, null],
      [{ return_to: '/orders', renews: 't1' }, shown('t1')],
      [{ return_to: '/orders', renews: 't1' }, shown('t1')],
      [{ return_to: '/orders', renews: 't2' }, shown('t2')],
    ], 'again when an answer was lost')
    await bench.answer(viewAnswer('expired', 2))
    await bench.pass(5_000)
    await bench.answer(viewAnswer('cancelled', 2))
    t.strictSame(made().slice(4), [[{ return_to: '/orders' }, null]], 'none that was cancelled')
  }
})

await t.test('renewal: the old ticket is continued, and the new one cancelled, when the old one is scanned in its last seconds', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  await bench.pass(178_000)
  t.hasStrict(bench.view(), { code: { url: codeOf('t2') } })
  await bench.answer(viewAnswer('scanned', 2, { match_code: '47', expires_in: 60 }))
  t.strictSame(bench.view(), { name: 'scanned', number: '47' })
  await bench.answer(viewAnswer('confirmed', 3))
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
  t.equal(bench.callsOf('consume')[0]?.url, 'api/tickets/t1/consume')
  t.strictSame(bench.callsOf('cancel').map(({ url }) => url), ['api/tickets/t2'])
})

await t.test('renewal: the new ticket is cancelled when the old one is cancelled after it was made', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  await bench.pass(165_000)
  await bench.answer(viewAnswer('cancelled', 2))
  t.strictSame(bench.callsOf('cancel').map(({ url }) => url), ['api/tickets/t2'])
  t.hasStrict(bench.view(), { name: 'cancelled', code: { url: codeOf('t3') } })
})

await t.test('renewal: a refusal is not shown while the old code can be scanned, and is shown when it has expired', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  bench.plan.create.push(problem(503, 'too-many-tickets', { 'Retry-After': '1' }), problem(503, 'too-many-tickets', { 'Retry-After': '1' }))
  await bench.pass(170_000)
  t.strictSame(bench.shown, ['making', 'waiting'])
  await bench.answer(viewAnswer('expired', 2))
  t.hasStrict(bench.view(), { name: 'no-code', why: 'crowded' })
  await bench.pass(2_000)
  t.hasStrict(bench.view(), { name: 'waiting' })
  t.strictSame(bench.events, ['ticket t1', 'expired', 'error crowded', 'ticket t2'])
})

await t.test('renewal: a wait that the server asked for is not shortened when the old code expires', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  bench.plan.create.push(problem(429, 'rate-limited', { 'Retry-After': '40' }))
  await bench.pass(165_000)
  t.equal(bench.callsOf('create').length, 2)
  await bench.answer(viewAnswer('expired', 2))
  t.hasStrict(bench.view(), { name: 'no-code', why: 'too-often' })
  await bench.pass(34_000)
  t.equal(bench.callsOf('create').length, 2)
  await bench.pass(2_000)
  t.equal(bench.callsOf('create').length, 3)
  t.hasStrict(bench.view(), { name: 'waiting' })
})

await t.test('renewal: the next code is not made while the page is hidden, and is made when it is visible again', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  bench.visible.set(false)
  await bench.pass(170_000)
  t.equal(bench.callsOf('create').length, 1)
  bench.visible.set(true)
  await bench.pass(8_000)
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t2') } })
})

await t.test('renewal: the next code is shown after the end when its picture did not come before', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  bench.pictures.push(false)
  await bench.pass(178_000)
  t.hasStrict(bench.view(), { code: { url: codeOf('t1') } })
  await bench.answer(viewAnswer('expired', 2))
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t2') } })
})

await t.test('renewal: tickets with a short life are renewed too, and not too often', async (t) => {
  const bench = createLoginHarness()
  bench.plan.create.push(...Array.from({ length: 9 }, (_, at) => ticketAnswer(`s${at}`, { expires_in: 8 })))
  bench.plan.read.push(...Array.from({ length: 40 }, () => 'cut' as const))
  await bench.begin()
  await bench.pass(24_000)
  t.ok(bench.callsOf('create').length <= 5)
  t.ok(bench.callsOf('create').length >= 3)
})

await t.test('unattended page: after ten minutes the code is dimmed and its ticket cancelled, until the page is hidden and visible again or the visitor clicks', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  await bench.begin()
  const expire = async () => {
    await bench.pass(180_000)
    await bench.answer(viewAnswer('expired', 2))
  }
  await expire()
  bench.simulateActivity()
  await bench.pass(599_000)
  t.equal(bench.shown.at(-1), 'waiting')
  await bench.pass(2_000)
  t.equal(bench.shown.at(-1), 'expired')
  t.equal(bench.events.at(-1), 'expired')
  t.equal(bench.openPolls(), 0)
  const made = bench.callsOf('create').length
  t.ok(bench.callsOf('cancel').some(({ url }) => url === `api/tickets/t${made}` || url === `api/tickets/t${made - 1}`))
  const calls = bench.calls.length
  bench.simulateActivity()
  bench.online.set(true)
  await bench.pass(3_600_000)
  t.equal(bench.calls.length, calls, 'no call meanwhile')
  bench.visible.set(false)
  await bench.settled()
  bench.visible.set(true)
  await bench.settled()
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf(`t${made + 1}`) } })
  await bench.pass(700_000)
  t.equal(bench.shown.at(-1), 'expired')
  bench.simulateActivity()
  bench.controller.renew()
  await bench.settled()
  t.equal(bench.shown.at(-1), 'waiting')
})

await t.test('unattended screen: there is a code that can be scanned for hours, one ticket at a time, also after the service was away for long', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPunctual = true
  const touch = () => { // as the attribute does
    bench.simulateActivity()
    bench.clock.after(60_000, touch)
  }
  touch()
  await bench.begin()
  await bench.pass(7_200_000)
  t.hasStrict(bench.view(), { name: 'waiting' })
  const made = bench.callsOf('create').length
  t.ok(made >= 40 && made <= 46, `${made} tickets in two hours of 180 s each`)
  t.notOk(bench.shown.includes('expired'))
  const outage = <T>(answer: T) => Array.from({ length: 2_000 }, () => answer)
  bench.world.randomValue = 0.5
  bench.plan.read.push(...outage('cut' as const))
  bench.plan.create.push(...outage('cut' as const))
  const before = bench.calls.length
  await bench.answer('cut')
  await bench.pass(3_600_000)
  const calls = bench.calls.length - before
  t.ok(calls < 1_500, `${calls} calls in an hour without answers`)
  for (const call of ['read', 'create'] as const) bench.plan[call].length = 0
  await bench.pass(15_000)
  t.hasStrict(bench.view(), { name: 'waiting' })
})

await t.test('unattended page: a scanned ticket is polled to its end, as its visitor uses the phone', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.answer(viewAnswer('scanned', 2, { match_code: '47', expires_in: 3600 }))
  await bench.pass(900_000)
  t.match(bench.shown.at(-1), /scanned$/)
})

await t.test('reload: the next page continues the ticket of the one before in each of its states', async (t) => {
  const cases = [
    [viewAnswer('pending', 1), ['making', 'waiting'], []],
    [viewAnswer('scanned', 2, { match_code: '47' }), ['making', 'scanned'], []],
    [viewAnswer('confirmed', 3), ['making', 'confirmed'], [null]],
    [viewAnswer('consumed', 4), ['making', 'confirmed'], [null]],
    [viewAnswer('cancelled', 3), ['making', 'cancelled'], []],
    [viewAnswer('expired', 2), ['making', 'waiting'], []],
    [problem(404, 'ticket-not-found'), ['making', 'waiting'], []],
  ] as const
  for (const [answer, shown, redirects] of cases) {
    const tab = createStorage()
    const before = createLoginHarness({ tab })
    await before.begin('/deep')
    await before.pass(5_000)
    before.controller.suspend()
    await before.settled()
    t.equal(before.openPolls(), 0)
    const after = createLoginHarness({ tab, clock: before.clock })
    after.plan.read.push(answer)
    await after.begin('/deep')
    await after.pass(1_500)
    t.match(after.callsOf('read')[0]?.url, /^api\/tickets\/t1\?after=0&/)
    t.equal(after.callsOf('read')[0]?.headers.get('X-Ticket-Secret'), 'secret-of-t1')
    t.strictSame(after.shown, shown)
    t.strictSame(after.redirects, redirects)
    t.equal(before.callsOf('cancel').length + after.callsOf('cancel').length, 0)
  }
})

await t.test('reload: a saved ticket is for the same destination only, and can be taken once', async (t) => {
  const tab = createStorage()
  const before = createLoginHarness({ tab })
  await before.begin('/deep')
  before.controller.suspend()
  const other = createLoginHarness({ tab, clock: before.clock })
  await other.begin('/else')
  t.equal(other.callsOf('create').length, 1)
  const same = createLoginHarness({ tab, clock: before.clock })
  await same.begin('/deep')
  t.equal(same.callsOf('create').length, 0)
  const copy = createLoginHarness({ tab, clock: before.clock })
  await copy.begin('/deep')
  t.equal(copy.callsOf('create').length, 1)
})

await t.test('reload: the next page gets the same session when success was already shown', async (t) => {
  const tab = createStorage()
  const before = createLoginHarness({ tab })
  await before.begin()
  await before.answer(viewAnswer('confirmed', 3))
  t.equal(before.shown.at(-1), 'confirmed')
  before.controller.suspend()
  await before.pass(1_000)
  t.strictSame(before.redirects, [])
  const after = createLoginHarness({ tab, clock: before.clock })
  after.plan.read.push(viewAnswer('consumed', 4))
  await after.begin()
  await after.pass(1_000)
  t.equal(after.callsOf('consume')[0]?.url, 'api/tickets/t1/consume')
  t.strictSame(after.redirects, [null])
})

await t.test('reload: a fresh code is shown without a reason when the session of the saved ticket can no longer be had', async (t) => {
  const tab = createStorage()
  const before = createLoginHarness({ tab })
  await before.begin()
  before.controller.suspend()
  const after = createLoginHarness({ tab, clock: before.clock })
  after.plan.read.push(viewAnswer('consumed', 4))
  after.plan.consume.push(problem(409, 'ticket-consumed'))
  await after.begin()
  await after.pass(3_000)
  t.strictSame(after.shown, ['making', 'waiting'])
})

await t.test('reload: no ticket is saved when the page has gone on, was prevented from that, or was left', async (t) => {
  const confirm = (bench: ReturnType<typeof createLoginHarness>) => bench.answer(viewAnswer('confirmed', 2))
  const goOn = async (bench: ReturnType<typeof createLoginHarness>) => {
    await confirm(bench)
    await bench.pass(1_000)
  }
  const prevent = (bench: ReturnType<typeof createLoginHarness>) => {
    bench.world.isPrevented = true
    return confirm(bench)
  }
  for (const end of [goOn, prevent, async (bench: ReturnType<typeof createLoginHarness>) => { bench.controller.cancel() }]) {
    const bench = createLoginHarness()
    await bench.begin()
    await end(bench)
    bench.controller.suspend()
    t.equal(bench.tab.items.size, 0)
  }
})

/** A page that can be thrown away, in a browser whose locks outlive it. */
const openHiddenPage = async () => {
  const locks = createSharedLocks()
  const own = locks.ofPage()
  const bench = createLoginHarness({ locks: own })
  await bench.begin('/deep')
  bench.visible.set(false)
  /** The page after a reload, or a copy of the tab, which has a copy of the storage. */
  const nextPage = () => createLoginHarness({ tab: bench.tab, clock: bench.clock, locks: locks.ofPage() })
  return { bench, nextPage, throwAway: () => { own.endPage() } }
}

await t.test('thrown away: the next page shows the number, and logs in, when a phone has scanned while the page was hidden', async (t) => {
  const { bench, nextPage, throwAway } = await openHiddenPage()
  await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
  throwAway()
  const after = nextPage()
  after.plan.read.push(viewAnswer('scanned', 2, { match_code: '47' }))
  await after.begin('/deep')
  t.strictSame(after.view(), { name: 'scanned', number: '47' })
  await after.answer(viewAnswer('confirmed', 3))
  await after.pass(1_000)
  t.equal(after.callsOf('consume')[0]?.url, 'api/tickets/t1/consume')
  t.equal(after.callsOf('create').length, 0)
  t.strictSame(after.tab.getItem('scan-login-tickets'), '[]')
})

await t.test('thrown away: the next page finds the present ticket when the page was hidden before the ticket was made, or when it was replaced', async (t) => {
  for (const how of ['made', 'replaced'] as const) {
    const locks = createSharedLocks()
    const own = locks.ofPage()
    const bench = createLoginHarness({ locks: own })
    bench.world.isPunctual = true
    if (how === 'made') bench.visible.set(false)
    await bench.begin()
    if (how === 'replaced') {
      await bench.pass(165_000)
      bench.visible.set(false)
      await bench.answer(viewAnswer('expired', 2))
    }
    own.endPage()
    const after = createLoginHarness({ tab: bench.tab, clock: bench.clock, locks: locks.ofPage() })
    await after.begin()
    t.match(after.lastUrl(), how === 'made' ? /^api\/tickets\/t1\?after=0/ : /^api\/tickets\/t2\?after=0/)
    t.equal(after.callsOf('create').length, 0)
  }
})

await t.test('thrown away: a copy of the tab has a ticket of its own while the page lives, hidden or shown again', async (t) => {
  const { bench, nextPage } = await openHiddenPage()
  const stored = bench.tab.getItem('scan-login-tickets') ?? ''
  const copy = nextPage()
  await copy.begin('/deep')
  await copy.pass(2_000)
  t.equal(copy.callsOf('create').length, 1)
  bench.visible.set(true)
  t.equal(bench.tab.getItem('scan-login-tickets'), '[]')
  bench.tab.setItem('scan-login-tickets', stored)
  const laterCopy = nextPage()
  await laterCopy.begin('/deep')
  await laterCopy.pass(2_000)
  t.equal(laterCopy.callsOf('create').length, 1)
})

await t.test('thrown away: nothing is saved when the login has ended or was given up while the page was hidden', async (t) => {
  for (const end of ['ended', 'given up']) {
    const { bench } = await openHiddenPage()
    if (end === 'ended') {
      await bench.answer(viewAnswer('confirmed', 3))
      await bench.pass(1_000)
    } else bench.controller.cancel()
    t.equal(bench.tab.getItem('scan-login-tickets'), '[]')
  }
})

await t.test('back-forward cache: the login continues when the page is shown again', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  bench.controller.suspend()
  await bench.pass(30_000)
  t.equal(bench.openPolls(), 0)
  bench.plan.read.push(viewAnswer('confirmed', 3))
  await bench.begin()
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
  t.equal(bench.callsOf('create').length, 1)
})

await t.test('sleep: polls at once, and without a hold, when the machine wakes', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(3_000)
  await bench.wake()
  t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=0')
  await bench.answer(viewAnswer('confirmed', 3))
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
})

await t.test('sleep: asks the server when a ticket seems to have expired by the browser\'s clock', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  bench.visible.set(false)
  bench.clock.advance(200_000)
  bench.plan.read.push(viewAnswer('confirmed', 3, { expires_in: 20 }))
  await bench.wake()
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
  t.equal(bench.callsOf('create').length, 1)
})

await t.test('sleep: polls again soon when the first poll after it gets no answer, with a longer timeout each time', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(3_000)
  await bench.wake()
  await bench.pass(40_000)
  const [asked = 0, ...later] = bench.callsOf('read').slice(1).map(({ at }) => at)
  t.strictSame(later.slice(0, 3).map((at) => at - asked), [3_500, 10_000, 20_500], '3 s, 6 s and 10 s, with half a second after each')
  t.equal(bench.mostPolls(), 1)
  t.strictSame(bench.remembered, [], 'nothing is learned about holds')
})

await t.test('sleep: asks for the session again at once when its answer was lost in the sleep', async (t) => {
  const bench = createLoginHarness()
  bench.plan.consume.push('silence')
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 3))
  await bench.wake()
  t.equal(bench.callsOf('consume').length, 2)
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
})

await t.test('sleep: gets its session when the ticket was scanned in its last minute and confirmed while the page was offline past the end that it knew', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(100_000)
  bench.plan.read.push(...Array.from({ length: 99 }, () => 'cut' as const))
  bench.plan.create.push('cut')
  bench.online.set(false)
  await bench.pass(60_000)
  t.equal(bench.shown.at(-1), 'offline over waiting')
  await bench.pass(30_000)
  t.equal(bench.shown.at(-1), 'offline over making', 'the code has expired and cannot be scanned any more')
  bench.plan.read.splice(0, Infinity, viewAnswer('confirmed', 3, { expires_in: 10 }))
  bench.online.set(true)
  await bench.settled()
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
})

await t.test('sleep: shows a fresh code when the ticket was not scanned before its end, or no answer comes for a minute after', async (t) => {
  for (const last of [viewAnswer('expired', 2), null]) {
    const bench = createLoginHarness()
    bench.world.isPunctual = true
    await bench.begin()
    bench.plan.read.push(...Array.from({ length: 999 }, () => 'cut' as const))
    bench.plan.create.push('cut')
    await bench.answer('cut')
    await bench.pass(185_000)
    t.match(bench.shown.at(-1), /making$/)
    if (last !== null) bench.plan.read.splice(0, Infinity, last)
    await bench.pass(65_000)
    t.match(bench.shown.at(-1), /waiting$/)
    t.ok(bench.events.includes('ticket t2'))
  }
})

await t.test('network: learns how long polls can be held, ignores failures of the service, and starts anew when the browser is online again', async (t) => {
  const bench = createLoginHarness({ learned: null })
  await bench.begin()
  t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=5')
  await bench.pass(5_000)
  await bench.answer(viewAnswer('pending', 1))
  t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=10')
  await bench.pass(7_000)
  await bench.answer(html(504))
  await bench.pass(1_000)
  await bench.answer(viewAnswer('pending', 1))
  t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=5')
  t.hasStrict(bench.remembered.at(-1), { seconds: 5, ceiling: 5, patience: 8 })
  await bench.pass(4_000)
  await bench.answer(problem(503, 'store-unavailable', { 'Retry-After': '1' }))
  t.equal(bench.remembered.length, 2)
  bench.online.set(true)
  t.hasStrict(bench.remembered.at(-1), { seconds: 5, ceiling: 55, patience: 4 })
})

await t.test('network: a cut in the first second or shortly after it does not make this visit, or the next one, poll every second', async (t) => {
  for (const cutMs of [700, 1_100]) {
    const bench = createLoginHarness({ learned: null })
    bench.world.isPunctual = true
    await bench.begin()
    await bench.pass(cutMs)
    await bench.answer('cut')
    await bench.pass(170_000)
    const polls = bench.callsOf('read').length
    t.ok(polls < 50, `${polls} polls in the visit of a cut after ${cutMs} ms`)
    const next = createLoginHarness({ learned: bench.remembered.at(-1) })
    next.world.isPunctual = true
    await next.begin()
    await next.pass(170_000)
    t.ok(next.callsOf('read').length < 20, `${next.callsOf('read').length} polls in the next visit`)
  }
})

await t.test('network: what a page of an earlier release stored heals, when that was never to hold a poll', async (t) => {
  const bench = createLoginHarness({ learned: { seconds: 0, ceiling: 0, patience: 8 } })
  bench.world.isPunctual = true
  await bench.begin()
  await bench.pass(170_000)
  t.ok(bench.callsOf('read').length < 12, `${bench.callsOf('read').length} polls`)
})

await t.test('events: each is emitted once', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(3_000)
  await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
  await bench.answer(viewAnswer('cancelled', 3))
  await bench.pass(3_000)
  bench.plan.read.push('cut', 'cut', 'cut')
  await bench.answer('cut')
  await bench.pass(3_000)
  await bench.answer(viewAnswer('pending', 1))
  await bench.answer(viewAnswer('scanned', 2, { match_code: '48' }))
  await bench.answer(viewAnswer('confirmed', 3))
  await bench.pass(1_000)
  t.strictSame(bench.events, ['ticket t1', 'scanned', 'cancelled', 'ticket t2', 'error busy', 'scanned', 'confirmed', 'login'])
  t.strictSame(bench.redirects, [null])
})

await t.test('events: there is no redirect when the page has prevented the login event', async (t) => {
  const bench = createLoginHarness()
  bench.world.isPrevented = true
  bench.plan.consume.push(json(200, { access_token: 'a', expires_in: 900, user: { sub: 's', name: null }, return_to: '/deep' }))
  await bench.begin('/deep')
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(5_000)
  t.equal(bench.events.at(-1), 'login')
  t.strictSame(bench.redirects, [])
})
