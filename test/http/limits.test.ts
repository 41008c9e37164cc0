/** The limits of src/http/README.md, "Limits": tickets and guesses per address, signed calls per person, tickets in all; and whose address counts. */
import t, { type Test } from 'tap'
import { Problem } from '../../src/errors.ts'
import type { Store } from '../../src/login/store-port.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { createStore } from '../../src/stores/store.ts'
import { openBrowser } from '../support/clients.ts'
import { craftSignature } from '../support/craft-signature.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openTestService, type Answer, type Call, type TestService } from '../support/test-service.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'
import { otherNumber } from '../support/seeded-random.ts'

const unknownId = 'A'.repeat(22)

const times = async (count: number, ask: () => Promise<Answer>): Promise<string[]> => {
  const verdicts: string[] = []
  for (let i = 0; i < count; i++) verdicts.push(verdict(await ask()))
  return verdicts
}

const create = (service: TestService, from: string, headers: Record<string, string> = {}): Promise<Answer> =>
  service.call({ method: 'POST', path: '/api/tickets', from, headers })

/** Wraps a store to call a function before each of its calls; what that throws, the call rejects with. */
const beforeEachCall = (hook: (name: keyof Store, args: readonly unknown[]) => void) => (store: Store): Store => new Proxy(store, {
  get: (target, name: keyof Store) => (...args: unknown[]) => {
    hook(name, args)
    return (target[name] as (...args: unknown[]) => unknown)(...args)
  },
})

/** Whether a call of the store counts, or reads counts. */
const countsOrReads = (name: keyof Store): boolean => name.startsWith('count') || name === 'readLimitCounts'

/** Opens a store for several services. */
const openStore = (t: Test, clock = createFakeClock()): Store => {
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  return store
}

/** Moves the clock on until an answer arrives, in steps shorter than any wait's limit, once the call has begun to wait. */
const advanceUntil = async (service: TestService, answer: Promise<Answer>): Promise<void> => {
  const isThereSoon = () => Promise.race([answer.then(() => true), new Promise<boolean>((resolve) => { setTimeout(resolve, 100, false) })])
  while (!await isThereSoon()) service.clock.advance(500)
}

await t.test('LIMIT_CREATE: an address may create this many tickets a minute', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '3' } })
  t.strictSame(await times(5, () => create(service, '192.0.2.1')), ['201', '201', '201', '429 rate-limited', '429 rate-limited'])
  const refused = await create(service, '192.0.2.1')
  t.ok(Number(refused.headers['retry-after']) >= 1 && Number(refused.headers['retry-after']) <= 60)
  t.strictSame(Object.keys(refused.headers).filter((name) => /ratelimit/i.test(name)), [], 'no header shows the counters')
  t.strictSame(await times(3, () => create(service, '192.0.2.2')), ['201', '201', '201'], 'another address has its own')
  t.equal((await service.call({ path: '/login', from: '192.0.2.1' })).status, 200, 'pages aren\'t counted')
})

await t.test('LIMIT_CREATE: the window ends a minute after its first ticket, and Retry-After is the time left', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '2' } })
  const from = '192.0.2.1'
  const refusedFor = async (): Promise<unknown> => {
    const { status, headers } = await create(service, from)
    return status === 429 && headers['retry-after']
  }
  t.equal((await create(service, from)).status, 201)
  service.clock.advance(20_500)
  t.equal((await create(service, from)).status, 201)
  t.equal(await refusedFor(), '40')
  service.clock.advance(30_000)
  t.equal(await refusedFor(), '10')
  service.clock.advance(9_499)
  t.equal(await refusedFor(), '1', 'never 0')
  service.clock.advance(1)
  t.equal((await create(service, from)).status, 201)
})

