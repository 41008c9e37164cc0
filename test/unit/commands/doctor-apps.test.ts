/** What the doctor says of apps, with real ones on this machine that have each fault. */
import { createServer } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkApps } from '../../../src/commands/doctor/check-apps.ts'
import { faultCodesIn, findingsOf, onlyFault } from '../../support/doctor.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { listen } from '../../support/listen.ts'
import { clientsFile, giteaEntry } from '../../support/oidc-clients.ts'
import { freePort } from '../../support/redis.ts'
import { makeFolder } from '../../support/service-process.ts'
import { waitUntil } from '../../support/waiting.ts'

/** An app that answers each call with a status, and what it was asked. */
const startApp = async (t: Test, status: number | 'hang' = 302) => {
  const asked: string[] = []
  const url = await listen(t, createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (status !== 'hang') response.writeHead(status).end()
  }))
  return { url, asked }
}

/** Something at PUBLIC_URL that says it is this issuer; its own by default. */
const startProvider = async (t: Test, issuer?: string): Promise<string> => {
  const url: string = await listen(t, createServer((request, response) => {
    response.statusCode = request.url === '/oidc/.well-known/openid-configuration' ? 200 : 404
    response.end(JSON.stringify({ issuer: issuer ?? `${url}/oidc` }))
  }))
  return url
}

/** Without a risk of its own; those of an http service and an app on this machine are left out of what is compared. */
const entry = (url: string, more: object = {}) => ({ ...giteaEntry, allow: { groups: ['family'] }, url, ...more })

const withoutRisks = (findings: Awaited<ReturnType<typeof findingsOf>>) => findings.filter((finding) => !('code' in finding) || finding.code !== 'apps-risk')

await t.test('doctor: nothing is said of apps where there are none', async (t) => {
  t.strictSame(await findingsOf(checkApps, {}), [])
})

await t.test('doctor: apps are in order when both sides answer, and no logout is posted', async (t) => {
  const [PUBLIC_URL, app] = [await startProvider(t), await startApp(t)]
  const OIDC_CLIENTS_FILE = clientsFile(t, [entry(app.url, { app: 'generic', redirect_uris: [`${app.url}/cb`], backchannel_logout_uri: `${app.url}/logout` })])
  const findings = await findingsOf(checkApps, { PUBLIC_URL, OIDC_CLIENTS_FILE })
  t.strictSame(withoutRisks(findings), [
    { status: 'ok', text: `${OIDC_CLIENTS_FILE}: 1 app, no mistakes` },
    { status: 'ok', text: `apps reach the provider at ${PUBLIC_URL}/oidc/.well-known/openid-configuration` },
    { status: 'ok', text: `an app answers at ${app.url}/` },
    { status: 'ok', text: `client "gitea" can be told of logouts at ${new URL(app.url).host}` },
  ])
  t.strictSame(app.asked.sort(), ['GET /', 'HEAD /logout'])
})

