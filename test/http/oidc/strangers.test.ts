/** What strangers, and people who are logged in, can make the store keep by calls of the provider: everything is counted, short, and has an end. */
import t, { type Test } from 'tap'
import type { Store } from '../../../src/login/store-port.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn, phoneOf } from '../../support/login.ts'
import { authorizationPath, clientsOf, CookieJar, redeem, testClient, tokenCall, visit } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService, type TestServiceOptions } from '../../support/test-service.ts'

const client = testClient()
const open = (t: Test, options: TestServiceOptions = {}) => openTestService(t, { clients: clientsOf(client), clock: createFakeClock(Date.now()), keys: withProviderKeys(), ...options })

await t.test('strangers: a person who is logged in is counted by who they are, from wherever they call, and hears it by JSON or by a page', async (t) => {
  const service = await open(t, { env: { LIMIT_CREATE: '3' } })
  const one = await logIn(service, { from: '203.0.113.9' })
  const other = await logIn(service, { from: '203.0.113.10', phone: await phoneOf(service, 'hua') })
  const call = (cookie: string, from: string, path = authorizationPath(client, { prompt: 'login' })) => service.call({ path, headers: { accept: 'text/html', cookie }, from })
  for (const path of [authorizationPath(client, { prompt: 'login' }), '/oidc/device', '/oidc/session/end']) t.ok((await call(one.cookie, '198.51.100.7', path)).status < 400)
  for (const from of ['198.51.100.7', '198.51.100.8', '203.0.113.200']) {
    const answer = await call(one.cookie, from)
    t.equal(answer.status, 429)
    t.ok(Number(answer.headers['retry-after']) > 0)
  }
  t.equal((await call(other.cookie, '198.51.100.7')).status, 303)
  t.equal((await service.call({ path: authorizationPath(client), from: '198.51.100.7' })).status, 303, 'visitors have a count of their own')
  t.match(service.logged(), `"event":"limit.hit","limit":"authorize","sub":"${one.phone.sub}"`)
  service.clock.advance(61_000)
  t.equal((await call(one.cookie, '198.51.100.7')).status, 303)
})

await t.test('strangers: refreshes of one person are counted, at all apps together', async (t) => {
  const service = await open(t, { env: { LIMIT_CREATE: '5' } })
  const jar = new CookieJar()
  jar.set(...(await logIn(service)).cookie.split('=') as [string, string])
  let { json } = await redeem(service, client, (await visit(service, jar, authorizationPath(client, { prompt: 'consent', scope: 'openid offline_access' }))).address)
  const refresh = () => tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: json.refresh_token })
  for (let count = 2; count <= 5; count++) json = (await refresh()).json
  t.ok(json.refresh_token)
  const refused = await refresh()
  t.strictSame([refused.status, refused.json.error, refused.headers['retry-after']], [429, 'temporarily_unavailable', '60'])
  service.clock.advance(61_000)
  t.equal((await refresh()).status, 200, 'the token is not used up')
})

await t.test('strangers: a request has 8 KiB', async (t) => {
  const service = await open(t)
  const sized = (length: number) => {
    const path = authorizationPath(client, { state: '' })
    return `${path}${'x'.repeat(length + '/oidc/auth?'.length - path.length)}`
  }
  t.equal((await service.call({ path: sized(8192) })).status, 303)
  t.equal((await service.call({ path: sized(8193) })).status, 431)
  const post = (length: number) => service.call({ method: 'POST', path: '/oidc/auth', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: sized(length).replace('/oidc/auth?', '') })
  t.equal((await service.call({ path: String((await post(8192)).headers['location']) })).status, 303, 'all that may be posted')
  t.equal((await post(8193)).status, 413)
})

await t.test('strangers: what is stored for visitors has its limit, with a share for each network, and the oldest makes room', async (t) => {
  const keys = new Set<string>()
  const watched = (store: Store): Store => ({
    ...store,
    write: async (key, ...more) => {
      await store.write(key, ...more)
      keys.add(key)
    },
    claim: async (key, ...more) => {
      keys.add(key)
      return await store.claim(key, ...more)
    },
  })
  const tv = testClient({ clientId: 'tv', isPublic: true, secretHashes: [], isPkceRequired: true })
  const service = await open(t, { clients: clientsOf(client, tv), wrapStore: watched, env: { MAX_TICKETS: '60' } }) // three for each network
  const kept = async () => {
    const stored = await Promise.all([...keys].filter((key) => /^oidc:(?:Interaction|DeviceCode|visitor):/.test(key)).map((key) => service.store.read(key)))
    return stored.filter((value) => value !== undefined).length
  }
  const begin = async (from: string) => {
    const jar = new CookieJar()
    service.clock.advance(10)
    const answer = await service.call({ path: authorizationPath(client), from })
    jar.take(answer)
    return async () => (await service.call({ path: String(answer.headers['location']), headers: { cookie: jar.headerFor(String(answer.headers['location'])) }, from })).status
  }
  const first = await begin('198.51.100.1')
  const second = await begin('198.51.100.2')
  t.strictSame([await first(), await second()], [302, 302])
  service.clock.advance(10)
  const askForCode = () => service.call({ method: 'POST', path: '/oidc/device/auth', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'client_id=tv&scope=openid', from: '198.51.100.3' })
  t.equal((await askForCode()).status, 200)
  t.equal((await service.call({ path: '/oidc/device', from: '198.51.100.4' })).status, 200)
  t.strictSame([await first(), await second(), await kept()], [404, 302, 3], 'the oldest of this network is gone')
  const elsewhere = await begin('203.0.113.1')
  t.strictSame([await second(), await elsewhere(), await kept()], [302, 302, 4])
  for (let network = 0; network < 30; network++) for (let host = 1; host <= 3; host++) await begin(`192.0.${network}.${host}`)
  t.equal(await kept(), 60)
})