await t.test('LIMIT_CREATE: instances on one store count together, including one that starts later', async (t) => {
  const clock = createFakeClock()
  const shared = { env: { LIMIT_CREATE: '5' }, store: openStore(t, clock), clock, keys: generateKeys() }
  const services = [await openTestService(t, shared), await openTestService(t, shared)]
  const from = '192.0.2.1'
  let turn = 0
  t.strictSame(await times(7, () => create(services[turn++ % 2] as TestService, from)), [...Array.from({ length: 5 }, () => '201'), '429 rate-limited', '429 rate-limited'])
  t.equal(verdict(await create(await openTestService(t, shared), from)), '429 rate-limited')
})

await t.test('LIMIT_CREATE: an address stays over its limit when others flood', async (t) => {
  const clock = createFakeClock()
  const shared = { env: { LIMIT_CREATE: '1' }, store: openStore(t, clock), clock, keys: generateKeys() }
  const service = await openTestService(t, shared)
  t.strictSame(await times(2, () => create(service, '192.0.2.1')), ['201', '429 rate-limited'])
  const flood = new Set<string>()
  for (let i = 0; i < 300; i++) flood.add(verdict(await create(service, `10.${i >> 8}.${i & 255}.1`)))
  t.strictSame([...flood], ['201'])
  t.equal(verdict(await create(service, '192.0.2.1')), '429 rate-limited')
  t.equal(verdict(await create(await openTestService(t, shared), '192.0.2.1')), '429 rate-limited', 'by an instance that remembers nothing itself')
})

await t.test('LIMIT_CREATE: an IPv6 /64 counts as one address, and a mapped IPv4 as that IPv4', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '2' } })
  const from = async (address: string): Promise<string> => verdict(await create(service, address))
  t.equal(await from('2001:db8:1:2::1'), '201')
  t.equal(await from('2001:db8:1:2:ffff:ffff:ffff:ffff'), '201')
  t.equal(await from('2001:0DB8:0001:0002::7'), '429 rate-limited')
  t.equal(await from('2001:db8:1:3::1'), '201')
  t.equal(await from('192.0.2.1'), '201')
  t.equal(await from('::ffff:192.0.2.1'), '201')
  t.equal(await from('192.0.2.1'), '429 rate-limited')
  t.equal(await from('::ffff:192.0.2.2'), '201', 'mapped ones don\'t count as one address')
  t.equal(await from('fe80::1%eth0'), '201', 'a link-local address has a zone')
  t.equal(await from('fe80::2%eth0'), '201')
  t.equal(await from('fe80::3%eth0'), '429 rate-limited')
})

await t.test('LIMIT_GUESS: wrong secrets, unknown ids and unknown paths are counted together', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_GUESS: '4' } })
  const { ticket } = await openBrowser(service)
  const from = '192.0.2.1'
  const wrong = { authorization: `Ticket ${'A'.repeat(43)}` }
  const guesses: Call[] = [
    { path: `/api/tickets/${ticket}`, headers: wrong },
    { path: `/api/tickets/${unknownId}/code` },
    { path: '/wp-login.php' },
    { method: 'POST', path: `/api/tickets/${ticket}/consume`, headers: wrong },
  ]
  t.strictSame(await Promise.all(guesses.map(async (call) => (await service.call({ ...call, from })).status)), [404, 404, 404, 404])
  for (const call of guesses) {
    const answer = await service.call({ ...call, from })
    t.equal(verdict(answer), '429 rate-limited')
    t.ok(Number(answer.headers['retry-after']) >= 1)
    t.equal((await service.call({ ...call, from: '192.0.2.2' })).status, 404, 'another address has its own')
  }
})

await t.test('LIMIT_GUESS: the right secret is never refused when many wrong ones came from the same address', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_GUESS: '1' } })
  const from = '192.0.2.1'
  const { browser } = await confirmedBrowser(service, { from })
  const { cookie } = await logIn(service)
  await times(5, () => service.call({ path: `/api/tickets/${unknownId}`, from }))
  t.strictSame(await times(100, () => browser.poll(0, 0)), Array.from({ length: 100 }, () => '200'))
  t.equal((await browser.consume()).status, 200)
  t.strictSame(await times(20, () => service.call({ path: '/api/session', headers: { cookie }, from })), Array.from({ length: 20 }, () => '200'))
  t.equal((await create(service, from)).status, 201)
  t.equal((await service.call({ path: `/api/tickets/${(await openBrowser(service, { from })).ticket}/code`, from })).status, 200)
  t.equal((await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') }, from })).status, 200)
})

