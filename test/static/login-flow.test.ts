import t from 'tap'
import { codeOf, createLoginHarness, foreignJson, html, json, problem, ticketAnswer, viewAnswer, type PlannedAnswer } from '../support/login-harness.ts'

await t.test('login flow: shows the code when the ticket is made and its picture has come', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  t.strictSame(bench.shown, ['making', 'waiting'])
  t.strictSame(bench.view(), { name: 'waiting', code: { url: codeOf('t1'), linkUrl: null, lifeMs: 180_000, leftMs: 180_000 } })
  t.equal(bench.callsOf('create')[0]?.init.body, undefined)
})

await t.test('login flow: polls with the secret, the version it knows and the hold that the server allows', async (t) => {
  const bench = createLoginHarness()
  bench.plan.create.push(ticketAnswer('first', { version: 3, max_wait: 11 }))
  await bench.begin()
  t.equal(bench.lastUrl(), 'api/tickets/first?after=3&wait=11')
  t.equal(bench.callsOf('read')[0]?.headers.get('X-Ticket-Secret'), 'secret-of-first')
  await bench.pass(11_000)
  await bench.answer(viewAnswer('pending', 3))
  t.equal(bench.lastUrl(), 'api/tickets/first?after=3&wait=11')
  await bench.answer(viewAnswer('scanned', 4, { match_code: '47' }))
  t.equal(bench.lastUrl(), 'api/tickets/first?after=4&wait=11')
  t.equal(bench.mostPolls(), 1)
})

await t.test('login flow: leaves Authorization to the browser on the service\'s own pages', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(1_000)
  t.strictSame(bench.calls.filter(({ headers }) => headers.has('Authorization')), [])
})

await t.test('login flow: shows its secret in Authorization on another site\'s page, and elsewhere for as long as it lives when a poll got a 401 that isn\'t the service\'s', async (t) => {
  const bench = createLoginHarness({ isOwnPage: false })
  const shown = () => bench.calls.slice(-1).map(({ headers }) => [headers.get('Authorization'), headers.get('X-Ticket-Secret')])[0]
  await bench.begin()
  t.strictSame(shown(), ['Ticket secret-of-t1', null])
  await bench.answer(html(403))
  await bench.pass(1_000)
  t.strictSame(shown(), ['Ticket secret-of-t1', null], 'after another refusal')
  await bench.answer(html(401))
  await bench.pass(1_000)
  t.strictSame(shown(), [null, 'secret-of-t1'])
  await bench.answer(viewAnswer('cancelled', 2))
  await bench.pass(1_000)
  t.strictSame(shown(), [null, 'secret-of-t2'], 'the next ticket, too')
})

await t.test('login flow: polls at an address that nobody can guess, each time another one, when its secret is in X-Ticket-Secret', async (t) => {
  for (const isOwnPage of [true, false]) {
    const bench = createLoginHarness({ isOwnPage })
    await bench.begin()
    for (let polls = 0; polls < 5; polls += 1) await bench.answer(viewAnswer('scanned', 2 + polls))
    const polls = bench.callsOf('read').map(({ poll }) => poll)
    if (isOwnPage) t.equal(new Set(polls.filter((poll) => poll?.match(/^\d{8,}$/))).size, 6)
    else t.strictSame(polls, Array(6).fill(null), 'each address would cost a preflight')
    await bench.answer(viewAnswer('confirmed', 9))
    t.equal(bench.callsOf('consume')[0]?.poll, null)
  }
})

await t.test('login flow: keeps its ticket, and has its session, when some calls are answered by an older instance, which knows Authorization only', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  bench.world.isOlder = true
  await bench.answer(viewAnswer('scanned', 2))
  t.hasStrict(bench.view(), { name: 'scanned' })
  t.equal(bench.callsOf('create').length, 1)
  await bench.answer(viewAnswer('scanned', 3))
  t.strictSame(bench.calls.slice(-1).map(({ headers }) => [headers.get('Authorization'), headers.get('X-Ticket-Secret')]), [['Ticket secret-of-t1', null]], 'what has worked is used from then on')
  await bench.answer(viewAnswer('confirmed', 4))
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])

  const late = createLoginHarness()
  await late.begin()
  late.world.isOlder = true
  await late.answer(viewAnswer('confirmed', 3))
  await late.pass(1_000)
  t.strictSame(late.redirects, [null])
  t.strictSame(late.callsOf('consume').map(({ headers }) => headers.has('Authorization')), [false, true])

  const given = createLoginHarness()
  await given.begin()
  given.world.isOlder = true
  given.controller.cancel()
  await given.settled()
  t.strictSame(given.callsOf('cancel').map(({ headers }) => headers.get('Authorization')), [null, 'Ticket secret-of-t1'])
})

