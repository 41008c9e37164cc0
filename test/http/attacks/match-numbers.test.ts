/** Guessing the number on the screen, and what the phone learns about a browser. E11 on instances that share a store, one guess at a time and many at once. */
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { onEveryStore } from '../../contract/store-harness.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createWrongNumbers } from '../../../src/stores/wrong-numbers.ts'
import { openBalancedServices } from '../../support/balanced-services.ts'
import { openBrowser, type Service, type TestBrowser, type TestPhone } from '../../support/clients.ts'
import { createFakeClock, whileTimePasses } from '../../support/fake-clock.ts'
import { openTestService, type Answer, type TestService, type TestServiceOptions } from '../../support/test-service.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { logIn, phoneOf, verdict } from '../../support/login.ts'
import { withoutContext, auditStepsIn } from '../../support/audit-steps.ts'
import { settle } from '../../support/waiting.ts'
import { userAgents } from '../../support/user-agents.ts'

const env = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }
const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]

/** Opens one service, whose clock the test moves. */
const openServiceWith = async (t: Test, options: TestServiceOptions = {}): Promise<TestService> => await openTestService(t, { ...options, env: { ...env, ...options.env } })

interface Scanned { readonly browser: TestBrowser, readonly answer: Answer, readonly number: string }

const scanNew = async (service: Service, phone: TestPhone): Promise<Scanned> => {
  const browser = await openBrowser(service)
  const answer = await phone.scan(browser.ticket)
  return { browser, answer, number: answer.status === 200 ? await browser.matchCode() : '' }
}

/** Returns a wrong number: one of the three offered, if there are three. */
const wrongOf = ({ answer, number }: Scanned): string =>
  ((answer.json.match_choices ?? ['10', '11']) as string[]).find((choice) => choice !== number) ?? ''

const guessWrongly = async (service: Service, phone: TestPhone): Promise<Answer> => {
  const scanned = await scanNew(service, phone)
  return scanned.answer.status === 200 ? await phone.confirm(scanned.browser.ticket, wrongOf(scanned)) : scanned.answer
}

const stateOf = async (browser: TestBrowser): Promise<string> => (await browser.poll()).json.state

await onEveryStore(t, 'E11 number: 60 guesses in a row are three, and one of them was of three, when they are wrong', async (t, { stores }) => {
  const balanced = await openBalancedServices(t, stores, env)
  const ming = await balanced.phone('ming')
  const asked: string[] = []
  const answers: string[] = []
  for (let n = 0; n < 60; n++) {
    const scanned = await scanNew(balanced, ming)
    if (scanned.answer.status !== 200) {
      answers.push(verdict(scanned.answer))
      continue
    }
    asked.push(`${scanned.answer.json.match} ${scanned.answer.json.match_choices?.length ?? 'none'}`)
    answers.push(verdict(await ming.confirm(scanned.browser.ticket, wrongOf(scanned))))
    t.equal(await stateOf(scanned.browser), 'cancelled')
  }
  t.strictSame(asked, ['tap 3', 'type none', 'type none'])
  t.strictSame(answers, [...Array(3).fill('403 match-wrong'), ...Array(57).fill('429 rate-limited')])
  t.equal((await scanNew(balanced, await balanced.phone('hong'))).answer.json.match, 'tap', 'nobody else has to wait or type')
})

await onEveryStore(t, 'E11 number: one of three is guessed once, when 24 tickets were scanned before the first guess and are confirmed at once', async (t, { stores }) => {
  const balanced = await openBalancedServices(t, stores, env)
  const ming = await balanced.phone('ming')
  const tickets: Scanned[] = []
  for (let n = 0; n < 24; n++) tickets.push(await scanNew(balanced, ming))
  t.ok(tickets.every(({ answer }) => answer.json.match === 'tap'))

  const judged: string[] = []
  const judgeAll = async (waiting: readonly Scanned[]): Promise<void> => {
    const answers = await whileTimePasses(balanced.clock, Promise.all(waiting.map(async (scanned) => ({ scanned, answer: await ming.confirm(scanned.browser.ticket, wrongOf(scanned)) }))))
    const busy = answers.filter(({ answer }) => answer.status === 429)
    t.ok(busy.every(({ answer }) => answer.headers['retry-after'] === '1'))
    judged.push(...answers.filter(({ answer }) => answer.status !== 429).map(({ answer }) => verdict(answer)))
    if (busy.length > 0) await judgeAll(busy.map(({ scanned }) => scanned))
  }
  await judgeAll(tickets)
  t.strictSame(judged.sort(), ['403 match-wrong', ...Array(23).fill('409 ticket-cancelled')])
  for (const { browser } of tickets) t.equal(await stateOf(browser), 'cancelled')
  t.equal((await scanNew(balanced, ming)).answer.json.match, 'type')
})