await t.test('LIMIT_GUESS: nothing is counted on calls with the right secret, pages and health', async (t) => {
  const counted: unknown[] = []
  const service = await openTestService(t, { wrapStore: beforeEachCall((name, [key]) => { if (countsOrReads(name)) counted.push(key) }) })
  const browser = await openBrowser(service)
  t.equal(counted.splice(0).length, 1, 'a ticket is')
  await times(20, () => browser.poll(0, 0))
  await service.call({ path: `/api/tickets/${browser.ticket}/code` })
  await browser.giveUp()
  for (const path of ['/login', '/scan-login.js', '/openapi.json', '/health/live', '/health/ready', '/api/session']) await service.call({ path })
  t.strictSame(counted, [])
  await service.call({ path: '/nothing' })
  t.equal(counted.length, 1, 'an unknown path is')
})

await t.test('limits: a call over its limit costs the store nothing', async (t) => {
  const counted: unknown[] = []
  const service = await openTestService(t, { env: { LIMIT_CREATE: '3', LIMIT_GUESS: '3' }, wrapStore: beforeEachCall((name, [key]) => { if (countsOrReads(name)) counted.push(key) }) })
  t.equal((await times(20, () => create(service, '192.0.2.1'))).filter((answer) => answer === '201').length, 3)
  t.equal(counted.splice(0).length, 4)
  t.equal((await times(20, () => service.call({ path: '/wp-login.php', from: '192.0.2.1' }))).filter((answer) => answer === '404 not-found').length, 3)
  t.equal(counted.length, 4)
})

await t.test('limits: nobody stays locked out when an instance\'s clock is set back', async (t) => {
  const storeClock = createFakeClock()
  const service = await openTestService(t, { env: { LIMIT_CREATE: '1' }, store: openStore(t, storeClock) })
  t.strictSame(await times(2, () => create(service, '192.0.2.1')), ['201', '429 rate-limited'])
  service.clock.shiftWallClock(-3_600_000)
  t.equal(verdict(await create(service, '192.0.2.1')), '429 rate-limited')
  storeClock.advance(60_000)
  service.clock.advance(60_000)
  t.equal(verdict(await create(service, '192.0.2.1')), '201')
})

await t.test('limits: the store gets neither address nor person, and other keys for one address from each installation', async (t) => {
  const keysOf = async (from: string): Promise<string[]> => {
    const counted: string[] = []
    const service = await openTestService(t, {
      wrapStore: beforeEachCall((name, [key]) => {
        if (name === 'countAgainstLimits') counted.push(...(key as ReadonlyArray<{ key: string }>).map(({ key }) => key))
        else if (name === 'readLimitCounts') counted.push(...key as readonly string[])
        else if (countsOrReads(name)) counted.push(String(key))
      }),
    })
    await service.call({ method: 'POST', path: '/api/tickets', from })
    await service.call({ path: '/nothing', from })
    await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: 'made-up' }, from })
    const phone = await phoneOf(service)
    await phone.sessions()
    t.notOk(counted.some((key) => key.includes(phone.sub)))
    return counted
  }
  const counted = [...await keysOf('192.0.2.1'), ...await keysOf('192.0.2.1')]
  for (const key of counted) t.match(key, /^limit:[\w-]{22}$/)
  // At each of the two, by address and network: a ticket, a path, a js_code that is checked and counted, the phone's own login. And a person.
  t.equal(counted.length, 22)
  t.equal(new Set(counted).size, 18)
})