await t.test('login flow: believes that its ticket is unknown when an instance says so that knows its header, or one that knows Authorization only, or what else there is refuses Authorization', async (t) => {
  const older = () => problem(404, 'ticket-not-found', { Vary: 'Cookie, Authorization' })
  for (const [answers, calls] of [[[problem(404, 'ticket-not-found')], 1], [[older(), older()], 2], [[older(), html(401)], 2]] as const) {
    const bench = createLoginHarness()
    await bench.begin()
    bench.plan.read.push(...answers.slice(1))
    await bench.answer(answers[0])
    await bench.pass(1_000)
    t.equal(bench.callsOf('create').length, 2)
    t.equal(bench.callsOf('read').filter(({ url }) => url.includes('t1')).length - 1, calls - 1)
    t.ok(bench.callsOf('read').at(-1)?.headers.has('X-Ticket-Secret'))
  }
  const bench = createLoginHarness()
  await bench.begin()
  bench.plan.read.push('cut')
  await bench.answer(older())
  await bench.pass(1_000)
  t.equal(bench.callsOf('create').length, 1, 'it asks again when the second answer is lost')
})

await t.test('login flow: shows the number, or none, when the code is scanned', async (t) => {
  for (const [extra, number] of [[{ match_code: '07' }, '07'], [{}, null]] as const) {
    const bench = createLoginHarness()
    await bench.begin()
    await bench.answer(viewAnswer('scanned', 2, extra))
    t.strictSame(bench.view(), { name: 'scanned', number })
  }
})

await t.test('login flow: ignores a view that is older than what it knows', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
  await bench.answer(viewAnswer('cancelled', 1))
  t.strictSame(bench.shown, ['making', 'waiting', 'scanned'])
})

await t.test('login flow: gets its session with one POST, shows the check, then leaves', async (t) => {
  for (const state of ['confirmed', 'consumed']) {
    const bench = createLoginHarness()
    bench.plan.consume.push(json(200, { access_token: 'a', user: { name: null }, return_to: '/deep?x=1' }))
    await bench.begin()
    await bench.answer(viewAnswer(state, 3))
    t.strictSame(bench.view(), { name: 'confirmed', person: null })
    t.strictSame(bench.redirects, [])
    await bench.pass(1_000)
    t.strictSame(bench.redirects, ['/deep?x=1'])
    t.equal(bench.callsOf('consume').length, 1)
    t.equal(bench.callsOf('consume')[0]?.headers.get('X-Ticket-Secret'), 'secret-of-t1')
    bench.controller.cancel()
    t.equal(bench.callsOf('cancel').length, 0, 'a used ticket is not cancelled')
  }
})

await t.test('login flow: shows a fresh code, and why, when a ticket has ended', async (t) => {
  const cases = [
    ['cancelled', ['cancelled'], 'cancelled'],
    ['scanned, then cancelled', ['scanned', 'cancelled'], 'cancelled'],
    ['expired', ['expired'], 'waiting'],
    ['scanned, then expired', ['scanned', 'expired'], 'late'],
  ] as const
  for (const [title, states, name] of cases) {
    const bench = createLoginHarness()
    await bench.begin()
    await bench.pass(5_000)
    for (const [index, state] of states.entries()) await bench.answer(viewAnswer(state, index + 2))
    t.hasStrict(bench.view(), { name, code: { url: codeOf('t2') } }, title)
    t.equal(bench.shown.filter((shown) => shown === 'making').length, 1, 'nothing flickers in between')
    t.equal(bench.callsOf('create').length, 2)
  }
})

await t.test('login flow: shows that it is making a code when that takes more than 400 ms', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(5_000)
  bench.plan.create.push('silence')
  await bench.answer(viewAnswer('cancelled', 2))
  await bench.pass(300)
  t.equal(bench.shown.at(-1), 'waiting')
  await bench.pass(200)
  t.equal(bench.shown.at(-1), 'making')
})

await t.test('login flow: stops when a ticket ends while the page is hidden, and goes on when it is visible again', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  bench.visible.set(false)
  await bench.pass(5_000)
  await bench.answer(viewAnswer('expired', 2))
  t.hasStrict(bench.view(), { name: 'expired', code: { url: codeOf('t1') } })
  await bench.pass(600_000)
  t.equal(bench.callsOf('create').length, 1)
  bench.online.set(true)
  await bench.settled()
  t.equal(bench.callsOf('create').length, 1, 'a change of the network is not enough')
  bench.visible.set(true)
  await bench.settled()
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t2') } })
})

await t.test('login flow: says that the code has run out, not that it cannot connect, when the page was hidden and no answer came', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  bench.visible.set(false)
  bench.plan.read.push(...Array.from({ length: 500 }, () => html(502)))
  await bench.answer(html(502))
  await bench.pass(170_000)
  t.equal(bench.shown.at(-1), 'busy over waiting')
  await bench.pass(20_000)
  t.equal(bench.shown.at(-1), 'busy over making', 'for a minute it is possible that somebody has scanned it')
  await bench.pass(65_000)
  t.equal(bench.shown.at(-1), 'expired')
})

await t.test('login flow: makes a new code when the visitor asks for one, and cancels the old ticket', async (t) => {
  const bench = createLoginHarness()
  await bench.begin('/deep')
  await bench.answer(viewAnswer('scanned', 2))
  bench.controller.renew()
  await bench.settled()
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t2') } })
  const [given] = bench.callsOf('cancel')
  t.equal(given?.url, 'api/tickets/t1')
  t.equal(given?.headers.get('X-Ticket-Secret'), 'secret-of-t1')
  t.strictSame(bench.callsOf('create').map(({ init }) => init.body), ['{"return_to":"/deep"}', '{"return_to":"/deep"}'])
  t.equal(bench.openPolls(), 1)
})

