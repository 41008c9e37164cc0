/** Errors by src/http/README.md, "Errors": every code over HTTP, in one form and without internal details. A refused call changes nothing. */
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { problemTypes, type ProblemCode } from '../../src/errors.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createPeople } from '../../src/people/people.ts'
import { openBrowser } from '../support/clients.ts'
import { craftSignature } from '../support/craft-signature.ts'
import { openTestService, type Answer, type Call, type TestService } from '../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'
import { settle } from '../support/waiting.ts'
import { otherNumber } from '../support/seeded-random.ts'

const noLimits = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }
const unknownId = 'A'.repeat(22)
const someSecret = { authorization: `Ticket ${'A'.repeat(43)}` }

/** Opens a store whose every call a test can make fail from some moment on. */
const spoiling = (spoil: { with?: () => Promise<never> }) => (store: Store): Store => new Proxy(store, {
  get: (target, name: keyof Store) => (...args: unknown[]) =>
    spoil.with === undefined || name === 'close' ? (target[name] as (...args: unknown[]) => unknown)(...args) : spoil.with(),
})

const ticketIn: Record<string, (service: TestService) => Promise<Answer>> = {
  'ticket-not-scanned': async (service) => (await phoneOf(service)).confirm((await openBrowser(service)).ticket, '10'),
  'ticket-not-confirmed': async (service) => (await openBrowser(service)).consume(),
  'ticket-confirmed': async (service) => (await confirmedBrowser(service)).browser.giveUp(),
  'ticket-taken': async (service) => {
    const { ticket } = await openBrowser(service)
    await (await phoneOf(service)).scan(ticket)
    return await (await phoneOf(service, 'hong')).scan(ticket)
  },
  'match-wrong': async (service) => {
    const browser = await openBrowser(service)
    const phone = await phoneOf(service)
    await phone.scan(browser.ticket)
    return await phone.confirm(browser.ticket, otherNumber(await browser.matchCode()))
  },
  'ticket-cancelled': async (service) => {
    const browser = await openBrowser(service)
    await browser.giveUp()
    return await browser.consume()
  },
  'ticket-consumed': async (service) => {
    const { browser } = await logIn(service)
    service.clock.advance(30_000)
    return await browser.consume()
  },
  'ticket-expired': async (service) => {
    const browser = await openBrowser(service)
    service.clock.advance(180_000)
    return await browser.consume()
  },
}

/** A first scan where not everybody may come in. */
const scanBy = async (registration: string): Promise<Answer> => {
  const service = await openTestService(t, { env: { REGISTRATION: registration } })
  return await (await phoneOf(service, 'newcomer')).scan((await openBrowser(service)).ticket)
}

const profile: Call = { method: 'PUT', path: '/api/phone/profile', body: '{"name":"x"}' }