await t.test('limits: tries are refused when the store is away, as they can\'t be counted; unknown paths and pages are answered as usual', async (t) => {
  const away = { is: false }
  const service = await openTestService(t, { wrapStore: beforeEachCall((name) => { if (away.is && countsOrReads(name)) throw new Problem('store-unavailable', { retryAfterSeconds: 2 }) }) })
  const { phone, browser } = await confirmedBrowser(service)
  away.is = true
  const expected: Array<[string, Call]> = [
    ['503 store-unavailable', { method: 'POST', path: '/api/tickets' }],
    ['503 store-unavailable', { path: `/api/tickets/${unknownId}` }],
    ['503 store-unavailable', { path: '/api/tickets/nonsense', headers: { authorization: 'Ticket nonsense' } }],
    ['503 store-unavailable', { method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } }],
    ['404 not-found', { path: '/wp-login.php' }],
    ['405 method-not-allowed', { method: 'PATCH', path: '/api/tickets' }],
    ['200', { path: '/login' }],
  ]
  for (const [answer, call] of expected) t.equal(verdict(await service.call(call)), answer, `${call.method ?? 'GET'} ${call.path}`)
  t.equal(verdict(await phone.sessions()), '503 store-unavailable')
  t.equal((await browser.poll(0, 0)).status, 200, 'the right secret isn\'t counted')
})

await t.test('LIMIT_GUESS: wrong js_codes are answered at intervals once they are too many, and nobody else waits', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_GUESS: '5' } })
  const attempt = (from: string, jsCode: string) => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCode }, from })
  const asked = () => service.simulator.countOf('jscode2session')
  const verdicts = []
  for (let i = 0; i < 7; i++) verdicts.push(verdict(await attempt('192.0.2.1', `made-up-js-code-${i}`)))
  t.strictSame(verdicts, Array.from({ length: 7 }, () => '401 js-code-invalid'))
  const eighth = attempt('192.0.2.1', 'made-up-js-code-8')
  t.equal((await attempt('192.0.2.2', service.simulator.jsCode('ming'))).status, 200)
  t.equal(asked(), 8)
  await advanceUntil(service, eighth)
  t.equal(verdict(await eighth), '401 js-code-invalid')
  t.equal(asked(), 9)
  const honest = attempt('192.0.2.1', service.simulator.jsCode('hong'))
  await advanceUntil(service, honest)
  t.equal((await honest).status, 200, 'an honest phone at that address gets in')
})

for (const [network, addressOf] of [
  ['IPv6 /48', (n: number) => `2001:db8:1:${n.toString(16)}00::1`],
  ['IPv4 /24', (n: number) => `192.0.2.${n}`],
] as const) {
  await t.test(`LIMIT_GUESS: wrong js_codes are answered at intervals, and right ones in between, when they come from all over an ${network}`, async (t) => {
    const service = await openTestService(t, { env: { LIMIT_GUESS: '1' } })
    const attempt = (from: string, jsCode: string, device = '') =>
      service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCode }, from, headers: { 'user-agent': device } })
    t.equal(verdict(await attempt(addressOf(1), service.simulator.jsCode('hong'), 'phone')), '200')
    // Sixteen times one address' limit, and one more: nobody waits yet, as the clock stands still.
    for (let n = 0; n < 17; n++) t.equal(verdict(await attempt(addressOf(n), `made-up-${n}`)), '401 js-code-invalid')
    const before = service.simulator.countOf('jscode2session')
    const [first, second, honest] = [attempt(addressOf(100), 'made-up'), attempt(addressOf(101), 'made-up', 'other'), attempt(addressOf(102), service.simulator.jsCode('ming'), 'phone')]
    t.equal(verdict(await first), '401 js-code-invalid')
    t.equal(verdict(await attempt('198.51.100.1', 'made-up')), '401 js-code-invalid', 'nobody else waits')
    t.equal(service.simulator.countOf('jscode2session') - before, 2, 'one at a time')
    service.clock.advance(500)
    t.equal(await Promise.race([second.then(() => 'the other'), honest.then(() => 'the phone')]), 'the phone', 'of which one got in before, when turns were not the network\'s')
    t.equal(verdict(await honest), '200')
    t.equal(verdict(await second), '401 js-code-invalid')
    t.equal(service.simulator.countOf('jscode2session') - before, 4)
  })
}

