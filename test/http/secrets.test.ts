/** Secrets: after logins with every kind of failure, none is in the log or the store, and none of WeChat's in an answer. */
import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import type { Store } from '../../src/login/store-port.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { craftSignature } from '../support/craft-signature.ts'
import { openTestService, type Answer, type Call, type TestService } from '../support/test-service.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { otherNumber } from '../support/seeded-random.ts'

interface Trouble {
  readonly service: TestService
  /** What must not be in the log, by name. */
  readonly secrets: Record<string, string>
  readonly browserSecrets: readonly string[]
  readonly answers: readonly Answer[]
  /** Everything that was put into the store, as text. */
  readonly stored: string
}

/** Runs logins with every kind of failure, and collects all secrets in them. */
const makeTrouble = async (t: Parameters<typeof openTestService>[0]): Promise<Trouble> => {
  const spoil: { with?: Error } = {}
  const stored: string[] = []
  const recording = (store: Store): Store => new Proxy(store, {
    get: (target, name: keyof Store) => (...args: unknown[]) => {
      if (spoil.with !== undefined && name !== 'close') return Promise.reject(spoil.with)
      if (name !== 'read') stored.push(JSON.stringify(args))
      return (target[name] as (...args: unknown[]) => unknown)(...args)
    },
  })
  const keys = generateKeys()
  const service = await openTestService(t, { env: { LOG_LEVEL: 'trace', WECHAT_URL_LINK: 'on' }, wrapStore: recording, keys })
  const answers: Answer[] = []
  const call = async (what: Call): Promise<Answer> => {
    const answer = await service.call(what)
    answers.push(answer)
    return answer
  }
  const watched: TestService = { ...service, call }
  const now = (): number => service.clock.now() / 1000

  const { browser, phone, token, cookie } = await logIn(watched)
  const cookieSecret = cookie.replace(/^[^=]*=/, '')
  await call({ path: `/api/tickets/${browser.ticket}/code` })
  const link = await call({ path: `/api/tickets/${(await openBrowser(watched)).ticket}/link` })
  const pending = await openBrowser(watched)
  await call({ path: `/api/tickets/${pending.ticket}/code` })
  await phone.rename('小明')
  await phone.sessions()
  const headers = { cookie, authorization: `Bearer ${token}` }
  await call({ path: '/api/session', headers })
  await call({ path: '/api/session/verify', headers })
  const fresh = await call({ method: 'POST', path: '/api/session/token', headers: { cookie, 'sec-fetch-site': 'same-origin' } })

  // Secrets in the wrong places: in paths, queries, other headers, malformed bodies.
  for (const secret of [browser.secret, cookieSecret, phone.key.key, token, service.simulator.secret]) {
    await call({ path: `/api/tickets/${secret}?secret=${secret}`, headers: { authorization: `Ticket ${secret}`, referer: `https://a.example/${secret}` } })
    await call({ path: `/api/tickets/${pending.ticket}`, headers: { 'x-ticket-secret': secret } })
    await call({ path: `/${secret}`, headers: { 'user-agent': secret, 'x-request-id': secret } })
    await call({ method: 'POST', path: '/api/tickets', body: `{"return_to":"${secret}` })
    await call({ method: 'POST', path: '/api/tickets', body: { return_to: `https://evil.example/${secret}` } })
    await call({ method: 'POST', path: '/api/phone/login', body: { js_code: [secret] } })
    await call({ method: 'PATCH', path: `/api/tickets?${secret}`, body: secret })
  }
  const escaped = pending.ticket.replaceAll(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`)
  await call({ path: `/api/tickets/${escaped}`, headers: { authorization: `Ticket ${pending.secret}` } })
  await call({ path: `/api/tickets/%zz${pending.ticket}` })

  const profile: Call = { method: 'PUT', path: '/api/phone/profile', body: '{"name":"x"}' }
  const right = craftSignature(profile, phone.key, now())
  for (const signed of [right, right, craftSignature(profile, phone.key, 1), craftSignature(profile, phone.key, now(), { digested: 'x' }), craftSignature(profile, phone.key, now(), { label: 'sig2' })]) {
    await call({ ...profile, headers: signed })
  }

  const jsCodes = ['ming', 'hong', 'wei', 'li', 'zhang', 'wang'].map((person) => service.simulator.jsCode(person))
  for (const [index, fault] of ([40226, 40125, 'html', 'cut', 'http-500', 99999] as const).entries()) {
    service.simulator.fail('jscode2session', fault, 1)
    await call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCodes[index] } })
    service.clock.advance(61_000)
  }
  await call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCodes[0] } })
  const unlucky = await openBrowser(watched)
  for (const [endpoint, fault] of [['generate_urllink', 'html'], ['generate_urllink', 42001], ['getwxacodeunlimit', 'html'], ['getwxacodeunlimit', 42001], ['stable_token', 40125], ['getwxacodeunlimit', 'cut']] as const) {
    service.simulator.fail(endpoint, fault, 1)
    service.simulator.revokeToken()
    await call({ path: `/api/tickets/${unlucky.ticket}/code` })
    await call({ path: `/api/tickets/${unlucky.ticket}/link` })
    service.clock.advance(1000)
  }
  for (const error of [new TypeError('inside'), Object.assign(new Error('outside'), { code: 'ECONNREFUSED' })]) {
    spoil.with = error
    await call({ path: `/api/tickets/${unlucky.ticket}`, headers: { authorization: `Ticket ${unlucky.secret}` } })
    await call({ path: '/api/session', headers })
    await call({ ...profile, headers: craftSignature(profile, phone.key, now()) })
    await call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } })
    delete spoil.with
  }
  const again = await phoneOf(watched)
  // Almost valid tokens, a wrong number, steps that come too late, and more calls than the limits allow.
  const [head, claims, signature = ''] = token.split('.')
  for (const bad of [`${head}.${claims}.`, `${head}.${claims}.${signature.slice(1)}A`, `${claims}.${head}.${signature}`, `${token}.${token}`]) {
    await call({ path: '/api/session', headers: { authorization: `Bearer ${bad}` } })
  }
  const wrongly = await openBrowser(watched)
  await again.scan(wrongly.ticket)
  const number = await wrongly.matchCode()
  await again.confirm(wrongly.ticket, otherNumber(number))
  await wrongly.consume()
  await again.cancel(browser.ticket)
  for (let i = 0; i < 70; i++) {
    await call({ path: `/api/tickets/${browser.ticket}`, headers: { authorization: `Ticket ${pending.secret}` } })
    await call({ method: 'POST', path: '/api/tickets' })
  }
  for (let i = 0; i < 130; i++) await again.sessions()
  service.app.beginShutdown()
  await call({ path: '/health/ready' })
  await call({ path: '/api/session', headers })
  await call({ method: 'DELETE', path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  await service.app.close()

  const accessTokens = new Set(service.simulator.calls.flatMap(({ query }) => query.access_token ?? []))
  const macs = answersOf(right)
  const nonce = /nonce="([^"]+)"/.exec(right['signature-input'] ?? '')?.[1] ?? ''
  return {
    browserSecrets: [browser.secret, pending.secret, unlucky.secret, wrongly.secret],
    service,
    answers,
    stored: stored.join('\n'),
    secrets: {
      ticket: browser.ticket,
      'pending ticket': pending.ticket,
      'ticket, escaped': escaped,
      'unlucky ticket': unlucky.ticket,
      'WeChat\'s link': String(link.headers.location).replace(/^.*\//, '/link/'),
      'browser secret': browser.secret,
      'pending browser secret': pending.secret,
      cookie: cookieSecret,
      token,
      'token\'s signature': token.split('.')[2] as string,
      'fresh token': fresh.json.access_token,
      'phone key': phone.key.key,
      'second phone key': again.key.key,
      ...macs,
      nonce,
      'ticket of a wrong number': wrongly.ticket,
      'browser secret of a wrong number': wrongly.secret,
      'subject key': keys.subject.toString('base64url'),
      'subject key in base64': keys.subject.toString('base64'),
      'cookie key': keys.cookie.toString('base64url'),
      'signing key': keys.signing[0].privatePem.split('\n').slice(1, -1)[0] ?? '',
      AppSecret: service.simulator.secret,
      openid: service.simulator.openidOf('ming'),
      'openid of another': service.simulator.openidOf('hong'),
      ...Object.fromEntries(jsCodes.map((jsCode, index) => [`js_code ${index}`, jsCode])),
      ...Object.fromEntries([...accessTokens].map((accessToken, index) => [`access_token ${index}`, accessToken])),
    },
  }
}

const answersOf = (signed: Record<string, string>): Record<string, string> => ({
  MAC: /:(.*):/.exec(signed.signature ?? '')?.[1] ?? '',
  'signature input': signed['signature-input'] ?? '',
})

const base64Of16Bytes = /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{22}==/

await t.test('secrets: none is in log, store, answers or calls to WeChat when everything has failed once', async (t) => {
  const { service, secrets, answers, stored, browserSecrets } = await makeTrouble(t)
  const log = service.logged()
  t.ok(log.length > 5000, 'a lot was logged')
  t.match(log, /"status":503/)
  for (const event of ['session.opened', 'session.ended', 'ticket.cancelled', 'phone-key.created', 'refused', 'limit.hit']) t.ok(log.includes(`"event":"${event}"`), `${event} was logged`)
  t.match(log, /"status":500/)
  for (const [what, secret] of Object.entries(secrets)) {
    t.ok(secret.length >= 16, `${what} is known to this test`)
    t.notOk(log.includes(secret), `${what} is not in the log`)
    t.notOk(log.includes(encodeURIComponent(secret)), `${what} is not in the log, encoded`)
  }
  t.notMatch(log, base64Of16Bytes, 'nothing that looks like a session_key')
  t.notMatch(log, /session_key|authorization|set-cookie|"cookie"|小明/i)

  t.ok(stored.length > 2000, 'a lot was stored')
  const areKeys = /ticket|nonce/ // they are keys in the store
  for (const what of Object.keys(secrets).filter((what) => !areKeys.test(what))) {
    t.notOk(stored.includes(secrets[what] as string), `${what} is not in the store`)
  }
  t.notMatch(stored, base64Of16Bytes)

  const said = answers.map(({ text, headers }) => text + JSON.stringify(headers)).join('\n')
  t.notMatch(said, /openid|unionid|session_key|40125|wx0123/)
  for (const what of Object.keys(secrets).filter((name) => /^(?:openid|AppSecret|access_token|js_code|subject key|cookie key|signing key|MAC|nonce)/.test(name))) t.notOk(said.includes(secrets[what] as string), `${what} is in no answer`)
  // WeChat gets its own secrets and the ticket's id, the code's scene. Its AppSecret is in a URL only where WeChat's interface demands it.
  const asked = service.simulator.calls.map(({ query, body }) => JSON.stringify(query) + body).join('\n')
  for (const secret of [...browserSecrets, ...['cookie', 'token', 'phone key', 'second phone key', 'MAC', 'nonce', 'subject key', 'cookie key', 'signing key'].map((what) => secrets[what] as string)]) t.notOk(asked.includes(secret), 'WeChat got none of ours')
  const addressed = service.simulator.calls.filter(({ endpoint }) => endpoint !== 'jscode2session').map(({ query }) => JSON.stringify(query)).join('\n')
  t.notOk(addressed.includes(service.simulator.secret), 'AppSecret is only in URLs of jscode2session')
  const scenes = service.simulator.calls.filter(({ endpoint, body }) => endpoint === 'getwxacodeunlimit' && body !== '').map(({ body }) => JSON.parse(body).scene as string)
  t.ok(scenes.length > 0)
  t.ok(scenes.every((scene) => /^[A-Za-z0-9_-]{22}$/.test(scene)), 'the code contains a ticket\'s id and nothing else')
  const tellingTwice = (secret: string): number => answers.filter(({ text, headers }) => (text + JSON.stringify(headers)).includes(secret)).length
  for (const what of ['browser secret', 'cookie', 'phone key', 'token']) t.equal(tellingTwice(secrets[what] as string), 1, `${what} is answered once`)
})