await t.test('login flow: cancels the ticket and sends nothing more when the page is left, and can begin again', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  bench.controller.cancel()
  await bench.settled()
  t.equal(bench.openPolls(), 0)
  t.equal(bench.callsOf('cancel')[0]?.init.keepalive, true)
  const before = bench.calls.length
  await bench.pass(300_000)
  t.equal(bench.calls.length, before)
  t.strictSame(bench.shown, ['making', 'waiting'])
  await bench.begin()
  t.strictSame(bench.shown.slice(2), ['making', 'waiting'])
})

await t.test('login flow: waits before the next poll when the answer has poll_after', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.answer(viewAnswer('pending', 1, { poll_after: 4 }))
  await bench.pass(3_900)
  bench.visible.set(true)
  await bench.settled()
  t.equal(bench.callsOf('read').length, 1)
  await bench.pass(100)
  t.equal(bench.callsOf('read').length, 2)
  t.strictSame(bench.shown, ['making', 'waiting'], 'the visitor sees nothing of it')
})

await t.test('login flow: polls about once a second when the server does not hold polls', async (t) => {
  const bench = createLoginHarness()
  bench.plan.create.push(ticketAnswer('t1', { max_wait: 0 }))
  bench.plan.read.push(...Array.from({ length: 50 }, () => viewAnswer('pending', 1)))
  await bench.begin()
  await bench.pass(10_000)
  t.equal(bench.callsOf('read').length, 12)
})

const faults: Record<string, () => PlannedAnswer> = {
  'the connection is cut': () => 'cut',
  'a proxy answers 502 in HTML': () => html(502),
  'a proxy answers 504 with nothing': () => new Response(null, { status: 504 }),
  'a captive portal answers 200 in HTML': () => html(200),
  'JSON is broken': () => new Response('{"ticket":', { status: 200, headers: { 'Content-Type': 'application/json' } }),
  'JSON is of another kind': () => json(200, [1]),
  'a state is unknown': () => viewAnswer('asleep', 2),
  'a number is missing': () => json(200, { state: 'pending', version: 2 }),
  'the store is unavailable': () => problem(503, 'store-unavailable', { 'Retry-After': '1' }),
  'the service has an internal error': () => problem(500, 'internal'),
  'the address made too many calls': () => problem(429, 'rate-limited', { 'Retry-After': '2' }),
  'a firewall refuses': () => html(403),
  'a router without a backend answers 404 in plain text': () => new Response('404 page not found\n', { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' } }),
  'a router answers 410': () => html(410),
  'a router answers 404 in JSON of its own': () => foreignJson(404, 'not-found'),
  'a router answers 404 in a problem of its own': () => problem(404, 'no-route'),
  'a gateway answers 404 in JSON with our code': () => foreignJson(404, 'ticket-not-found'),
  'a gateway answers 409 in JSON with our code': () => foreignJson(409, 'ticket-consumed'),
  'a gateway answers 409 in HTML': () => html(409),
  'a gateway answers 401': () => html(401),
  'a gateway answers 400 in JSON': () => foreignJson(400, 'return-to-not-allowed'),
  'an error has the body of a success': () => json(500, { state: 'confirmed', version: 9, expires_in: 9, access_token: 'a' }),
}

for (const [title, fault] of Object.entries(faults)) {
  await t.test(`login flow: keeps its ticket and carries on when ${title} on a poll`, async (t) => {
    const bench = createLoginHarness()
    bench.plan.read.push(fault(), fault())
    await bench.begin()
    t.strictSame(bench.shown, ['making', 'waiting'], 'the first failure is not shown')
    await bench.pass(2_500)
    t.ok(bench.shown.includes('busy over waiting'))
    await bench.pass(3_000)
    t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=0', 'the first poll after a failure is not held')
    await bench.answer(viewAnswer('pending', 1))
    t.equal(bench.shown.at(-1), 'waiting')
    t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=25')
    const before = bench.shown.length
    bench.plan.read.push(viewAnswer('pending', 1))
    await bench.answer(fault())
    await bench.pass(3_000)
    t.equal(bench.shown.length, before, 'nor is the first one after a success shown')
    await bench.answer(viewAnswer('confirmed', 3))
    await bench.pass(1_000)
    t.strictSame(bench.redirects, [null])
    t.equal(bench.mostPolls(), 1)
  })

  await t.test(`login flow: asks for the session again, and has one, when ${title} on consume`, async (t) => {
    const bench = createLoginHarness()
    bench.plan.consume.push(fault(), fault())
    await bench.begin()
    await bench.answer(viewAnswer('confirmed', 2))
    t.strictSame(bench.shown, ['making', 'waiting'], 'success is not shown before there is a session')
    await bench.pass(10_000)
    t.strictSame(bench.redirects, [null])
    t.equal(bench.callsOf('consume').length, 3)
    t.equal(bench.callsOf('create').length, 1)
  })
}

await t.test('login flow: makes a new code when the confirmed ticket turns out to be final', async (t) => {
  const ends = [problem(409, 'ticket-expired'), problem(409, 'ticket-cancelled'), problem(404, 'ticket-not-found')]
  for (const end of ends) {
    const bench = createLoginHarness()
    bench.plan.consume.push(end)
    await bench.begin()
    await bench.pass(5_000)
    await bench.answer(viewAnswer('confirmed', 2))
    t.hasStrict(bench.view(), { name: 'late', code: { url: codeOf('t2') } })
    t.strictSame(bench.redirects, [])
  }
})

await t.test('login flow: says that the login was cancelled, not that time ran out, when the person has ended it on the phone before its session was there', async (t) => {
  for (const lost of [0, 1]) {
    const bench = createLoginHarness()
    bench.plan.consume.push(...Array.from({ length: lost }, () => 'cut' as const), problem(409, 'ticket-consumed'))
    await bench.begin()
    await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
    await bench.answer(viewAnswer('confirmed', 3))
    await bench.pass(5_000)
    t.hasStrict(bench.view(), { name: 'cancelled', code: { url: codeOf('t2') } })
    t.strictSame(bench.events.filter((event) => ['confirmed', 'cancelled', 'expired'].includes(event)), ['confirmed', 'cancelled'])
    t.strictSame(bench.redirects, [])
  }
})

for (const code of ['person-blocked', 'person-waiting', 'person-unknown'] as const) {
  await t.test(`login flow: says why there is no session, asks no second time, and shows a fresh code once the visitor wants one, when consume answers ${code}`, async (t) => {
    const bench = createLoginHarness()
    bench.plan.consume.push('cut', problem(403, code), problem(403, code))
    await bench.begin()
    await bench.answer(viewAnswer('confirmed', 2))
    await bench.pass(300_000)
    t.strictSame(bench.view(), { name: 'refused', why: code })
    t.strictSame([bench.callsOf('consume').length, bench.callsOf('create').length, bench.callsOf('read').length], [2, 1, 1])
    t.strictSame(bench.events, ['ticket t1', 'confirmed', `error ${code}`])
    t.equal(bench.world.lastPerson, null, 'nobody was logged in')
    t.notOk(bench.shown.includes('confirmed'))

    bench.controller.renew()
    await bench.settled()
    t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t2') } })
    await bench.answer(viewAnswer('confirmed', 2))
    await bench.pass(1_000)
    t.strictSame(bench.view(), { name: 'refused', why: code }, 'the next answer counts for the next ticket')
  })
}

await t.test('login flow: a screen that nobody touches shows a fresh code a while after a person was refused', async (t) => {
  const bench = createLoginHarness()
  bench.world.isUnattended = true
  bench.plan.consume.push(problem(403, 'person-blocked'))
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(14_000)
  t.strictSame(bench.view(), { name: 'refused', why: 'person-blocked' })
  await bench.pass(2_000)
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t2') } })
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null], 'the next person')
})