await t.test('LIMIT_PHONE: a call over the limit uses up no nonce', async (t) => {
  const calls: Array<readonly [string, string]> = []
  const service = await openTestService(t, {
    env: { LIMIT_PHONE: '2' },
    wrapStore: beforeEachCall((name, [key]) => { if (String(key).startsWith('nonce:')) calls.push([name, String(key)]) }),
  })
  const phone = await phoneOf(service)
  t.strictSame(await times(6, () => phone.sessions()), ['200', '200', ...Array.from({ length: 4 }, () => '429 rate-limited')])
  t.strictSame(calls.map(([name]) => name), ['claim', 'claim', 'claim', 'removeClaim'], 'only the first call over it stores one, and gives it back')
  t.equal(calls[2]?.[1], calls[3]?.[1])
})

await t.test('LIMIT_PHONE: a call over the limit is accepted once when it is repeated while its signature is fresh', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_PHONE: '1' } })
  const phone = await phoneOf(service)
  t.equal(verdict(await phone.sessions()), '200')
  const call: Call = { method: 'PUT', path: '/api/phone/profile', body: '{"name":"Ming"}' }
  const again = async (): Promise<string> => {
    const answer = await service.call({ ...call, headers })
    service.clock.advance(60_000)
    return verdict(answer)
  }
  const headers = craftSignature(call, phone.key, Math.floor(service.clock.now() / 1000))
  t.strictSame([await again(), await again(), await again(), await again()], ['429 rate-limited', '200', '401 replayed', '401 clock-skew'])
})

await t.test('LIMIT_PHONE: signed calls are counted by person, across addresses and keys', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_PHONE: '4', LIMIT_GUESS: '1' } })
  const [ming, mingToo, hong] = [await phoneOf(service), await phoneOf(service), await phoneOf(service, 'hong')]
  t.strictSame(await times(2, () => ming.sessions()), ['200', '200'])
  t.strictSame(await times(2, () => mingToo.signed({ path: '/api/phone/sessions', from: '192.0.2.9' })), ['200', '200'])
  for (const phone of [ming, mingToo]) {
    const answer = await phone.sessions()
    t.equal(verdict(answer), '429 rate-limited')
    t.ok(Number(answer.headers['retry-after']) >= 1)
  }
  t.strictSame(await times(4, () => hong.scan(unknownId)), Array.from({ length: 4 }, () => '404 ticket-not-found'), 'a carrier\'s address is shared by many, so that an unknown ticket is the person\'s')
  t.equal(verdict(await hong.sessions()), '429 rate-limited')
  const stranger = await phoneOf(service, 'wei')
  for (let i = 0; i < 10; i++) await service.call({ path: '/api/phone/sessions' })
  t.equal(verdict(await stranger.sessions()), '200', 'nobody can use up somebody else\'s calls without their key')
})

await t.test('MAX_TICKETS: this many exist at a time, and each end of one frees a slot', async (t) => {
  const service = await openTestService(t, { env: { MAX_TICKETS: '2' } })
  let network = 0
  /** Creates a ticket from a network of its own, as each has a share of the slots, and polls it, so that it isn't evicted. */
  const open = async () => {
    const browser = await openBrowser(service, { from: `10.0.${++network}.1` })
    if (browser.created.status === 201) await browser.poll()
    return browser
  }
  const full = async (): Promise<boolean> => {
    const { created } = await open()
    if (created.status !== 503) return false
    t.equal(verdict(created), '503 too-many-tickets')
    t.match(created.headers['retry-after'], /^[1-9]\d*$/)
    return true
  }
  const { browser } = await confirmedBrowser(service)
  const other = await open()
  t.ok(await full())
  t.equal((await other.poll()).status, 200, 'existing tickets are kept')
  await other.giveUp()
  const third = await open()
  t.equal(third.created.status, 201, 'a cancelled one freed its slot')
  t.ok(await full())
  t.equal((await browser.consume()).status, 200)
  const fourth = await open()
  t.equal(fourth.created.status, 201, 'a consumed one freed its slot')
  await other.giveUp()
  await browser.consume()
  t.ok(await full(), 'each freed its slot only once')
  const phone = await phoneOf(service)
  await phone.scan(fourth.ticket)
  await phone.confirm(fourth.ticket, otherNumber(await fourth.matchCode()))
  const fifth = await open()
  t.equal(fifth.created.status, 201, 'a wrong number freed a slot')
  t.ok(await full())
  service.clock.advance(180_000)
  t.hasStrict((await third.poll()).json, { state: 'expired' })
  t.equal((await open()).created.status, 201, 'one that was polled when it expired freed its slot')
  service.clock.advance(60_000)
  t.equal((await open()).created.status, 201, 'and so did one that nobody polled')
})