const provoke: Record<string, (service: TestService, spoil: { with?: () => Promise<never> }) => Promise<Answer>> = {
  ...ticketIn,
  'bad-request': (service) => service.call({ method: 'POST', path: '/api/tickets', body: '{' }),
  'return-to-not-allowed': (service) => service.call({ method: 'POST', path: '/api/tickets', body: { return_to: '//evil.example' } }),
  'signature-invalid': (service) => service.call(profile),
  'clock-skew': async (service) => service.call({ ...profile, headers: craftSignature(profile, (await phoneOf(service)).key, 1) }),
  replayed: async (service) => {
    const headers = craftSignature(profile, (await phoneOf(service)).key, service.clock.now() / 1000)
    await service.call({ ...profile, headers })
    return await service.call({ ...profile, headers })
  },
  'key-unknown': (service) => service.call({ ...profile, headers: craftSignature(profile, { key_id: unknownId, key: unknownId }, service.clock.now() / 1000) }),
  'js-code-invalid': (service) => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: 'nonsense' } }),
  'wechat-user-blocked': (service) => {
    service.simulator.fail('jscode2session', 40226, 1)
    return service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } })
  },
  'not-owner': async (service) => (await phoneOf(service)).signed({ path: '/api/phone/people' }),
  'person-unknown': () => scanBy('closed'),
  'person-waiting': () => scanBy('approval'),
  'person-blocked': async (service) => {
    const phone = await phoneOf(service, 'blocked')
    await createPeople(service.store, service.clock).create(phone.sub, { state: 'blocked', isSeen: false })
    return await phone.sessions()
  },
  'wechat-unavailable': (service) => {
    service.simulator.fail('jscode2session', 'html', 1)
    return service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } })
  },
  unauthenticated: (service) => service.call({ path: '/api/session' }),
  'cross-site': (service) => service.call({ method: 'DELETE', path: '/api/session', headers: { origin: 'https://evil.example' } }),
  'not-found': (service) => service.call({ path: '/api/nothing' }),
  'ticket-not-found': (service) => service.call({ path: `/api/tickets/${unknownId}`, headers: someSecret }),
  'method-not-allowed': (service) => service.call({ method: 'PATCH', path: '/api/tickets' }),
  'payload-too-large': (service) => service.call({ method: 'POST', path: '/api/tickets', body: Buffer.alloc(2_000_000, ' ') }),
  'unsupported-media-type': (service) => service.call({ method: 'POST', path: '/api/tickets', body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
  'rate-limited': async (service) => {
    for (let i = 0; i < 20; i++) await openBrowser(service, { from: '192.0.2.1' })
    return (await openBrowser(service, { from: '192.0.2.1' })).created
  },
  'too-many-tickets': async (service) => {
    for (let i = 0; i < 3; i++) await (await openBrowser(service, { from: `192.0.3.${100 + i}` })).poll() // a twentieth of 60
    return (await openBrowser(service, { from: '192.0.3.99' })).created
  },
  'store-unavailable': async (service) => {
    await service.store.close()
    return (await openBrowser(service)).created
  },
  internal: async (service, spoil) => {
    spoil.with = () => Promise.reject(new TypeError('secret inside'))
    const answer = (await openBrowser(service)).created
    delete spoil.with
    return answer
  },
}

/** Written down here a second time: a code that disappears from src/errors.ts has to fail a test. */
const documentedCodes = `bad-request return-to-not-allowed ticket-not-found ticket-expired ticket-cancelled ticket-consumed ticket-taken ticket-not-scanned
  ticket-not-confirmed ticket-confirmed match-wrong signature-invalid clock-skew replayed key-unknown js-code-invalid wechat-user-blocked wechat-unavailable
  person-unknown person-waiting person-blocked not-owner
  unauthenticated cross-site rate-limited too-many-tickets store-unavailable not-found method-not-allowed payload-too-large unsupported-media-type
  internal`.split(/\s+/)

const retryLater = ['rate-limited', 'wechat-unavailable', 'store-unavailable', 'too-many-tickets']

await t.test('problems: every code occurs, in one form', async (t) => {
  t.strictSame(Object.keys(problemTypes).sort(), [...documentedCodes].sort(), 'the registry has these codes')
  t.strictSame(Object.keys(provoke).sort(), [...documentedCodes].sort(), 'each of them is provoked here')
  const spoil = {}
  const service = await openTestService(t, { env: { LIMIT_CREATE: '20', MAX_TICKETS: '60' }, wrapStore: spoiling(spoil) })
  const requestIds = new Set<string>()
  for (const code of documentedCodes.toSorted((a, b) => Number(a === 'store-unavailable') - Number(b === 'store-unavailable'))) {
    service.clock.advance(181_000) // frees the slots of the tickets before
    const answer = await provoke[code]?.(service, spoil) as Answer // each has an entry, as asserted above
    t.equal(answer.json?.code, code, answer.text)
    const { status, title } = problemTypes[code as ProblemCode]
    const { detail, request_id: requestId, server_time: serverTime, ...rest } = answer.json
    t.strictSame(rest, { type: `urn:scan-login:problem:${code}`, title, status, code })
    t.equal(serverTime, code === 'clock-skew' ? service.clock.now() / 1000 : undefined)
    t.equal(answer.status, status)
    t.type(detail, 'string')
    t.match(requestId, /^[0-9a-f-]{36}$/)
    requestIds.add(requestId)
    t.match(answer.headers['content-type'], /^application\/problem\+json(?:; charset=utf-8)?$/)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.equal(answer.headers.etag, undefined)
    t.equal(answer.headers['set-cookie'], undefined)
    t.notMatch(answer.text, /FST_|fastify|ajv|keyv|sqlite|redis|undici|node:|node_modules|\.ts\b|Error|stack|secret inside|weixin/i)
    t.notMatch(JSON.stringify(answer.headers), /fastify|express|x-powered-by|x-ratelimit|"server"/i)
    const retryAfter = answer.headers['retry-after']
    if (retryLater.includes(code)) t.match(retryAfter, /^[1-9]\d*$/, `${code} has Retry-After`)
    else t.equal(retryAfter, undefined)
  }
  t.equal(requestIds.size, documentedCodes.length, 'every answer has an id of its own')
})

await t.test('challenge: every 401 has a WWW-Authenticate that opens no dialog in a browser when a call is refused', async (t) => {
  const service = await openTestService(t)
  const refused = Object.entries(problemTypes).filter(([, { status }]) => status === 401).map(([code]) => code)
  const challenges: Record<string, unknown> = {}
  for (const code of refused) challenges[code] = (await provoke[code]?.(service, {}))?.headers['www-authenticate']
  t.strictSame(challenges, {
    'signature-invalid': 'Signature tag="scan-login"',
    'clock-skew': 'Signature tag="scan-login"',
    replayed: 'Signature tag="scan-login"',
    'key-unknown': 'Signature tag="scan-login"',
    'js-code-invalid': 'WeChat-js-code',
    unauthenticated: 'Bearer',
  })
  t.notMatch(Object.values(challenges).join(), /basic|digest|negotiate|ntlm/i)
  for (const code of ['cross-site', 'ticket-not-found', 'bad-request']) t.equal((await provoke[code]?.(service, {}))?.headers['www-authenticate'], undefined, code)
})

/** Every call that needs the store, each with valid credentials. */
const callsOnStore = async (service: TestService): Promise<Record<string, () => Promise<Answer>>> => {
  const pending = await openBrowser(service)
  const fresh = await openBrowser(service)
  const scanned = await openBrowser(service)
  const { browser: confirmed, phone } = await confirmedBrowser(service)
  await phone.scan(scanned.ticket)
  const number = await scanned.matchCode()
  const { cookie, token } = await logIn(service, { phone })
  const own = { cookie, 'sec-fetch-site': 'same-origin' }
  return {
    create: () => service.call({ method: 'POST', path: '/api/tickets' }),
    code: () => service.call({ path: `/api/tickets/${pending.ticket}/code` }),
    poll: () => pending.poll(0, 0),
    consume: () => confirmed.consume(),
    'give up': () => pending.giveUp(),
    session: () => service.call({ path: '/api/session', headers: own }),
    'session by token': () => service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } }),
    token: () => service.call({ method: 'POST', path: '/api/session/token', headers: own }),
    verify: () => service.call({ path: '/api/session/verify', headers: own }),
    'forward auth': () => service.call({ path: '/api/forward-auth', headers: own }),
    'log out': () => service.call({ method: 'DELETE', path: '/api/session', headers: own }),
    'phone login': () => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } }),
    scan: () => phone.scan(fresh.ticket),
    confirm: () => phone.confirm(scanned.ticket, number),
    cancel: () => phone.cancel(scanned.ticket),
    sessions: () => phone.sessions(),
    'sign out': () => phone.signOut(unknownId),
    rename: () => phone.rename('x'),
    ready: () => service.call({ path: '/health/ready' }),
  }
}