await onEveryStore(t, 'E11 number: three typed guesses are judged, when 12 tickets were scanned before and are confirmed at once', async (t, { stores }) => {
  const balanced = await openBalancedServices(t, stores, env)
  const ming = await balanced.phone('ming')
  await guessWrongly(balanced, ming)
  const tickets: Scanned[] = []
  for (let n = 0; n < 12; n++) tickets.push(await scanNew(balanced, ming))
  const all: string[] = []
  for (let n = 0; n < 4; n++) {
    const answers = await whileTimePasses(balanced.clock, Promise.all(tickets.map(async (scanned) => verdict(await ming.confirm(scanned.browser.ticket, wrongOf(scanned))))))
    all.push(...answers.filter((answer) => answer === '403 match-wrong'))
  }
  t.equal(all.length, 2, 'including the one that was tapped before')
  const rest = await whileTimePasses(balanced.clock, Promise.all(tickets.map(async ({ browser, number }) => verdict(await ming.confirm(browser.ticket, number)))))
  t.notOk(rest.includes('200'), 'a right number isn\'t accepted during the wait either')
  t.hasStrict((await scanNew(balanced, ming)).answer, { status: 429, json: { code: 'rate-limited', reason: 'wrong-numbers' } })
})

await t.test('E11 number: a ticket with three offered numbers is cancelled when its person has tapped a wrong one elsewhere meanwhile', async (t) => {
  const service = await openServiceWith(t)
  const ming = await phoneOf(service)
  const [confirmed, scannedAgain] = [await scanNew(service, ming), await scanNew(service, ming)]
  t.equal(verdict(await guessWrongly(service, ming)), '403 match-wrong')
  t.equal(verdict(await ming.confirm(confirmed.browser.ticket, confirmed.number)), '409 ticket-cancelled', 'even with the right one')
  t.equal(verdict(await ming.scan(scannedAgain.browser.ticket)), '409 ticket-cancelled')
  t.strictSame(await Promise.all([confirmed, scannedAgain].map(({ browser }) => stateOf(browser))), ['cancelled', 'cancelled'])
})

await t.test('E11 number: it has to be typed for a day when one was wrong', async (t) => {
  const clock = createFakeClock()
  const service = await openServiceWith(t, { clock })
  const ming = await phoneOf(service)
  const asked = async (): Promise<unknown> => (await scanNew(service, ming)).answer.json.match
  t.equal(await asked(), 'tap')
  await guessWrongly(service, ming)
  clock.sleep(dayMs / 2)
  const typed = await scanNew(service, await phoneOf(service))
  t.hasStrict(typed.answer.json, { match: 'type', match_choices: null })
  t.notOk(typed.answer.text.includes(`"${typed.number}"`), 'only the browser gets the number')
  t.equal(verdict(await ming.confirm(typed.browser.ticket, typed.number)), '200')
  t.equal((await scanNew(service, ming)).answer.json.match, 'type', 'a right one doesn\'t end that')
  clock.sleep(dayMs / 2)
  const later = await phoneOf(service)
  t.equal((await scanNew(service, later)).answer.json.match, 'tap')
})

await t.test('E11 number: the person has to wait, longer each time, when three in an hour were wrong', async (t) => {
  const clock = createFakeClock()
  const service = await openServiceWith(t, { clock })
  const waits: number[] = []
  for (let n = 0; n < 8; n++) {
    const phone = await phoneOf(service) // a key lasts a day
    for (let guess = 0; guess < 4; guess++) {
      const answer = await guessWrongly(service, phone)
      if (answer.status === 403) continue
      t.equal(verdict(answer), '429 rate-limited')
      const seconds = Number(answer.headers['retry-after'])
      waits.push(seconds)
      clock.sleep(seconds * 1000 - 1)
      t.equal(verdict((await scanNew(service, await phoneOf(service))).answer), '429 rate-limited', 'until the last moment')
      clock.advance(1)
      break
    }
  }
  t.strictSame(waits, [10 * minuteMs, hourMs, 6 * hourMs, dayMs, 3 * dayMs, 7 * dayMs, 7 * dayMs, 7 * dayMs].map((ms) => ms / 1000))
  t.equal((await scanNew(service, await phoneOf(service))).answer.json.match, 'type', 'after the wait, the number has to be typed')
})