await t.test('login flow: believes no refusal of a person that isn\'t the service\'s own', async (t) => {
  const bench = createLoginHarness()
  bench.plan.consume.push(foreignJson(403, 'person-blocked'))
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(5_000)
  t.strictSame(bench.redirects, [null])
})

await t.test('login flow: says that time ran out when its ticket may have been used by a call of its own whose answer got lost', async (t) => {
  const bench = createLoginHarness()
  bench.plan.consume.push(...Array.from({ length: 500 }, () => html(502)))
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 2, { expires_in: 100 }))
  await bench.pass(31_000)
  bench.plan.consume.splice(0, Infinity, problem(409, 'ticket-consumed'))
  await bench.pass(20_000)
  t.hasStrict(bench.view(), { name: 'late', code: { url: codeOf('t2') } })
  t.ok(bench.events.includes('expired'))
})

await t.test('login flow: asks again when the confirmation has not reached the instance that answers consume', async (t) => {
  const bench = createLoginHarness()
  bench.plan.consume.push(problem(409, 'ticket-not-confirmed'))
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(3_000)
  t.strictSame(bench.redirects, [null])
})

await t.test('login flow: stops asking for a session when the time for retries is over', async (t) => {
  const bench = createLoginHarness()
  bench.plan.consume.push(...Array.from({ length: 500 }, () => html(502)))
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 2, { expires_in: 20 }))
  await bench.pass(49_000)
  t.equal(bench.shown.at(-1), 'busy over waiting')
  t.equal(bench.callsOf('create').length, 1)
  await bench.pass(2_000)
  t.hasStrict(bench.view(), { name: 'late' })
})

await t.test('login flow: waits for the network when there is none, and goes on with the same ticket at once', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  bench.world.randomValue = 0.99
  bench.plan.read.push('cut', 'cut', 'cut')
  bench.online.set(false)
  await bench.pass(5_000)
  t.hasStrict(bench.view(), { name: 'offline', stage: { name: 'waiting' } })
  bench.plan.read.length = 0
  const before = bench.callsOf('read').length
  bench.online.set(true)
  await bench.settled()
  t.equal(bench.callsOf('read').length, before + 1)
  await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
  t.strictSame(bench.view(), { name: 'scanned', number: '47' })
})

await t.test('login flow: tries nevertheless when the browser wrongly says that it is offline', async (t) => {
  const bench = createLoginHarness()
  bench.online.set(false)
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
})

