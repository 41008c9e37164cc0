/** Logins at an app while the service runs as several instances, is restarted, or changes its keys. Real processes, called over HTTP. */
import { decodeProtectedHeader } from 'jose'
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { openBrowser, openPhone, type TestPhone } from '../support/clients.ts'
import { cookieOf } from '../support/login.ts'
import { CookieJar, claimsIn, visit, type VisitedService } from '../support/oidc.ts'
import { writeClients } from '../support/parties/provider.ts'
import { startRedis } from '../support/redis.ts'
import { makeFolder, openDeployment, run, waitUntilReady, type Deployment } from '../support/service-process.ts'
import type { Answer } from '../support/test-service.ts'

const callback = 'https://app.example.com/callback'

const openClients = (t: Test) => writeClients(t, [{ client_id: 'app', url: 'https://app.example.com', allow: 'everybody', redirect_uris: [callback] }])

/** A browser at the app, and what the app calls. Each step says at which instance it is made. */
const openVisit = (publicUrl: string, secret: string) => {
  const jar = new CookieJar()
  const at = ({ call }: Pick<Deployment, 'call'>): VisitedService => ({ call, config: { PUBLIC_URL: publicUrl } })
  const basic = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`app:${secret}`).toString('base64')}` }
  const authorization = new URLSearchParams({ client_id: 'app', response_type: 'code', redirect_uri: callback, scope: 'openid profile offline_access', prompt: 'consent', state: 'state' }).toString()
  const token = ({ call }: Pick<Deployment, 'call'>, body: Record<string, string>): Promise<Answer> => call({ method: 'POST', path: '/oidc/token', headers: basic, body: new URLSearchParams(body).toString() })
  return {
    /** Comes to the login page; returns where the login goes on. */
    begin: async (instance: Pick<Deployment, 'call'>) => new URL((await visit(at(instance), jar, `/oidc/auth?${authorization}`)).address, publicUrl).searchParams.get('return_to') ?? '',
    logIn: async (instance: Pick<Deployment, 'call'>, phone: TestPhone, returnTo: string) => {
      const browser = await openBrowser(instance, { body: { return_to: returnTo } })
      await phone.scan(browser.ticket)
      await phone.confirm(browser.ticket, await browser.matchCode())
      const consumed = await browser.consume()
      if (consumed.status !== 200) throw new Error(`not logged in: ${consumed.text}`)
      const [name = '', value = ''] = cookieOf(consumed).split(/=(.*)/s)
      jar.set(name, value)
    },
    /** Goes on to the app; returns the code. */
    finish: async (instance: Pick<Deployment, 'call'>, returnTo: string) => new URL((await visit(at(instance), jar, returnTo)).address, publicUrl).searchParams.get('code') ?? '',
    /** The whole of it for a browser that is logged in. */
    again: async (instance: Pick<Deployment, 'call'>) => new URL((await visit(at(instance), jar, `/oidc/auth?${authorization}`)).address, publicUrl).searchParams.get('code') ?? '',
    redeem: (instance: Pick<Deployment, 'call'>, code: string) => token(instance, { grant_type: 'authorization_code', code, redirect_uri: callback }),
    refresh: (instance: Pick<Deployment, 'call'>, refreshToken: string) => token(instance, { grant_type: 'refresh_token', refresh_token: refreshToken }),
    userinfo: ({ call }: Pick<Deployment, 'call'>, accessToken: string) => call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${accessToken}` } }),
  }
}