await t.test('answers: a success under /api is never cached and has no ETag', async (t) => {
  const service = await openTestService(t)
  const { code, ready, 'sign out': signOut, cancel, ...calls } = await callsOnStore(service) // these have other answers, or come too late
  for (const [name, call] of Object.entries(calls)) {
    const { status, headers } = await call()
    t.ok(status >= 200 && status < 300, `${name}: ${status}`)
    t.strictSame([headers['cache-control'], headers.etag, headers['last-modified']], ['no-store', undefined, undefined], name)
  }
})

await t.test('problems: every call gets store-unavailable, and none "not found", when the store is away', async (t) => {
  const service = await openTestService(t)
  const calls = await callsOnStore(service)
  await service.store.close()
  for (const [name, call] of Object.entries(calls)) {
    const answer = await call()
    t.equal(verdict(answer), '503 store-unavailable', name)
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
  }
  t.equal((await service.call({ path: '/health/live' })).status, 200)
  t.equal((await service.call({ path: '/.well-known/jwks.json' })).status, 200)
})

await t.test('problems: every call gets internal when something unexpected is thrown', async (t) => {
  const spoil: { with?: () => Promise<never> } = {}
  const service = await openTestService(t, { wrapStore: spoiling(spoil) })
  const calls = await callsOnStore(service)
  spoil.with = () => Promise.reject(new TypeError('Cannot read properties of undefined'))
  for (const [name, call] of Object.entries(calls)) t.equal(verdict(await call()), '500 internal', name)
  delete spoil.with
  t.equal((await calls.consume?.())?.status, 200, 'nothing was half done')
})