await t.test('login flow: is offline over the skeleton when there is no network from the start', async (t) => {
  const bench = createLoginHarness()
  bench.online.set(false)
  bench.plan.create.push('cut')
  await bench.begin()
  t.hasStrict(bench.view(), { name: 'offline', stage: { name: 'making' } })
  bench.online.set(true)
  await bench.settled()
  t.hasStrict(bench.view(), { name: 'waiting' })
})

await t.test('login flow: polls again, one poll at a time, when the page is visible again', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  for (const isVisible of [false, true, false, true]) {
    bench.visible.set(isVisible)
    await bench.settled()
  }
  t.equal(bench.callsOf('read').length, 3)
  t.equal(bench.mostPolls(), 1)
  t.strictSame(bench.shown, ['making', 'waiting'])
})

await t.test('login flow: ends a poll itself when no answer comes for 10 s after its hold', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(34_900)
  t.equal(bench.callsOf('read').length, 1)
  await bench.pass(1_000)
  t.equal(bench.callsOf('read').length, 2)
  t.equal(bench.openPolls(), 1)
})

await t.test('login flow: asks for a shorter hold when a proxy has cut the last poll', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(5_000)
  await bench.answer(html(504))
  await bench.pass(1_000)
  t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=0')
  await bench.answer(viewAnswer('pending', 1))
  t.equal(bench.lastUrl(), 'api/tickets/t1?after=1&wait=4')
  t.strictSame(bench.shown, ['making', 'waiting'], 'the visitor sees nothing of it')
})

await t.test('login flow: makes a new ticket, but not at once, when the server does not know this one', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.pass(5_000)
  await bench.answer(problem(404, 'ticket-not-found'))
  t.equal(bench.callsOf('create').length, 1)
  await bench.pass(1_000)
  t.equal(bench.callsOf('create').length, 2)
})

await t.test('login flow: waits between tickets when a server ends them as soon as they are made', async (t) => {
  const bench = createLoginHarness()
  bench.plan.read.push(...Array.from({ length: 100 }, () => viewAnswer('expired', 2)))
  await bench.begin()
  await bench.pass(10_000)
  t.equal(bench.callsOf('create').length, 21, 'two a second with the shortest jitter')
})

await t.test('login flow: makes a new ticket when the old one has expired by the server\'s last answer and no further one comes', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.answer(viewAnswer('scanned', 2, { expires_in: 60 }))
  bench.plan.read.push(...Array.from({ length: 500 }, () => html(502)))
  await bench.answer(html(502))
  await bench.pass(61_000)
  t.equal(bench.callsOf('create').length, 1)
  await bench.pass(3_000)
  t.equal(bench.callsOf('create').length, 2)
  t.ok(bench.shown.includes('late'))
})

const refusals = [
  ['connection cut', () => 'cut', 'unreachable', 500],
  ['a proxy answers', () => html(502), 'unreachable', 500],
  ['a captive portal answers', () => html(200), 'unreachable', 500],
  ['half a ticket', () => json(201, { ticket: 'x' }), 'unreachable', 500],
  ['store unavailable', () => problem(503, 'store-unavailable', { 'Retry-After': '3' }), 'unreachable', 3_000],
  ['too many tickets', () => problem(503, 'too-many-tickets', { 'Retry-After': '20' }), 'crowded', 20_000],
  ['too many calls from the address', () => problem(429, 'rate-limited', { 'Retry-After': '40' }), 'too-often', 40_000],
  ['a router answers 404 in JSON with our code', () => foreignJson(404, 'ticket-not-found'), 'unreachable', 500],
  ['a gateway answers 503 in JSON with our code', () => foreignJson(503, 'wechat-unavailable'), 'unreachable', 500],
  ['WeChat unavailable', () => problem(503, 'wechat-unavailable', { 'Retry-After': '5' }), 'wechat', 5_000],
  ['Retry-After as a date', () => problem(503, 'too-many-tickets', { Date: 'Mon, 23 Nov 2026 01:00:00 GMT', 'Retry-After': 'Mon, 23 Nov 2026 01:00:30 GMT' }), 'crowded', 30_000],
  ['Retry-After beside half a problem', () => new Response('{"code"', { status: 503, headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '7' } }), 'unreachable', 7_000],
  ['Retry-After as nonsense', () => problem(503, 'too-many-tickets', { 'Retry-After': 'soon' }), 'crowded', 500],
  ['Retry-After of a day', () => problem(503, 'too-many-tickets', { 'Retry-After': '86400' }), 'crowded', 300_000],
] as const satisfies readonly (readonly [string, () => PlannedAnswer, string, number])[]

for (const [title, refusal, why, retryMs] of refusals) {
  await t.test(`login flow: shows why there is no code and tries again in time when no ticket is made: ${title}`, async (t) => {
    const bench = createLoginHarness()
    bench.plan.create.push(refusal())
    await bench.begin()
    t.strictSame(bench.view(), { name: 'no-code', why, retryMs })
    await bench.pass(retryMs - 100)
    t.equal(bench.callsOf('create').length, 1)
    await bench.pass(200)
    t.equal(bench.callsOf('create').length, 2)
    t.strictSame(bench.shown, ['making', 'no-code', 'waiting'])
  })
}

await t.test('login flow: does not shorten a wait that the server asked for when the page is visible again', async (t) => {
  const bench = createLoginHarness()
  bench.plan.create.push(problem(429, 'rate-limited', { 'Retry-After': '10' }))
  await bench.begin()
  bench.visible.set(true)
  await bench.settled()
  t.equal(bench.callsOf('create').length, 1)
})