await t.test('deployment: a login succeeds, and each code and refresh token is redeemed once, when every step is made at another of two instances on Redis', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const simulator = await startWechatSimulator()
  t.teardown(() => simulator.close())
  const keysFile = `${makeFolder(t)}/keys.json`
  makeKeyFile(keysFile, { withProvider: true })
  const { file, secretOf } = openClients(t)
  const url = 'https://login.example.com'
  const open = async (): Promise<Deployment> => {
    const deployment = await openDeployment(t, { simulator, env: { STORE_URL: redis.url, KEYS_FILE: keysFile, PUBLIC_URL: url, OIDC_CLIENTS_FILE: file, LOG_LEVEL: 'warn' } })
    await deployment.start()
    await waitUntilReady(deployment)
    return deployment
  }
  const [one, two] = [await open(), await open()]
  const phone = await openPhone(one, { jsCode: simulator.jsCode('ming'), authority: 'login.example.com' })
  const app = openVisit(url, secretOf('app'))

  const returnTo = await app.begin(one)
  await app.logIn(two, phone, returnTo)
  const code = await app.finish(one, returnTo)
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => app.redeem(i % 2 === 0 ? one : two, code)))
  t.strictSame(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(400)])
  t.strictSame([...new Set(answers.filter(({ status }) => status === 400).map(({ json }) => json.error))], ['invalid_grant'])

  const tokens = await app.redeem(two, await app.again(one))
  t.equal(tokens.status, 200, tokens.text)
  t.equal(claimsIn(tokens.json.id_token).sub, phone.sub)
  t.equal((await app.userinfo(one, tokens.json.access_token)).json.sub, phone.sub)
  const refreshed = await Promise.all(Array.from({ length: 8 }, (_, i) => app.refresh(i % 2 === 0 ? one : two, tokens.json.refresh_token)))
  t.strictSame(refreshed.map(({ status }) => status).sort(), [200, ...Array(7).fill(400)])

  t.equal((await phone.signOutEverywhere()).status, 204)
  const won = refreshed.find(({ status }) => status === 200)
  for (const instance of [one, two]) {
    t.equal((await app.userinfo(instance, won?.json.access_token)).status, 401)
    t.equal((await app.refresh(instance, won?.json.refresh_token)).json.error, 'invalid_grant')
  }
})

await t.test('deployment: a login goes on where it was when the service is restarted between any two steps of it', async (t) => {
  const { file, secretOf } = openClients(t)
  const deployment = await openDeployment(t, { env: { OIDC_CLIENTS_FILE: file } })
  let running = await deployment.start()
  const restart = async (): Promise<void> => {
    running.kill('SIGTERM')
    t.equal((await running.ended).code, 0)
    running = await deployment.start()
  }
  const phone = await deployment.phone()
  const app = openVisit(deployment.url, secretOf('app'))
  const returnTo = await app.begin(deployment)
  await restart()
  await app.logIn(deployment, phone, returnTo)
  await restart()
  const code = await app.finish(deployment, returnTo)
  await restart()
  const tokens = await app.redeem(deployment, code)
  t.equal(tokens.status, 200, tokens.text)
  await restart()
  t.equal((await app.userinfo(deployment, tokens.json.access_token)).json.sub, phone.sub)
  t.equal((await app.refresh(deployment, tokens.json.refresh_token)).status, 200)
  t.equal((await app.redeem(deployment, code)).json.error, 'invalid_grant')
})

for (const [word, signsAtOnce] of [['rotate', false], ['replace', true]] as const) {
  await t.test(`deployment: a login that has begun ends with a token of a published key when "npm run keys -- ${word}" changes the keys in the middle`, async (t) => {
    const { file, secretOf } = openClients(t)
    const deployment = await openDeployment(t, { env: { OIDC_CLIENTS_FILE: file } })
    await deployment.start()
    const phone = await deployment.phone()
    const app = openVisit(deployment.url, secretOf('app'))
    const keyIds = async (): Promise<readonly unknown[]> => (await deployment.call({ path: '/oidc/jwks' })).json.keys.map(({ kid }: { kid: unknown }) => kid)
    const before = await keyIds()
    const returnTo = await app.begin(deployment)
    await app.logIn(deployment, phone, returnTo)
    const code = await app.finish(deployment, returnTo)
    const { code: exit, stderr } = await run(t, { script: 'src/keys.ts', args: [word], folder: deployment.folder, env: { STORE_URL: 'sqlite::memory:', KEYS_FILE: `${deployment.folder}/data/keys.json` } }).ended
    t.equal(exit, 0, stderr)
    while ((await keyIds()).every((kid) => before.includes(kid))) await new Promise((resolve) => setTimeout(resolve, 100))
    const tokens = await app.redeem(deployment, code)
    t.equal(tokens.status, 200, tokens.text)
    const { kid } = decodeProtectedHeader(tokens.json.id_token)
    t.ok((await keyIds()).includes(kid), 'it is published')
    t.equal(before.includes(kid), !signsAtOnce)
    t.equal((await app.userinfo(deployment, tokens.json.access_token)).json.sub, phone.sub)
  })
}