await t.test('problems: every call is answered within 6 s when the store never answers', async (t) => {
  const spoil: { with?: () => Promise<never> } = {}
  const service = await openTestService(t, { env: { MAX_WAIT: '0' }, wrapStore: spoiling(spoil) })
  const { poll, ...calls } = await callsOnStore(service) // a poll has a limit of its own, beyond the longest wait; the store's own timeout is 2 s
  spoil.with = () => new Promise<never>(() => {})
  const verdicts: Record<string, string> = {}
  const answers = Object.entries(calls).map(async ([name, call]) => { verdicts[name] = verdict(await call()) })
  for (let passedMs = 0; passedMs < 6000; passedMs += 100) {
    await settle()
    service.clock.advance(100)
  }
  await settle()
  t.strictSame(verdicts, Object.fromEntries(Object.keys(calls).map((name) => [name, '503 store-unavailable'])))
  await Promise.all(answers)
  delete spoil.with
  t.equal((await poll?.())?.status, 200)
})

/** Bodies that no call accepts. */
const badBodies: Record<string, string | Buffer> = {
  'is null': 'null',
  'is a list': '[]',
  'is a list of the right thing': '[{"js_code":"x","name":"x","match_code":"10","return_to":"/x"}]',
  'is a text': '"x"',
  'is a number': '1',
  'is true': 'true',
  'is cut off': '{"name":"x"',
  'is not JSON': 'name=x',
  'has a comment': '{"name":"x"} // x',
  'has a comma too many': '{"name":"x",}',
  'is two values': '{"name":"x"}{"name":"y"}',
  'is white space': '  ',
  'is NUL': '\0',
  'is not UTF-8': Buffer.from('{"name":"\xff\xfe","js_code":"\xff","match_code":"\xff","return_to":"/\xff"}', 'latin1'),
  'is UTF-16': Buffer.from('{"name":"x"}', 'utf16le'),
  'has a mark before it': '\ufeff{"name":"x","js_code":"x","match_code":"10","return_to":"/x"}',
  'reaches for the prototype': '{"__proto__":{"name":"x","js_code":"x","match_code":"10","return_to":"/x"}}',
  'reaches for the constructor': '{"constructor":{"prototype":{"name":"x"}},"name":"x","js_code":"x","match_code":"10","return_to":"/x"}',
  'reaches for the prototype further down': '{"a":{"__proto__":{}},"name":"x","js_code":"x","match_code":"10","return_to":"/x"}',
  'is nested deeply': `${'['.repeat(8000)}${']'.repeat(8000)}`,
  ...Object.fromEntries(['1', 'true', '["10"]', '[]', '{}', '{"toString":1}'].map((value) => [
    `has ${value} for a text`, `{"name":${value},"js_code":${value},"match_code":${value},"return_to":${value}}`,
  ])),
}