await t.test('doctor: each mistake in the file, and a file that is not there, is a failure', async (t) => {
  const wrong = await findingsOf(checkApps, { OIDC_CLIENTS_FILE: clientsFile(t, [{ ...giteaEntry, allow: undefined }, { ...giteaEntry, client_id: 'other', url: 'x' }]) })
  t.strictSame(faultCodesIn(wrong), ['apps-file-wrong', 'apps-file-wrong'])
  t.match(wrong[0]?.text, /client "gitea": needs allow/)
  t.match(onlyFault(t, await findingsOf(checkApps, { OIDC_CLIENTS_FILE: join(makeFolder(t), 'clients.json') }), 'apps-file-wrong'), /does not exist: "npm run clients -- add/)
})

await t.test('doctor: what npm run clients calls a risk is a warning', async (t) => {
  const app = await startApp(t)
  const OIDC_CLIENTS_FILE = clientsFile(t, [{ ...giteaEntry, url: app.url }])
  const risks = (await findingsOf(checkApps, { PUBLIC_URL: await startProvider(t), OIDC_CLIENTS_FILE })).filter((finding) => 'code' in finding)
  t.strictSame(risks.map(({ status, code }) => [status, code]), [['warning', 'apps-risk'], ['warning', 'apps-risk']])
  t.match(risks[0]?.text, /apps on other machines can't reach this service there/)
  t.match(risks[1], { text: 'client "gitea": allow is "everybody", and REGISTRATION is "open": whoever has WeChat can log in', todo: new RegExp(`change it in ${OIDC_CLIENTS_FILE} if you did not mean it`) })
})

await t.test('doctor: a provider that is not there, or is another one, is a failure', async (t) => {
  const app = await startApp(t)
  const OIDC_CLIENTS_FILE = clientsFile(t, [entry(app.url)])
  const saysOf = async (PUBLIC_URL: string): Promise<string> => onlyFault(t, withoutRisks(await findingsOf(checkApps, { PUBLIC_URL, OIDC_CLIENTS_FILE })), 'apps-no-provider')
  t.match(await saysOf(`${await startProvider(t)}/login`), /\/login\/oidc\/\.well-known\/openid-configuration: it answers 404 → start the service with this OIDC_CLIENTS_FILE/)
  t.match(await saysOf(await startProvider(t, 'http://inside:3000/oidc')), /its issuer is "http:\/\/inside:3000\/oidc" instead of/)
  t.match(await saysOf((await startApp(t, 200)).url), /JSON/, 'a page of something else')
  const away = await findingsOf(checkApps, { PUBLIC_URL: `http://127.0.0.1:${await freePort()}`, OIDC_CLIENTS_FILE })
  t.match(away.find(({ status }) => status === 'not-checked')?.text, /ECONNREFUSED/, 'what is wrong with PUBLIC_URL, its own check says')
  t.notOk(faultCodesIn(away).includes('apps-no-provider'))
})

await t.test('doctor: an app that is away is a warning, as visitors may reach it from elsewhere', async (t) => {
  const PUBLIC_URL = await startProvider(t)
  for (const [url, says] of [[`http://127.0.0.1:${await freePort()}`, /ECONNREFUSED/], [(await startApp(t, 502)).url, /it answers 502/]] as const) {
    t.match(onlyFault(t, withoutRisks(await findingsOf(checkApps, { PUBLIC_URL, OIDC_CLIENTS_FILE: clientsFile(t, [entry(url)]) })), 'apps-unreachable', 'warning'), says)
  }
})

await t.test('doctor: an app that can not be told of logouts is a failure: away, behind a proxy that has lost it, silent, or behind a proxy of ours', async (t) => {
  const [PUBLIC_URL, app] = [await startProvider(t), await startApp(t)]
  const file = (logout: string): string => clientsFile(t, [entry(app.url, { app: 'generic', redirect_uris: [`${app.url}/cb`], backchannel_logout_uri: logout })])
  const saysOf = async (logout: string, more: Readonly<Record<string, string>> = {}): Promise<string> =>
    onlyFault(t, withoutRisks(await findingsOf(checkApps, { PUBLIC_URL, OIDC_CLIENTS_FILE: file(logout), ...more })), 'apps-logout-unreachable')
  t.match(await saysOf(`http://127.0.0.1:${await freePort()}/logout`), /client "gitea" can't be told of logouts, and people stay logged in there: 127\.0\.0\.1:\d+ does not answer \(ECONNREFUSED\) → nothing listens/)
  t.match(await saysOf(`${(await startApp(t, 502)).url}/logout`), /answers 502: the app behind it is away → start the app/)
  const proxy = (await startApp(t, 407)).url
  t.match(await saysOf('http://app.test/logout', { HTTP_PROXY: proxy, WECHAT_API_URL: 'http://127.0.0.1:1' }), /wants a user and a password/)

  const [silent, clock] = [await startApp(t, 'hang'), createFakeClock()]
  const asked = findingsOf(checkApps, { PUBLIC_URL, OIDC_CLIENTS_FILE: file(`${silent.url}/logout`) }, clock)
  await waitUntil(() => silent.asked.length === 1)
  await clock.advance(5000)
  t.match(onlyFault(t, withoutRisks(await asked), 'apps-logout-unreachable'), /\(no answer in time\)/)
})