await t.test('E11 number: wrong ones count against the stranger and not against the browser\'s person when a stranger scans the code', async (t) => {
  const service = await openServiceWith(t)
  const [owner, stranger] = [await phoneOf(service, 'ming'), await phoneOf(service, 'eve')]
  const answers: string[] = []
  for (let n = 0; n < 15; n++) answers.push(verdict(await guessWrongly(service, stranger)))
  t.strictSame(answers, [...Array(3).fill('403 match-wrong'), ...Array(12).fill('429 rate-limited')])
  const own = await scanNew(service, owner)
  t.equal(own.answer.json.match, 'tap')
  t.equal(verdict(await owner.confirm(own.browser.ticket, own.number)), '200')
})

await t.test('E11 number: the log has the count of wrong ones and the wait', async (t) => {
  const service = await openServiceWith(t)
  const ming = await phoneOf(service)
  const [key, sub, ip] = [ming.key.key_id, ming.sub, '127.0.0.1']
  for (let n = 0; n < 3; n++) await guessWrongly(service, ming)
  const steps = auditStepsIn(service.logged()).map(withoutContext).filter(({ event }) => event === 'ticket.cancelled' || event === 'limit.hit').map(({ ticket, ...step }) => step)
  t.strictSame(steps, [
    { event: 'ticket.cancelled', sub, by: 'wrong-number', count: 1, key, ip },
    { event: 'ticket.cancelled', sub, by: 'wrong-number', count: 2, key, ip },
    { event: 'limit.hit', limit: 'wrong-number', sub, seconds: 600, key, ip },
    { event: 'ticket.cancelled', sub, by: 'wrong-number', count: 3, key, ip },
  ])
})

await t.test('E11 number: nobody is logged in and the ticket is cancelled when a wrong one can\'t be counted', async (t) => {
  let isAway = false
  const fails = (key: string): boolean => isAway && key.startsWith('match-')
  const service = await openServiceWith(t, {
    wrapStore: (store) => ({ ...store, count: async (key, windowMs) => { if (fails(key)) throw new Error('away'); return await store.count(key, windowMs) } }),
  })
  const ming = await phoneOf(service)
  const scanned = await scanNew(service, ming)
  isAway = true
  t.equal((await ming.confirm(scanned.browser.ticket, wrongOf(scanned))).status, 500)
  isAway = false
  t.equal(verdict(await ming.confirm(scanned.browser.ticket, scanned.number)), '409 ticket-cancelled')
})