await t.test('bodies: an unacceptable one gets bad-request and changes nothing', async (t) => {
  const service = await openTestService(t, { env: { ...noLimits, MAX_TICKETS: '1' } })
  const phone = await phoneOf(service)
  const browser = await openBrowser(service)
  await phone.scan(browser.ticket)
  const wechatCalls = service.simulator.calls.length
  const unsigned = (path: string) => (body: string | Buffer) => service.call({ method: 'POST', path, body })
  const takers: Record<string, (body: string | Buffer) => Promise<Answer>> = {
    create: unsigned('/api/tickets'),
    login: unsigned('/api/phone/login'),
    confirm: (body) => phone.signed({ method: 'POST', path: `/api/phone/tickets/${browser.ticket}/confirm`, body }),
    profile: (body) => phone.signed({ method: 'PUT', path: '/api/phone/profile', body }),
  }
  for (const [name, take] of Object.entries(takers)) {
    for (const [what, body] of Object.entries(badBodies)) {
      const answer = await take(body)
      t.equal(verdict(answer), '400 bad-request', `${name}: the body ${what}`)
      t.notMatch(answer.json.detail, /ajv|schema|SyntaxError|position|token/i)
    }
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'application/json-seq', 'x', '/', 'application/problem+json']) {
      const answer = name === 'create' || name === 'login'
        ? await service.call({ method: 'POST', path: name === 'create' ? '/api/tickets' : '/api/phone/login', body: '{}', headers: { 'content-type': type } })
        : await phone.signed({ method: name === 'profile' ? 'PUT' : 'POST', path: name === 'profile' ? '/api/phone/profile' : `/api/phone/tickets/${browser.ticket}/confirm`, body: '{"name":"x","match_code":"10"}', headers: { 'content-type': type } })
      t.equal(verdict(answer), '415 unsupported-media-type', `${name}: ${type}`)
    }
    t.equal(verdict(await take(Buffer.alloc(2_000_000, ' '))), '413 payload-too-large', `${name}: two megabytes`)
  }
  for (const code of ['1', '123', 'ab', ' 47', '47 ', '4７', '٤٧', '-1', '4\n', '']) t.equal(verdict(await phone.confirm(browser.ticket, code)), '400 bad-request', encodeURI(code))
  t.equal(verdict(await phone.confirm(browser.ticket)), '400 bad-request', 'no number')
  t.hasStrict((await browser.poll()).json, { state: 'scanned', version: 2 })
  t.equal(service.simulator.calls.length, wechatCalls, 'WeChat was not asked')
  t.equal((await phoneOf(service)).sub, phone.sub)
  await phone.cancel(browser.ticket)
  t.equal((await openBrowser(service)).created.status, 201, 'no refused call took a slot')
})

await t.test('bodies: none, an empty object and unknown members are accepted', async (t) => {
  const service = await openTestService(t)
  for (const call of [{}, { body: '' }, { body: '{}' }, { body: '{"return_to":null}' }, { body: '{"return_to":"/x","x":[1]}' }]) {
    t.equal((await service.call({ method: 'POST', path: '/api/tickets', ...call })).status, 201, JSON.stringify(call))
  }
  t.equal((await service.call({ method: 'POST', path: '/api/tickets', body: '{}', headers: { 'content-type': 'application/json; charset=utf-8' } })).status, 201)
  const { browser, phone } = await confirmedBrowser(service)
  for (const type of ['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'application/json']) {
    const empty = { body: '', headers: { 'content-type': type } }
    t.equal((await service.call({ method: 'POST', path: '/api/tickets', ...empty })).status, 201, `no bytes of ${type}`)
    const secret = { ...empty.headers, authorization: `Ticket ${browser.secret}` }
    t.equal((await service.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, body: '', headers: secret })).status, 200)
    t.equal((await phone.signed({ method: 'POST', path: `/api/phone/tickets/${(await openBrowser(service)).ticket}/scan`, ...empty })).status, 200)
    t.equal(verdict(await service.call({ method: 'POST', path: '/api/phone/login', ...empty })), '400 bad-request')
  }
  t.equal((await service.call({ method: 'POST', path: '/api/tickets', body: '{}', headers: { 'content-type': 'Application/JSON' } })).status, 201)
})

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
const routes: Record<string, string> = {
  '/api/tickets': 'POST',
  [`/api/tickets/${unknownId}`]: 'DELETE, GET, HEAD',
  [`/api/tickets/${unknownId}/code`]: 'GET, HEAD',
  [`/api/tickets/${unknownId}/link`]: 'GET, HEAD',
  [`/api/tickets/${unknownId}/consume`]: 'POST',
  '/api/session': 'DELETE, GET, HEAD',
  '/api/session/token': 'POST',
  '/api/session/verify': 'GET, HEAD',
  '/api/forward-auth': 'GET, HEAD',
  '/api/phone/login': 'POST',
  [`/api/phone/tickets/${unknownId}/scan`]: 'POST',
  [`/api/phone/tickets/${unknownId}/confirm`]: 'POST',
  [`/api/phone/tickets/${unknownId}/cancel`]: 'POST',
  '/api/phone/sessions': 'DELETE, GET, HEAD',
  [`/api/phone/sessions/${unknownId}`]: 'DELETE',
  '/api/phone/profile': 'PUT',
  '/api/phone/person': 'DELETE',
  '/api/phone/people': 'GET, HEAD',
  [`/api/phone/people/${unknownId}/allow`]: 'POST',
  [`/api/phone/people/${unknownId}/block`]: 'POST',
  '/.well-known/jwks.json': 'GET, HEAD',
  '/health/live': 'GET, HEAD',
  '/health/ready': 'GET, HEAD',
  '/healthz': 'GET, HEAD',
  '/openapi.json': 'GET, HEAD',
  '/': 'GET, HEAD',
  '/login': 'GET, HEAD',
  '/me': 'GET, HEAD',
  '/login.js': 'GET, HEAD',
}