await t.test('login flow: makes no ticket after a failure while the page is hidden', async (t) => {
  const bench = createLoginHarness()
  bench.plan.create.push('cut')
  await bench.begin()
  bench.visible.set(false)
  await bench.pass(120_000)
  t.equal(bench.callsOf('create').length, 1)
  bench.visible.set(true)
  await bench.settled()
  t.equal(bench.callsOf('create').length, 2)
})

await t.test('login flow: sends where the visitor wants to go, and goes on without when that is refused', async (t) => {
  for (const refusal of [problem(400, 'return-to-not-allowed'), problem(413, 'payload-too-large')]) {
    const bench = createLoginHarness()
    bench.plan.create.push(refusal)
    await bench.begin('//evil.example')
    t.strictSame(bench.callsOf('create').map(({ init }) => init.body), ['{"return_to":"//evil.example"}', undefined])
    t.strictSame(bench.shown, ['making', 'waiting'])
  }
})

await t.test('login flow: sends where the visitor wants to go without what follows # when that is refused, and drops all of it when that is refused, too', async (t) => {
  const bodies = ['{"return_to":"/deep#/a\\\\b#c"}', '{"return_to":"/deep"}']
  for (const isRefusedAgain of [false, true]) {
    const bench = createLoginHarness()
    bench.plan.create.push(problem(400, 'return-to-not-allowed'), ...(isRefusedAgain ? [problem(400, 'return-to-not-allowed')] : []))
    await bench.begin('/deep#/a\\b#c')
    t.strictSame(bench.callsOf('create').map(({ init }) => init.body), isRefusedAgain ? [...bodies, undefined] : bodies)
    t.strictSame(bench.shown, ['making', 'waiting'])
  }
})

await t.test('login flow: still asks for where the visitor wants to go when something on the way refused the call', async (t) => {
  for (const refusal of [html(400), html(413), foreignJson(400, 'return-to-not-allowed')]) {
    const bench = createLoginHarness()
    bench.plan.create.push(refusal)
    await bench.begin('/deep')
    t.hasStrict(bench.view(), { name: 'no-code', why: 'unreachable' })
    await bench.pass(1_000)
    t.strictSame(bench.callsOf('create').map(({ init }) => init.body), ['{"return_to":"/deep"}', '{"return_to":"/deep"}'])
    t.hasStrict(bench.view(), { name: 'waiting' })
  }
})

await t.test('login flow: cancels again when something on the way answered the cancelling, and stops when the service has', async (t) => {
  for (const fault of [() => html(404), () => foreignJson(404, 'ticket-not-found'), () => 'cut' as const, () => problem(503, 'store-unavailable')]) {
    const bench = createLoginHarness()
    bench.plan.cancel.push(fault(), fault())
    await bench.begin()
    bench.controller.cancel()
    await bench.pass(10_000)
    t.equal(bench.callsOf('cancel').length, 3)
    t.ok(bench.callsOf('cancel').every(({ init }) => init.keepalive === true))
  }
  for (const end of [problem(404, 'ticket-not-found'), problem(409, 'ticket-confirmed')]) {
    const bench = createLoginHarness()
    bench.plan.cancel.push(end)
    await bench.begin()
    bench.controller.cancel()
    await bench.pass(10_000)
    t.equal(bench.callsOf('cancel').length, 1)
  }
  const never = createLoginHarness()
  never.plan.cancel.push(...Array.from({ length: 500 }, () => html(404)))
  await never.begin()
  never.controller.cancel()
  await never.pass(300_000)
  t.equal(never.callsOf('cancel').length, 5, 'the ticket ends by itself')
})

await t.test('login flow: goes on past the end of a ticket when a router without a backend answers for ever', async (t) => {
  const bench = createLoginHarness()
  const never = (): PlannedAnswer[] => Array.from({ length: 999 }, () => html(404))
  await bench.begin()
  bench.plan.read.push(...never())
  bench.plan.create.push(...never())
  await bench.answer(html(404))
  await bench.pass(250_000)
  t.hasStrict(bench.view(), { name: 'no-code', why: 'unreachable' })
})

await t.test('login flow: shows that there is no code and fetches it again when its picture does not come', async (t) => {
  const bench = createLoginHarness()
  bench.pictures.push(false, new Promise(() => {}))
  await bench.begin()
  t.strictSame(bench.view(), { name: 'no-code', why: 'wechat', retryMs: 500 })
  await bench.pass(15_400)
  t.equal(bench.shown.filter((name) => name === 'no-code').length, 1)
  await bench.pass(700)
  t.hasStrict(bench.view(), { name: 'waiting', code: { url: codeOf('t1'), linkUrl: null, lifeMs: 180_000, leftMs: 164_000 } })
  t.equal(bench.callsOf('create').length, 1)
})

await t.test('login flow: keeps the number on the screen when a picture comes after the scan, or none does', async (t) => {
  for (const comes of [true, false]) {
    const bench = createLoginHarness()
    let come = (_: boolean): void => {}
    bench.pictures.push(new Promise((resolve) => { come = resolve }))
    await bench.begin()
    await bench.answer(viewAnswer('scanned', 2, { match_code: '47' }))
    come(comes)
    await bench.pass(20_000)
    t.strictSame(bench.view(), { name: 'scanned', number: '47' })
  }
})