/** Opens a service whose counts of wrong numbers, or whose moves of tickets, wait for the test. */
const openSlowService = async (t: Test, what: 'counts' | 'moves') => {
  const [gate, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let isSlow = false
  const pass = async (): Promise<void> => {
    if (!isSlow) return
    reached.resolve()
    await gate.promise
  }
  const service = await openServiceWith(t, {
    wrapStore: (store) => ({
      ...store,
      count: async (key, windowMs) => {
        if (what === 'counts' && key.startsWith('match-')) await pass()
        return await store.count(key, windowMs)
      },
      replace: async (...args) => {
        if (what === 'moves') await pass()
        return await store.replace(...args)
      },
    }),
  })
  return { service, reached: reached.promise, slowDown: () => { isSlow = true }, goOn: () => { gate.resolve() } }
}

/** Returns whether an answer arrives without the clock moving on. */
const isThereSoon = (answer: Promise<Answer>): Promise<boolean> => Promise.race([
  answer.then(() => true),
  new Promise<boolean>((resolve) => { setTimeout(resolve, 200, false) }),
])

await t.test('E11 number: a person\'s second number waits for the first, and nobody else\'s does, when the store is slow to count', async (t) => {
  const { service, reached, slowDown, goOn } = await openSlowService(t, 'counts')
  const [ming, hong] = [await phoneOf(service, 'ming'), await phoneOf(service, 'hong')]
  const [first, second, others] = [await scanNew(service, ming), await scanNew(service, ming), await scanNew(service, hong)]
  slowDown()
  const guess = ming.confirm(first.browser.ticket, wrongOf(first))
  await reached
  const late = ming.confirm(second.browser.ticket, second.number)
  t.equal(verdict(await hong.confirm(others.browser.ticket, others.number)), '200')
  t.notOk(await isThereSoon(late))
  goOn()
  t.equal(verdict(await guess), '403 match-wrong')
  t.equal(verdict(await whileTimePasses(service.clock, late)), '409 ticket-cancelled')
})

await t.test('E11 number: the second number is refused after two seconds with few calls to the store when the first isn\'t judged by then', async (t) => {
  const { service, reached, slowDown, goOn } = await openSlowService(t, 'counts')
  const ming = await phoneOf(service, 'ming')
  const [first, second] = [await scanNew(service, ming), await scanNew(service, ming)]
  slowDown()
  const guess = ming.confirm(first.browser.ticket, wrongOf(first))
  await reached
  const began = service.clock.now()
  const late = await whileTimePasses(service.clock, ming.confirm(second.browser.ticket, second.number))
  t.hasStrict([verdict(late), late.headers['retry-after']], ['429 rate-limited', '1'])
  t.ok(service.clock.now() - began <= 2100)
  t.equal(await stateOf(second.browser), 'scanned', 'it was not judged')
  goOn()
  t.equal(verdict(await guess), '403 match-wrong')
})

await t.test('E11 number: both taps get the same answer, and one edge is taken, when a person taps twice', async (t) => {
  const { service, reached, slowDown, goOn } = await openSlowService(t, 'moves')
  const ming = await phoneOf(service, 'ming')
  const { browser, number } = await scanNew(service, ming)
  slowDown()
  const taps = [ming.confirm(browser.ticket, number)]
  await reached
  taps.push(ming.confirm(browser.ticket, number))
  t.notOk(await isThereSoon(taps[1]!)) // there are two
  goOn()
  const answers = await whileTimePasses(service.clock, Promise.all(taps))
  const [{ session }] = answers.map(({ json }) => json) as [{ session: string }]
  t.strictSame(answers.map(({ status, json }) => ({ status, json })), Array(2).fill({ status: 200, json: { state: 'confirmed', version: 3, session } }))
})

await t.test('E11 lock of a person\'s numbers: only the new owner releases it when the first owner\'s has expired', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const wrongNumbers = createWrongNumbers(store, clock, randomBytes)
  const [slow, next] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  const first = wrongNumbers.exclusively('ming', () => slow.promise)
  await settle()
  clock.advance(7_000)
  const second = wrongNumbers.exclusively('ming', () => next.promise)
  await settle()
  slow.resolve('first')
  t.equal(await first, 'first')
  await t.rejects(whileTimePasses(clock, wrongNumbers.exclusively('ming', async () => 'third')), { code: 'rate-limited' })
  next.resolve('second')
  t.equal(await second, 'second')
  t.equal(await wrongNumbers.exclusively('ming', async () => 'fourth'), 'fourth')
  await t.rejects(wrongNumbers.exclusively('ming', async () => { throw new Error('fault') }), { message: 'fault' })
  t.equal(await wrongNumbers.exclusively('ming', async () => 'fifth'), 'fifth', 'work that throws releases its turn, too')
})

await t.test('E11 number: everybody has to type it with MATCH_NUMBERS=type, and anything but two digits changes nothing', async (t) => {
  const service = await openServiceWith(t, { env: { MATCH_NUMBERS: 'type' } })
  const ming = await phoneOf(service)
  const scanned = await scanNew(service, ming)
  t.equal(scanned.browser.created.json.match, true)
  t.hasStrict(scanned.answer.json, { match: 'type', match_choices: null })
  for (const number of ['', '4', '471', ' 47', '4 ', 'ab', '4七', '４７', '-1', '1e']) {
    t.equal(verdict(await ming.confirm(scanned.browser.ticket, number)), '400 bad-request', number)
  }
  t.equal(verdict(await ming.confirm(scanned.browser.ticket)), '400 bad-request')
  t.hasStrict((await scanned.browser.poll()).json, { state: 'scanned', version: 2 })
  t.equal(verdict(await ming.confirm(scanned.browser.ticket, scanned.number)), '200')
})

await t.test('E11 number: one of three is offered with MATCH_NUMBERS=on, also when an earlier release scanned the ticket', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const service = await openServiceWith(t, { clock, store, env: { MATCH_NUMBERS: 'on' } })
  const ming = await phoneOf(service)
  const scanned = await scanNew(service, ming)
  t.equal(scanned.answer.json.match, 'tap')
  const key = `ticket:${scanned.browser.ticket}`
  const { matchMode, ...older } = await store.read<object & { matchMode?: string }>(key) ?? {}
  t.equal(matchMode, 'tap')
  await store.write(key, older, minuteMs)
  t.hasStrict((await ming.scan(scanned.browser.ticket)).json, { match: 'tap', match_choices: scanned.answer.json.match_choices })
  t.equal(verdict(await ming.confirm(scanned.browser.ticket, scanned.number)), '200')
})

