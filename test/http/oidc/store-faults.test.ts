/** A store that fails at any call of the provider: the answer is a fault of ours, never that somebody is logged out, a code is unknown, or a success. */
import t from 'tap'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createInterruption, failure } from '../../support/interrupted-store.ts'
import { logIn } from '../../support/login.ts'
import { authorizationPath, clientsOf, CookieJar, redeem, testClient, tokenCall, visit } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService, type Answer } from '../../support/test-service.ts'

const client = testClient()
const isFault = ({ status, headers }: Answer): boolean => status >= 500 || new URL(String(headers['location'] ?? 'x:'), 'https://x').searchParams.get('error') === 'server_error'

await t.test('store faults: every call of a login at an app fails openly, whichever call to the store does, and works when it is made again', async (t) => {
  const interruption = createInterruption()
  const service = await openTestService(t, { clients: clientsOf(client), clock: createFakeClock(Date.now()), keys: withProviderKeys(), wrapStore: interruption.wrap, env: { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000' } })
  const jar = new CookieJar()
  jar.set(...(await logIn(service)).cookie.split('=') as [string, string])
  const scope = { scope: 'openid offline_access', prompt: 'consent' }
  const login = async () => (await visit(service, jar, authorizationPath(client, scope))).address
  const tokens = async () => (await redeem(service, client, await login())).json
  const open = { path: authorizationPath(client), headers: { accept: 'text/html', cookie: jar.headerFor('/') } }
  const begun = async () => {
    const stranger = new CookieJar()
    const returnTo = new URL((await visit(service, stranger, authorizationPath(client))).address).searchParams.get('return_to') ?? ''
    stranger.set(...jar.headerFor('/').split('=') as [string, string])
    return { path: returnTo, headers: { accept: 'text/html', cookie: stranger.headerFor(returnTo) } }
  }
  const calls: Record<string, () => Promise<() => Promise<Answer>>> = {
    'authorization, logged in': async () => () => service.call(open),
    'authorization, nobody logged in': async () => () => service.call({ path: authorizationPath(client), headers: { accept: 'text/html' } }),
    'back from the login': async () => {
      const call = await begun()
      return () => service.call(call)
    },
    'redeeming a code': async () => {
      const address = await login()
      return () => redeem(service, client, address)
    },
    refreshing: async () => {
      const { refresh_token: token } = await tokens()
      return () => tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: token })
    },
    userinfo: async () => {
      const { access_token: token } = await tokens()
      return () => service.call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${token}` } })
    },
  }
  for (const [name, prepare] of Object.entries(calls)) {
    const good = await (await prepare())()
    for (const when of ['before', 'after'] as const) {
      for (let step = 1; ; step++) {
        const call = await prepare()
        interruption.plan(step, when, failure)
        const answer = await call()
        if (!interruption.end()) {
          t.equal(answer.status, good.status, `${name}: as usual without a fault`)
          break
        }
        t.ok(isFault(answer), `${name}, ${when} call ${step} to the store: ${answer.status} ${answer.headers['location'] ?? ''} ${answer.text.slice(0, 200)}`)
        t.equal((await (await prepare())()).status, good.status)
      }
    }
  }
})
