/** What the OpenID Provider decides once, on each store and with two instances: codes, refresh tokens, what a session has with an app. */
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { logIn } from '../support/login.ts'
import { authorizationPath, claimsIn, clientsOf, CookieJar, redeem, testClient, tokenCall, visit } from '../support/oidc.ts'
import { withProviderKeys } from '../support/provider-keys.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { onEveryStore, type Harness } from './store-harness.ts'

const client = testClient()

const openTwo = async (t: Test, { stores }: Harness): Promise<readonly [TestService, TestService]> => {
  const clock = createFakeClock(Date.now())
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  const shared = { clock, simulator, keys: withProviderKeys(), clients: clientsOf(client) }
  return [await openTestService(t, { ...shared, store: stores[0] }), await openTestService(t, { ...shared, store: stores[1] ?? stores[0] })]
}

const loggedIn = async (service: TestService): Promise<CookieJar> => {
  const jar = new CookieJar()
  jar.set(...(await logIn(service)).cookie.split('=') as [string, string])
  return jar
}

await onEveryStore(t, 'OpenID: a code is redeemed once of eight times in parallel, at two instances, and its second use ends what it has opened', async (t, harness) => {
  const services = await openTwo(t, harness)
  const jar = await loggedIn(services[0])
  for (let round = 0; round < 5; round++) {
    const { address } = await visit(services[0], jar, authorizationPath(client))
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => redeem(services[index % 2] as TestService, client, address)))
    t.strictSame(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 7 }, () => 400)])
    for (const { json, status } of answers) if (status !== 200) t.equal(json.error, 'invalid_grant')
    t.equal((await redeem(services[1], client, address)).json.error, 'invalid_grant')
    const won = answers.find(({ status }) => status === 200)
    t.equal((await services[1].call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${won?.json.access_token}` } })).status, 401)
  }
})

await onEveryStore(t, 'OpenID: of eight refreshes in parallel one wins, and what it got is good', async (t, harness) => {
  const services = await openTwo(t, harness)
  const jar = await loggedIn(services[0])
  const { address } = await visit(services[1], jar, authorizationPath(client, { prompt: 'consent', scope: 'openid offline_access' }))
  let tokens = (await redeem(services[0], client, address)).json
  for (let round = 0; round < 5; round++) {
    const refresh = (service: TestService) => tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: tokens.refresh_token })
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => refresh(services[index % 2] as TestService)))
    t.strictSame(answers.map(({ status }) => status).sort(), [200, ...Array.from({ length: 7 }, () => 400)])
    tokens = answers.find(({ status }) => status === 200)?.json
    t.equal((await services[1].call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } })).status, 200)
  }
  const used = tokens.refresh_token
  const next = await tokenCall(services[0], client, { grant_type: 'refresh_token', refresh_token: used })
  services[0].clock.advance(11_000)
  t.equal((await tokenCall(services[1], client, { grant_type: 'refresh_token', refresh_token: used })).json.error, 'invalid_grant', 'a token that somebody has stolen')
  t.equal((await tokenCall(services[0], client, { grant_type: 'refresh_token', refresh_token: next.json.refresh_token })).json.error, 'invalid_grant')
})

await onEveryStore(t, 'OpenID: tabs of one browser that log in to one app at the same time all get in, in one session of the app', async (t, harness) => {
  const services = await openTwo(t, harness)
  const jar = await loggedIn(services[0])
  const ends = await Promise.all(Array.from({ length: 6 }, (_, index) => visit(services[index % 2] as TestService, jar, authorizationPath(client, { claims: '{"id_token":{"sid":null}}' }))))
  const answers = await Promise.all(ends.map(({ address }, index) => redeem(services[(index + 1) % 2] as TestService, client, address)))
  t.strictSame(answers.map(({ status }) => status), answers.map(() => 200))
  t.equal(new Set(answers.map(({ json }) => claimsIn(json.id_token).sid)).size, 1)
  for (const { json } of answers) t.equal((await services[0].call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${json.access_token}` } })).status, 200)
})
