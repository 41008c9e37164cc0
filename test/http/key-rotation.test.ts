/** A rotation of the signing key with two instances, a browser, and a site that caches the public keys for as long as it may. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { replaceKeys, rotateKeys } from '../../src/sessions/key-changes.ts'
import { followKeyFile, makeKeyFile } from '../../src/sessions/key-file.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { logIn, verdict } from '../support/login.ts'
import { makeFolder } from '../support/service-process.ts'

/** Opens two instances with a key file each, on one store and one clock. */
const openTwo = async (t: Test) => {
  const clock = createFakeClock()
  const simulator = await startWechatSimulator({ clock })
  const log = createRecordingLog()
  const store = createStore('sqlite::memory:', { clock, log })
  const folder = makeFolder(t)
  const paths = [join(folder, 'one.json'), join(folder, 'two.json')] as const
  makeKeyFile(paths[0])
  copyFileSync(paths[0], paths[1])
  const open = async (path: string): Promise<TestService> => {
    const keys = followKeyFile(path, clock, log)
    t.teardown(() => { keys.stop() })
    return await openTestService(t, { clock, simulator, store, keys })
  }
  const services = [await open(paths[0]), await open(paths[1])] as const
  t.teardown(async () => {
    await store.close()
    await simulator.close()
  })
  return { clock, services, paths, ...await logIn(services[0]) }
}

const jwksOf = async (service: TestService) => createLocalJWKSet((await service.call({ path: '/.well-known/jwks.json' })).json)
const withCookie = (service: TestService, cookie: string): Promise<Answer> => service.call({ path: '/api/session', headers: { cookie } })
const withToken = (service: TestService, token: string): Promise<Answer> => service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })
const freshToken = async (service: TestService, cookie: string): Promise<string> =>
  (await service.call({ method: 'POST', path: '/api/session/token', headers: { cookie, 'sec-fetch-site': 'same-origin' } })).json.access_token

await t.test('key rotation: every instance and site accepts every token at every moment, and nobody is logged out', async (t) => {
  const { clock, services, paths, cookie } = await openTwo(t)
  const start = clock.now()
  const copyAt = start + 23 * 3_600_000
  const wrongs: string[] = []
  const note = (what: string): void => { wrongs.push(`${new Date(clock.now()).toISOString()}: ${what}`) }
  const signers = new Set<string>()
  let tokens: string[] = []
  let isCopied = false

  rotateKeys(paths[0], start)
  while (clock.now() < start + 25.5 * 3_600_000) {
    const isQuiet = clock.now() > start + 1_200_000 && clock.now() < copyAt - 1_200_000
    if (isQuiet) {
      clock.advance(copyAt - 1_200_000 - clock.now())
      tokens = []
    }
    const kept = [await jwksOf(services[0]), await jwksOf(services[1])]
    clock.advance(299_000)
    if (!isCopied && clock.now() > copyAt) {
      copyFileSync(paths[0], paths[1])
      isCopied = true
    }
    const fresh = [await freshToken(services[0], cookie), await freshToken(services[1], cookie)]
    for (const token of fresh) {
      signers.add(decodeProtectedHeader(token).kid ?? '')
      for (const jwks of kept) await jwtVerify(token, jwks, { currentDate: new Date(clock.now()) }).catch(() => { note('a site lacks a key') })
    }
    tokens = [...tokens, ...fresh].slice(-8) // the oldest is 897 s old
    for (const service of services) {
      for (const token of tokens) if ((await withToken(service, token)).status !== 200) note('an instance refuses a token')
      if ((await withCookie(service, cookie)).status !== 200) note('the browser is logged out')
    }
  }
  t.strictSame(wrongs, [])
  t.equal(signers.size, 2, 'the key has changed')
  for (const service of services) {
    const { keys } = (await service.call({ path: '/.well-known/jwks.json' })).json
    t.strictSame(keys.map(({ kid }: { kid: string }) => kid), [[...signers][1]], 'the old one is no longer published')
  }
})

await t.test('key replacement: tokens by the old key are refused, and browsers stay logged in', async (t) => {
  const { clock, services: [service], paths, cookie, token } = await openTwo(t)
  replaceKeys(paths[0])
  t.equal((await withToken(service, token)).status, 200)
  clock.advance(5000)
  t.equal(verdict(await withToken(service, token)), '401 unauthenticated')
  t.equal((await withCookie(service, cookie)).status, 200)
  const fresh = await freshToken(service, cookie)
  t.equal((await withToken(service, fresh)).status, 200)
  await jwtVerify(fresh, await jwksOf(service), { currentDate: new Date(clock.now()) })
  await t.rejects(jwtVerify(token, await jwksOf(service), { currentDate: new Date(clock.now()) }), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
})