await t.test('login flow: follows only the newest ticket when it is started twice', async (t) => {
  const bench = createLoginHarness()
  await bench.begin()
  await bench.begin()
  t.equal(bench.openPolls(), 1)
  await bench.answer(viewAnswer('confirmed', 2))
  await bench.pass(1_000)
  t.strictSame(bench.redirects, [null])
})

const another = { lastPerson: 'somebody-else' }
const loggedInAs = (sub: string): PlannedAnswer => json(200, { user: { sub, name: null }, session: { id: 'any' } })

await t.test('E11 page: it asks before it gets a session, and goes on only after a yes, when somebody else was logged in in this browser before', async (t) => {
  const bench = createLoginHarness(another)
  bench.plan.consume.push(json(200, { access_token: 'a', user: { sub: 's', name: '小雨' }, return_to: '/deep' }))
  await bench.begin()
  bench.controller.answer(true) // an answer without a question
  await bench.answer(viewAnswer('confirmed', 3))
  t.strictSame(bench.view(), { name: 'another', user: { sub: 's', name: '小雨' } })
  await bench.pass(60_000)
  t.equal(bench.callsOf('consume').length, 0)
  t.notOk(bench.events.includes('login'), 'and no event is emitted')
  t.equal(bench.callsOf('session').length, 0, 'the remembered person is enough')
  bench.controller.answer(true)
  await bench.settled()
  t.equal(bench.callsOf('consume').length, 1)
  t.hasStrict(bench.view(), { name: 'confirmed' })
  t.equal(bench.events.at(-1), 'login')
  await bench.pass(1_000)
  t.strictSame(bench.redirects, ['/deep'])
  t.equal(bench.world.lastPerson, 's')
})

await t.test('E11 page: it asks nothing when the same person was, or is, logged in in this browser, or nobody', async (t) => {
  for (const [lastPerson, who] of [['s', null], [null, loggedInAs('s')], [null, problem(401, 'unauthenticated')]] as const) {
    const bench = createLoginHarness({ lastPerson })
    if (who !== null) bench.plan.session.push(who)
    await bench.begin()
    await bench.answer(viewAnswer('confirmed', 3))
    t.equal(bench.callsOf('session').length, who === null ? 0 : 1)
    t.hasStrict(bench.view(), { name: 'confirmed' })
    await bench.pass(1_000)
    t.equal(bench.redirects.length, 1)
    t.equal(bench.world.lastPerson, 's')
  }
})

await t.test('E11 page: it asks when nobody is remembered and the service says that somebody else is logged in in this browser', async (t) => {
  const bench = createLoginHarness()
  bench.plan.session.push(loggedInAs('somebody-else'))
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 3, { phone: undefined }))
  t.strictSame(bench.view(), { name: 'another', user: { sub: 's', name: null } })
  bench.controller.answer(false)
  await bench.pass(60_000)
  t.equal(bench.callsOf('consume').length, 0)
})

await t.test('E11 page: it asks when an older instance doesn\'t say who confirmed', async (t) => {
  for (const lastPerson of ['s', null]) {
    const bench = createLoginHarness({ lastPerson })
    bench.plan.session.push(loggedInAs('s'))
    await bench.begin()
    await bench.answer(viewAnswer('confirmed', 3, { sub: undefined }))
    t.hasStrict(bench.view(), { name: 'another' })
  }
})

const unsure: Record<string, () => PlannedAnswer> = {
  ...faults,
  'a proxy answers 401': () => html(401),
  'a proxy answers 401 in JSON': () => problem(401, 'unauthorized'),
  'a gateway answers 204': () => new Response(null, { status: 204 }),
  'a gateway answers 200 in JSON': () => json(200, { ok: true, user: null }),
  'nobody is named': () => json(200, { user: {}, session: { id: 'any' } }),
}

for (const [title, fault] of Object.entries(unsure)) {
  await t.test(`E11 page: it gets no session while it can't find out who is logged in, when ${title}`, async (t) => {
    const bench = createLoginHarness()
    bench.plan.session.push(fault(), fault())
    await bench.begin()
    await bench.answer(viewAnswer('confirmed', 3))
    t.equal(bench.callsOf('consume').length, 0)
    await bench.pass(10_000)
    t.equal(bench.callsOf('session').length, 3)
    t.strictSame(bench.redirects, [null], 'and goes on as soon as it knows')

    const never = createLoginHarness()
    never.plan.session.push(...Array.from({ length: 500 }, fault))
    await never.begin()
    await never.answer(viewAnswer('confirmed', 3))
    await never.pass(90_000)
    t.equal(never.shown.at(-1), 'busy over waiting')
    await never.pass(20_000)
    t.hasStrict(never.view(), { name: 'late', code: { url: codeOf('t2') } })
    t.equal(never.callsOf('consume').length, 0)
    t.equal(never.world.lastPerson, null)
  })
}