await t.test('TRUST_PROXY: X-Forwarded-For is trusted from a named proxy only', async (t) => {
  const seenBy = async (service: TestService, from: string, forwarded: string): Promise<string> => {
    const browser = await create(service, from, { 'x-forwarded-for': forwarded, forwarded: 'for=198.51.100.99', 'x-real-ip': '198.51.100.98' })
    return (await service.store.read<{ browser: { ip: string } }>(`ticket:${browser.json.ticket}`))?.browser.ip ?? ''
  }
  const plain = await openTestService(t)
  t.equal(await seenBy(plain, '192.0.2.1', '203.0.113.5'), '192.0.2.1')

  const behind = await openTestService(t, { env: { TRUST_PROXY: '10.0.0.0/8, 2001:db8:1::/48', LIMIT_CREATE: '60' } })
  t.equal(await seenBy(behind, '10.1.2.3', '203.0.113.5'), '203.0.113.5')
  t.equal(await seenBy(behind, '::ffff:10.1.2.3', '203.0.113.5'), '203.0.113.5')
  t.equal(await seenBy(behind, '2001:db8:1::9', '203.0.113.5'), '203.0.113.5')
  t.equal(await seenBy(behind, '10.1.2.3', '203.0.113.66, 203.0.113.5, 10.9.9.9'), '203.0.113.5', 'what the visitor claimed is further left')
  t.equal(await seenBy(behind, '11.1.2.3', '203.0.113.5'), '11.1.2.3')
  for (const [forwarded, address] of [['203.0.113.5:51234', '203.0.113.5'], ['"203.0.113.5:51234"', '203.0.113.5'], ['"203.0.113.5"', '203.0.113.5'], ['"[2001:db8::1]:443"', '2001:db8::1'], ['[2001:db8::1]:443', '2001:db8::1'], ['[2001:DB8:0::1]', '2001:db8::1'], ['"[2001:db8::1]"', '2001:db8::1'],
    ['[::ffff:203.0.113.5]:80', '203.0.113.5']] as const) {
    t.equal(await seenBy(behind, '10.1.2.3', forwarded), address, forwarded)
    t.equal(await seenBy(behind, '10.1.2.3', `198.51.100.66:80, ${forwarded},10.9.9.9:443, "[2001:db8:1::9]:443"`), address, `${forwarded}, through proxies that forward ports`)
    t.equal(await seenBy(behind, '11.1.2.3', forwarded), '11.1.2.3', `${forwarded}, from a visitor`)
  }

  const limited = await openTestService(t, { env: { TRUST_PROXY: '10.0.0.0/8', LIMIT_CREATE: '1' } })
  const from = async (address: string, forwarded: string): Promise<number> => (await create(limited, address, { 'x-forwarded-for': forwarded })).status
  t.equal(await from('10.0.0.1', '203.0.113.1'), 201)
  t.equal(await from('10.0.0.1', '203.0.113.2'), 201)
  t.equal(await from('10.0.0.2', '203.0.113.1'), 429, 'through any proxy')
  t.equal(await from('10.0.0.2', '203.0.113.1:4711'), 429, 'from any port')
  t.match(limited.logged(), /"event":"limit\.hit"[^\n]*"ip":"203\.0\.113\.1"/)
  t.equal(await from('192.0.2.1', '203.0.113.3'), 201)
  t.equal(await from('192.0.2.1', '203.0.113.4'), 429, 'a visitor can\'t claim another address')
})