await t.test('methods: a wrong one gets 405 with Allow on every path, also under a prefix', async (t) => {
  for (const prefix of ['', '/sign/in']) {
    const service = await openTestService(t, { env: { ...noLimits, WECHAT_URL_LINK: 'on', PUBLIC_URL: `https://login.example.com${prefix}` } })
    for (const [path, allow] of Object.entries(routes)) {
      for (const method of methods) {
        const answer = await service.call({ method, path: `${prefix}${path}` })
        if (allow.split(', ').includes(method)) t.not(answer.status, 405, `${method} ${path}`)
        else t.strictSame([answer.status, answer.headers.allow, answer.json?.code], [405, allow, method === 'HEAD' ? undefined : 'method-not-allowed'], `${method} ${path}`)
      }
      const withBody = await service.call({ method: 'PATCH', path: `${prefix}${path}?a=1`, body: '{', headers: { 'content-type': 'text/plain' } })
      t.equal(verdict(withBody), '405 method-not-allowed', `PATCH ${path} with a body`)
    }
    t.equal(verdict(await service.call({ method: 'POST', path: `${prefix}/api/tickets/`, body: '{}' })), '404 not-found', 'a ticket with an empty id is no path')
  }
})

await t.test('unknown paths: they get not-found with every method and body', async (t) => {
  const service = await openTestService(t, { env: { ...noLimits, PUBLIC_URL: 'https://login.example.com/auth' } })
  for (const path of ['/', '/api/tickets', '/login', '/authx', '/auth/api', '/auth/api/', `/auth/api/tickets/${unknownId}/`, `/auth/api/tickets/${unknownId}/codes`,
    '/auth/api/phone', '/auth/api/phone/tickets', '/auth/api/session/', '/auth/API/tickets', '/auth//api/tickets', '/auth/metrics', '/auth/health', '/auth/.well-known/', '/auth/api/tickets;x', '/auth/documentation']) {
    for (const method of ['GET', 'POST', 'DELETE'] as const) {
      const answer = await service.call({ method, path, ...(method === 'POST' && { body: '{' }) })
      t.equal(verdict(answer), '404 not-found', `${method} ${path}`)
      t.equal(answer.headers['cache-control'], 'no-store')
    }
  }
})

