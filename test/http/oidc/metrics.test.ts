/** What the metrics say of logins at apps. */
import t from 'tap'
import { openMetrics } from '../../../src/http/metrics/metrics.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn } from '../../support/login.ts'
import { sumOf } from '../../support/metrics.ts'
import { authorizationPath, clientsOf, CookieJar, redeem, testClient, tokenCall, visit } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService } from '../../support/test-service.ts'

await t.test('metrics: logins at apps count by the app and how they end, and a refreshed token is none', async (t) => {
  const clock = createFakeClock(Date.now())
  const metrics = await openMetrics(clock)
  const [client, other] = [testClient(), testClient({ clientId: 'owners', allow: { groups: ['owners'] } })]
  const service = await openTestService(t, { clients: clientsOf(client, other), clock, keys: withProviderKeys(), metrics })
  const logins = (name: string, outcome: string): Promise<number> => sumOf(metrics, 'scan_login_app_logins_total', { client: name, outcome })
  const jar = new CookieJar()
  await visit(service, jar, authorizationPath(client, { prompt: 'none' }))
  t.equal(await sumOf(metrics, 'scan_login_app_logins_total'), 0, 'an app that asks whether somebody is logged in')
  const { cookie } = await logIn(service)
  jar.set(...cookie.split('=') as [string, string])

  const { address } = await visit(service, jar, authorizationPath(client, { prompt: 'consent', scope: 'openid offline_access' }))
  const tokens = await redeem(service, client, address)
  t.equal(tokens.status, 200, tokens.text)
  t.equal(await logins('app', 'ok'), 1)
  t.equal((await tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: tokens.json.refresh_token })).status, 200)
  t.equal(await logins('app', 'ok'), 1)

  t.equal((await redeem(service, client, address)).status, 400)
  t.equal(await logins('app', 'failed'), 1, 'a code that was used')
  t.match((await visit(service, jar, authorizationPath(other))).address, /error=access_denied/)
  t.equal(await logins('owners', 'refused'), 1, 'a person who may not log in there')

  for (let n = 0; n < 5; n++) await visit(service, jar, authorizationPath(testClient({ clientId: `stranger-${n}` })))
  t.notMatch(await metrics.text(), /stranger/)
  t.equal(await sumOf(metrics, 'scan_login_app_logins_total'), 3)
})
