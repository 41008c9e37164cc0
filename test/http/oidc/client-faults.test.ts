/** What the owner reads in the log where an app is set up wrongly. */
import { EventEmitter } from 'node:events'
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { createClientFaults } from '../../../src/oidc/client-faults.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { authorizationPath, clientSecret, clientsOf, testClient, tokenCall } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService } from '../../support/test-service.ts'

const client = testClient()
const code = { grant_type: 'authorization_code', code: 'x'.repeat(43), redirect_uri: client.redirectUris[0] ?? '' }

await t.test('client faults: each is one line that says which app it is and how to mend it, and never a secret', async (t) => {
  const open = testClient({ clientId: 'open', isPublic: true, secretHashes: [], isPkceRequired: true })
  const service = await openTestService(t, { clients: clientsOf(client, open), clock: createFakeClock(Date.now()), keys: withProviderKeys() })
  const lines = () => service.logged().split('\n').filter((line) => line.includes('"code":"oidc-')).map((line) => JSON.parse(line)).map(({ code, client, msg }) => ({ code, client, msg }))
  const expectLine = (code: string, pattern: RegExp) => {
    const last = lines().at(-1)
    t.equal(last?.code, code)
    t.match(last?.msg, pattern)
  }
  await tokenCall(service, client, code, 'a-wrong-secret-that-nobody-should-read')
  expectLine('oidc-wrong-secret', /^client "app" sent another secret than the one in OIDC_CLIENTS_FILE: enter the right one at the app/)
  await tokenCall(service, testClient({ clientId: 'unknown-app' }), code)
  expectLine('oidc-unknown-client', /^an app calls itself client "unknown-app", which OIDC_CLIENTS_FILE doesn't have: compare/)
  await tokenCall(service, open, code)
  expectLine('oidc-wrong-secret', /^client "open" sent a secret, and OIDC_CLIENTS_FILE says that it is public/)
  await service.call({ method: 'POST', path: '/oidc/token', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ ...code, client_id: 'app' }).toString() })
  expectLine('oidc-wrong-secret', /^client "app" sent no secret: enter it at the app$/)
  await service.call({ path: authorizationPath(client, { redirect_uri: 'https://app.example.com/other?x=1' }) })
  expectLine('oidc-wrong-redirect-uri', /^client "app" wants its people back at "https:\/\/app\.example\.com\/other\?x=1", which is not in its redirect_uris in OIDC_CLIENTS_FILE: they are compared character by character/)
  await service.call({ path: authorizationPath(testClient({ clientId: 'nobody' })) })
  expectLine('oidc-unknown-client', /client "nobody"/)
  await service.call({ path: '/oidc/session/end?client_id=app&post_logout_redirect_uri=https://app.example.com/nowhere' })
  expectLine('oidc-wrong-redirect-uri', /after the logout, which is not in its post_logout_redirect_uris/)
  const before = lines().length
  await tokenCall(service, client, code)
  t.equal(lines().length, before, 'a code that is unknown, used or too late is no mistake of the set-up')
  t.notMatch(service.logged(), new RegExp(`nobody-should-read|${clientSecret}`))
})

await t.test('client faults: a stranger fills no log', async (t) => {
  const service = await openTestService(t, { clients: clientsOf(client), clock: createFakeClock(Date.now()), keys: withProviderKeys() })
  for (let tries = 0; tries < 40; tries++) await tokenCall(service, testClient({ clientId: `made-up-${tries}` }), code)
  const lines = () => service.logged().split('\n').filter((line) => line.includes('"code":"oidc-'))
  t.equal(lines().length, 3)
  service.clock.advance(60_000)
  t.equal(lines().length, 4)
  t.match(lines().at(-1), /"repeated":37/)
})

await t.test('client faults: what the provider cannot answer is logged with its cause, a few a minute, and never on the console', async (t) => {
  const broken = (store: Store): Store => ({ ...store, read: async (key) => key.startsWith('oidc:') ? await Promise.reject(new Problem('store-unavailable')) : await store.read(key) })
  const service = await openTestService(t, { clients: clientsOf(client), clock: createFakeClock(Date.now()), keys: withProviderKeys(), wrapStore: broken })
  const failures = () => service.logged().split('\n').filter((line) => line.includes('"code":"oidc-failed"'))
  for (let count = 0; count < 30; count++) t.equal((await tokenCall(service, client, code)).status, 503)
  t.equal(failures().length, 20)
  const provider = new EventEmitter()
  const [written, own] = [[] as unknown[], console.error]
  console.error = (...parts: unknown[]) => { written.push(parts) }
  t.teardown(() => { console.error = own })
  const faults = createClientFaults('clients.json', { clock: service.clock, log: service.app.log })
  faults.watch(provider as unknown as Parameters<typeof faults.watch>[0])
  provider.emit('error', new Error('outside of every handler'))
  faults.stop()
  t.match(failures().at(-1), /outside of every handler/)
  t.strictSame(written, [])
})