await t.test('ids: a malformed one is answered exactly like an unknown one', async (t) => {
  const service = await openTestService(t, { env: { ...noLimits, WECHAT_URL_LINK: 'on' } })
  const phone = await phoneOf(service)
  const wordsOf = ({ status, json, headers: { date, ...headers } }: Answer): unknown => ({ status, headers, body: { ...json, request_id: '' } })
  const asks: Record<string, (id: string) => Promise<Answer>> = {
    poll: (id) => service.call({ path: `/api/tickets/${id}`, headers: someSecret }),
    'long poll': (id) => service.call({ path: `/api/tickets/${id}?after=1&wait=25`, headers: someSecret }),
    'poll without a secret': (id) => service.call({ path: `/api/tickets/${id}` }),
    'poll with a short secret': (id) => service.call({ path: `/api/tickets/${id}`, headers: { authorization: 'Ticket x' } }),
    'poll by bearer': (id) => service.call({ path: `/api/tickets/${id}`, headers: { authorization: `Bearer ${'A'.repeat(43)}` } }),
    consume: (id) => service.call({ method: 'POST', path: `/api/tickets/${id}/consume`, headers: someSecret }),
    'give up': (id) => service.call({ method: 'DELETE', path: `/api/tickets/${id}`, headers: someSecret }),
    code: (id) => service.call({ path: `/api/tickets/${id}/code` }),
    link: (id) => service.call({ path: `/api/tickets/${id}/link` }),
    scan: (id) => phone.scan(id),
    confirm: (id) => phone.confirm(id, '10'),
    cancel: (id) => phone.cancel(id),
  }
  const { ticket } = await openBrowser(service)
  const ids = ['x', 'A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}B`, `${'A'.repeat(21)}.`, 'A'.repeat(200), 'A'.repeat(9000), 'x..y', '...', '%41'.repeat(22), '%00', `${unknownId}%00`,
    `${ticket}%00`, `${ticket}%0a`, `${ticket}%20`, 'a%2fb', '..%2f..%2fetc%2fpasswd', '%25zz', '%E5%BE%AE', '__proto__', 'constructor', '*', ':ticket', ticket.toLowerCase() === ticket ? 'y' : ticket.toLowerCase(), `${ticket}=`, '\'or\'1\'=\'1']
  for (const [name, ask] of Object.entries(asks)) {
    const unknown = await ask(unknownId)
    t.equal(verdict(unknown), '404 ticket-not-found', name)
    const words = wordsOf(unknown)
    for (const id of ids) t.strictSame(wordsOf(await ask(id)), words, `${name} ${id.slice(0, 40)}`)
    if (!['code', 'link', 'scan', 'confirm', 'cancel'].includes(name)) t.strictSame(wordsOf(await ask(ticket)), words, `${name}: a real one with a wrong secret`)
  }
  t.strictSame(wordsOf(await service.call({ path: `/api/tickets/${unknownId}/code` })), wordsOf(await asks.poll?.(unknownId) as Answer), 'by any caller')
})

await t.test('paths: an invalid escape gets not-found', async (t) => {
  const service = await openTestService(t)
  for (const path of ['/api/tickets/%zz', '/api/tickets/%', '/api/tickets/%f', '/api/tickets/%ff', '/api/tickets/%zz?after=1', '/api/tickets/%c3%28/code']) {
    t.equal(verdict(await service.call({ path })), '404 ticket-not-found', path)
  }
  for (const path of ['/%zz', '/%', '/api/%ff']) t.equal(verdict(await service.call({ path })), '404 not-found', path)
  t.equal((await service.call({ path: '/health/live?%zz=%' })).status, 200, 'but ignored in a query')
})

await t.test('requests: one that isn\'t HTTP or has too many headers gets a problem, and its connection is closed', async (t) => {
  const service = await openTestService(t)
  const { port } = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  const say = (text: string) => new Promise<string>((resolve, reject) => {
    let received = ''
    const socket = connect(Number(port), '127.0.0.1', () => { socket.write(text) })
    socket.on('data', (data) => { received += data.toString() }).on('end', () => resolve(received)).on('error', reject)
  })
  for (const [text, status, code] of [
    ['hello\r\n\r\n', 400, 'bad-request'],
    [`GET /api/session HTTP/1.1\r\nHost: a\r\nX-Long: ${'A'.repeat(40_000)}\r\n\r\n`, 431, 'payload-too-large'],
    ['POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400, 'bad-request'],
  ] as const) {
    const [head = '', body = ''] = (await say(text)).split('\r\n\r\n')
    t.match(head, new RegExp(`^HTTP/1\\.1 ${status} `))
    t.match(head, /\r\nContent-Type: application\/problem\+json/i)
    t.match(head, /\r\nCache-Control: no-store/i)
    t.strictSame(Object.keys(JSON.parse(body)).sort(), ['code', 'detail', 'request_id', 'status', 'title', 'type'])
    t.equal(JSON.parse(body).code, code)
  }
})

await t.test('requests: a body that comes too slowly gets a problem of its own, not store-unavailable', async (t) => {
  const service = await openTestService(t)
  const { port } = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  const socket = connect(Number(port), '127.0.0.1')
  socket.write('POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"ret')
  await once(service.app.server, 'request')
  service.clock.advance(5000)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  t.match(text, /^HTTP\/1\.1 408 [^]*"code":"bad-request"/)
  t.notMatch(service.logged(), /store-unavailable/)
})
