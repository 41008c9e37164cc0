/** The OpenID Provider's keys while services run: a rotation with two instances and an app that keeps the public keys, a replacement, and that no token of one issuer is valid at the other. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../../src/demo/wechat-simulator.ts'
import { replaceKeys, rotateKeys } from '../../../src/sessions/key-changes.ts'
import { followKeyFile, makeKeyFile } from '../../../src/sessions/key-file.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn } from '../../support/login.ts'
import { authorizationPath, clientsOf, CookieJar, redeem, testClient, visit } from '../../support/oidc.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { makeFolder } from '../../support/service-process.ts'
import { openTestService, type TestService } from '../../support/test-service.ts'

const clients = [testClient(), testClient({ clientId: 'other', idTokenAlg: 'ES256' })] as const
const [app] = clients

/** Opens two instances with a key file each, on one store and one clock, and logs a browser in. */
const openTwo = async (t: Test) => {
  const clock = createFakeClock(Date.now()) // the provider has no other
  const simulator = await startWechatSimulator({ clock })
  const log = createRecordingLog()
  const store = createStore('sqlite::memory:', { clock, log })
  const folder = makeFolder(t)
  const paths = [join(folder, 'one.json'), join(folder, 'two.json')] as const
  makeKeyFile(paths[0], { withProvider: true })
  copyFileSync(paths[0], paths[1])
  const open = async (path: string): Promise<TestService> => {
    const keys = followKeyFile(path, clock, log, { needsProvider: true })
    t.teardown(() => { keys.stop() })
    return await openTestService(t, { clock, simulator, store, keys, clients: clientsOf(...clients) })
  }
  const services = [await open(paths[0]), await open(paths[1])] as const
  t.teardown(async () => {
    await store.close()
    await simulator.close()
  })
  const login = await logIn(services[0])
  const jar = new CookieJar()
  jar.set(...login.cookie.split('=') as [string, string])
  return { clock, services, paths, jar, login }
}

/** Logs in to an app: the code comes from one instance and is redeemed at another. */
const tokensOf = async (jar: CookieJar, from: TestService, at: TestService, client: typeof app = app): Promise<{ id_token: string, access_token: string }> => {
  const answer = await redeem(at, client, (await visit(from, jar, authorizationPath(client))).address)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json
}

const jwksOf = async (service: TestService) => (await service.call({ path: '/oidc/jwks' })).json as { keys: Array<{ kid: string, alg: string }> }
const kidsOf = async (service: TestService): Promise<string[]> => (await jwksOf(service)).keys.map(({ kid }) => kid)
const kidOf = (token: string): string => String(decodeProtectedHeader(token).kid)
/** The status of a log-out by an app. */
const logOut = async (service: TestService, jar: CookieJar, token: string): Promise<number> =>
  (await service.call({ path: `/oidc/session/end?id_token_hint=${token}`, headers: { accept: 'text/html', cookie: jar.headerFor('/oidc/session/end') } })).status

await t.test('provider key rotation: all instances switch at one moment, an app that has the keys knows the next ones, and a log-out with an old ID token goes on', async (t) => {
  const { clock, services: [one, two], paths, jar } = await openTwo(t)
  const [rsa, ec, ...none] = await kidsOf(one)
  t.strictSame([none, await kidsOf(two)], [[], [rsa, ec]])
  const old = [await tokensOf(jar, one, two), await tokensOf(jar, two, one, clients[1])].map(({ id_token: token }) => token) as [string, string] // of two
  t.strictSame(old.map(kidOf), [rsa, ec])

  rotateKeys(paths[0], clock.now() + 60_000 - 86_400_000)
  clock.advance(5000)
  const published = await kidsOf(one)
  const [newRsa, newEc] = published.slice(2)
  t.strictSame(published, [rsa, ec, newRsa, newEc])
  t.equal(new Set(published).size, 4)
  t.strictSame(await kidsOf(two), [rsa, ec], 'it has a file of its own')
  copyFileSync(paths[0], paths[1])
  clock.advance(5000)
  t.strictSame(await kidsOf(two), published)
  const kept = createLocalJWKSet(await jwksOf(two))
  t.equal(kidOf((await tokensOf(jar, one, two)).id_token), rsa, 'the old ones sign')

  clock.advance(60_000)
  for (const [from, at] of [[one, two], [two, one]] as const) {
    for (const [client, kid] of [[clients[0], newRsa], [clients[1], newEc]] as const) {
      const { id_token: token } = await tokensOf(jar, from, at, client)
      t.equal(kidOf(token), kid)
      await jwtVerify(token, kept, { issuer: 'https://login.example.com/oidc', audience: client.clientId })
    }
    t.strictSame(await kidsOf(at), [newRsa, newEc, rsa, ec])
    for (const token of old) t.equal(await logOut(at, jar, token), 200)
  }
})

await t.test('provider key replacement: new keys sign at once, and an ID token by an old one is refused at a log-out', async (t) => {
  const { clock, services: [one], paths, jar } = await openTwo(t)
  const before = await kidsOf(one)
  const { id_token: old } = await tokensOf(jar, one, one)
  t.equal(await logOut(one, jar, old), 200)
  replaceKeys(paths[0])
  clock.advance(5000)
  const after = await kidsOf(one)
  t.equal(after.length, 2)
  t.notOk(after.some((kid) => before.includes(kid)))
  t.equal(await logOut(one, jar, old), 400)
  const { id_token: fresh } = await tokensOf(jar, one, one)
  t.equal(kidOf(fresh), after[0])
  t.equal(await logOut(one, jar, fresh), 200)
})

await t.test('two issuers: no token of one is valid at the other', async (t) => {
  const { services: [service], jar, login } = await openTwo(t)
  const at = async (path: string, token: string): Promise<number> => (await service.call({ path, headers: { authorization: `Bearer ${token}` } })).status
  const { id_token: idToken, access_token: accessToken } = await tokensOf(jar, service, service)
  const { id_token: otherIdToken } = await tokensOf(jar, service, service, clients[1])
  t.strictSame([await at('/api/session', login.token), await at('/oidc/userinfo', accessToken)], [200, 200])
  for (const token of [idToken, otherIdToken, accessToken]) t.equal(await at('/api/session', token), 401)
  for (const token of [idToken, otherIdToken, login.token]) t.equal(await at('/oidc/userinfo', token), 401)
  t.equal(await logOut(service, jar, idToken), 200)
  t.equal(await logOut(service, jar, login.token), 400)
  const ours = (await service.call({ path: '/.well-known/jwks.json' })).json.keys as Array<{ kid: string }>
  t.notOk((await kidsOf(service)).some((kid) => ours.some((key) => key.kid === kid)))
})