await t.test('E12 same_phone: it is true when the browser says that it is on a phone and both have the same public address, and never for an earlier release\'s ticket', async (t) => {
  const service = await openServiceWith(t)
  const ming = await phoneOf(service)
  const here = '203.0.113.7'
  const samePhone = async (agent: string, browserFrom: string, phoneFrom: string): Promise<unknown[]> => {
    const { json } = await service.call({ method: 'POST', path: '/api/tickets', headers: { 'user-agent': agent }, from: browserFrom })
    const scan = await ming.signed({ method: 'POST', path: `/api/phone/tickets/${json.ticket}/scan`, from: phoneFrom })
    return [scan.json.browser.is_phone, scan.json.same_phone]
  }
  for (const [agent, device] of Object.entries(userAgents)) {
    const isPhone = device !== 'computer'
    t.strictSame(await samePhone(agent, here, here), [isPhone, isPhone], agent)
    t.strictSame(await samePhone(agent, here, '198.51.100.7'), [isPhone, false], `from another address: ${agent}`)
  }
  const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'
  t.strictSame(await samePhone(iphone, '2001:db8:1:2::7', '2001:db8:1:2::8'), [true, true], 'one /64')
  const apart = [[here, '203.0.113.8'], ['2001:db8:1:2::7', '2001:db8:1:3::7'], [here, '2001:db8:1:2::7'], ['127.0.0.1', '127.0.0.1'], ['10.0.0.7', '10.0.0.7'], ['fd00::7', 'fd00::7']] as const
  for (const [browser, phone] of apart) t.strictSame(await samePhone(iphone, browser, phone), [true, false], `${browser} ${phone}`)

  const { json: { ticket } } = await service.call({ method: 'POST', path: '/api/tickets', headers: { 'user-agent': iphone }, from: here })
  const record = await service.store.read<{ browser: { isPhone?: boolean } }>(`ticket:${ticket}`)
  const { isPhone, ...older } = record?.browser ?? {}
  t.equal(isPhone, true)
  await service.store.write(`ticket:${ticket}`, { ...record, browser: older }, minuteMs)
  t.hasStrict((await ming.signed({ method: 'POST', path: `/api/phone/tickets/${ticket}/scan`, from: here })).json, { browser: { is_phone: false }, same_phone: false })
})

await t.test('E15 address: a person who scans or confirms learns network and place of the browser, but not its full address', async (t) => {
  const place = { country: 'CN', zh: '中国 上海', en: 'Shanghai, China' }
  const service = await openServiceWith(t, { places: { placeOf: (address) => address === '203.0.113.77' || address === '2001:db8:0:7::77' ? place : null } })
  const eve = await phoneOf(service, 'eve')
  const addresses = [['203.0.113.77', '203.0.113.0/24', '中国 上海'], ['2001:db8:0:7::77', '2001:db8::/48', '中国 上海'], ['192.168.1.77', null, null]] as const
  for (const [from, network, zh] of addresses) {
    const browser = await openBrowser(service, { from })
    const scanned = await eve.scan(browser.ticket)
    const confirmed = await eve.confirm(browser.ticket, await browser.matchCode())
    const again = await eve.scan(browser.ticket)
    for (const { text } of [scanned, confirmed, again]) t.notOk(/77\b/.test(text.replace(/"(?:created_at|match_choices)":[^}]*/g, '')), text)
    t.strictSame(scanned.json.browser, { name: 'Chrome', system: 'Windows', network, place: zh, place_en: zh === null ? null : place.en, is_phone: false })
    t.hasStrict(again.json, { state: 'confirmed', browser: scanned.json.browser })
  }
  const { phone } = await logIn(service, { from: '203.0.113.77' })
  t.equal((await phone.sessions()).json.sessions[0].browser.ip, '203.0.113.77', 'the list of one\'s own browsers keeps it')
})

await t.test('E13 place: the phone gets its own place beside the browser\'s when both are known', async (t) => {
  const places = { placeOf: (address: string) => address === '203.0.113.7' ? { country: 'CN', zh: '中国 上海', en: 'Shanghai, China' } : null }
  const service = await openServiceWith(t, { places })
  const ming = await phoneOf(service)
  const { ticket } = await openBrowser(service)
  const scanFrom = async (from: string): Promise<unknown[]> => {
    const { json } = await ming.signed({ method: 'POST', path: `/api/phone/tickets/${ticket}/scan`, from })
    return [json.phone_place, json.phone_place_en]
  }
  t.strictSame(await scanFrom('203.0.113.7'), ['中国 上海', 'Shanghai, China'])
  t.strictSame(await scanFrom('198.51.100.7'), [null, null])
})