await t.test('E11 page: it shows a fresh code and gets no session when the visitor says that it isn\'t them', async (t) => {
  const bench = createLoginHarness(another)
  await bench.begin()
  await bench.pass(5_000)
  await bench.answer(viewAnswer('confirmed', 3))
  bench.plan.create.push('silence')
  bench.controller.answer(false)
  await bench.settled()
  t.strictSame(bench.view(), { name: 'making' }, 'the answer has an effect at once')
  bench.controller.answer(true)
  await bench.pass(20_000)
  t.hasStrict(bench.view(), { name: 'cancelled', code: { url: codeOf('t2') } })
  t.strictSame(bench.events.filter((step) => !step.startsWith('error')), ['ticket t1', 'confirmed', 'cancelled', 'ticket t2'])
  for (const call of ['consume', 'cancel', 'session'] as const) t.equal(bench.callsOf(call).length, 0, call)
  bench.controller.suspend()
  t.notOk(JSON.stringify([...bench.tab.items]).includes('"isTheirs":true'))
  t.strictSame(bench.redirects, [])
  t.equal(bench.world.lastPerson, 'somebody-else')
})

await t.test('E11 page: it gets no session when the visitor doesn\'t answer before the ticket expires', async (t) => {
  for (const isVisible of [true, false]) {
    const bench = createLoginHarness(another)
    await bench.begin()
    await bench.answer(viewAnswer('confirmed', 3, { expires_in: 30 }))
    bench.visible.set(isVisible)
    await bench.pass(29_900)
    t.hasStrict(bench.view(), { name: 'another' })
    await bench.pass(200)
    t.hasStrict(bench.view(), { name: isVisible ? 'late' : 'expired' })
    t.equal(bench.events.includes('expired'), true)
    bench.controller.answer(true)
    await bench.settled()
    t.equal(bench.callsOf('consume').length, 0)
  }
})

await t.test('E11 page: it asks again when the page is reloaded while it asks, and saves nothing when it is left', async (t) => {
  const bench = createLoginHarness(another)
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 3))
  bench.controller.suspend()
  bench.controller.answer(true)
  const { tab, clock } = bench
  const next = createLoginHarness({ ...another, tab, clock })
  await next.begin()
  await next.answer(viewAnswer('confirmed', 3))
  t.hasStrict(next.view(), { name: 'another' })
  next.controller.cancel()
  next.controller.answer(true)
  await next.pass(200_000)
  for (const { callsOf } of [bench, next]) t.equal(callsOf('consume').length, 0)
  t.notOk(JSON.stringify([...tab.items]).includes('secret-of-t1'))
})

await t.test('E11 page: it shows that it goes on, asks no second time, and retries until it has its one session, when the visitor has said yes', async (t) => {
  const bench = createLoginHarness(another)
  bench.plan.consume.push(html(502), 'cut', 'silence')
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 3))
  bench.controller.answer(true)
  await bench.settled()
  t.strictSame(bench.view(), { name: 'logging-in' })
  bench.controller.answer(false) // too late: the buttons are gone
  await bench.pass(5_000)
  t.equal(bench.shown.at(-1), 'busy over logging-in')
  bench.controller.suspend()
  t.equal(bench.world.lastPerson, 'somebody-else', 'as there is no session yet')
  const { tab, clock } = bench
  const next = createLoginHarness({ ...another, tab, clock })
  await next.begin()
  await next.answer(viewAnswer('consumed', 4, { expires_in: 0 }))
  t.notOk(next.shown.includes('another'))
  await next.pass(1_000)
  t.strictSame(next.redirects, [null])
  t.equal(next.world.lastPerson, 's')
})

await t.test('E11 page: it asks by the same rule when the session was requested already and the visitor has not answered here', async (t) => {
  for (const world of [another, { lastPerson: null }]) {
    const bench = createLoginHarness(world)
    bench.plan.session.push('cut', loggedInAs('somebody-else'))
    await bench.begin()
    await bench.answer(viewAnswer('consumed', 4, { expires_in: 0 }))
    await bench.pass(2_000)
    t.hasStrict(bench.view(), { name: 'another' })
    t.equal(bench.callsOf('consume').length, 0)
    bench.controller.answer(true)
    await bench.pass(1_000)
    t.strictSame(bench.redirects, [null])
  }
})

await t.test('E11 page: it says that the time ran out when the visitor\'s yes comes after the ticket has expired', async (t) => {
  const bench = createLoginHarness(another)
  bench.plan.consume.push(problem(409, 'ticket-expired'))
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 3))
  await bench.pass(10_000)
  bench.controller.answer(true)
  await bench.settled()
  t.hasStrict(bench.view(), { name: 'late', code: { url: codeOf('t2') } })
  t.equal(bench.world.lastPerson, 'somebody-else')
})

await t.test('E11 page: it asks by the remembered person alone when it is on another site, where there is no cookie', async (t) => {
  const bench = createLoginHarness({ ...another, isOwnPage: false })
  await bench.begin()
  await bench.answer(viewAnswer('confirmed', 3))
  t.hasStrict(bench.view(), { name: 'another' })
  const other = createLoginHarness({ isOwnPage: false })
  await other.begin()
  await other.answer(viewAnswer('confirmed', 3))
  t.hasStrict(other.view(), { name: 'confirmed' })
  for (const { callsOf } of [bench, other]) t.equal(callsOf('session').length, 0)
})
