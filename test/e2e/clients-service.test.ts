// `npm run clients` beside a running service: what it writes is what the service does, without a restart.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { writeClients } from '../support/oidc-clients.ts'
import { openDeployment, run } from '../support/service-process.ts'

await t.test('clients: a running service knows an app that is added, takes its secret by either method, and forgets the app when it is removed', async (t) => {
  const deployment = await openDeployment(t)
  const file = join(deployment.folder, 'data/clients.json')
  mkdirSync(join(deployment.folder, 'data'))
  writeClients(file, [])
  const settings = { OIDC_CLIENTS_FILE: file, PUBLIC_URL: deployment.url, KEYS_FILE: join(deployment.folder, 'data/keys.json') }
  const clients = (...args: readonly string[]) => run(t, { script: 'src/commands/clients.ts', args, folder: deployment.folder, env: settings }).ended
  await deployment.start(settings)

  const authorize = (redirectUri: string) => deployment.call({
    path: `/oidc/auth?${new URLSearchParams({ client_id: 'openlist', response_type: 'code', scope: 'openid profile', state: 'x', redirect_uri: redirectUri }).toString()}`,
    headers: { accept: 'text/html' },
  })
  const [uri = '', ...others] = ['https://list.example.com/api/auth/sso_callback?method=sso_get_token', 'https://list.example.com/api/auth/sso_callback?method=get_sso_id']
  const until = async (status: number): Promise<void> => {
    while ((await authorize(uri)).status !== status) await sleep(200)
  }
  const token = (secret: string, by: 'basic' | 'post') => deployment.call({
    method: 'POST',
    path: '/oidc/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...by === 'basic' && { authorization: `Basic ${Buffer.from(`openlist:${secret}`).toString('base64')}` } },
    body: new URLSearchParams({ grant_type: 'authorization_code', code: 'none', redirect_uri: uri, ...by === 'post' && { client_id: 'openlist', client_secret: secret } }).toString(),
  })

  t.equal((await authorize(uri)).status, 400)
  const { client_secret: secret } = JSON.parse((await clients('add', 'openlist', 'https://list.example.com', '--json')).stdout) as { client_secret: string }
  await until(303)
  for (const other of others) t.equal((await authorize(other)).status, 303, other)
  for (const wrong of ['https://list.example.com/api/auth/sso_callback?method=other', 'https://list.example.com/api/auth/sso_callback', `${uri}&x=1`, uri.replace('list.', 'evil.')]) t.equal((await authorize(wrong)).status, 400, wrong)
  for (const by of ['basic', 'post'] as const) {
    t.equal((await token(secret, by)).json.error, 'invalid_grant', `the secret is right by ${by}, and the code is not`)
    for (const wrong of [`${secret}x`, secret.toLowerCase(), 'openlist']) t.equal((await token(wrong, by)).json.error, 'invalid_client', wrong)
  }

  const checked = await clients('check', '--fetch', '--json')
  t.hasStrict((JSON.parse(checked.stdout) as { fetched: unknown[] }).fetched[0], { url: `${deployment.url}/oidc/.well-known/openid-configuration`, status: 200, error: null }, 'the issuer is the one that apps are told')

  t.equal((await clients('remove', 'openlist')).code, 0)
  await until(400)
  t.equal((await token(secret, 'basic')).json.error, 'invalid_client')
})

await t.test('clients: the addresses that an app is told are those of the service\'s discovery', async (t) => {
  const deployment = await openDeployment(t)
  const file = join(deployment.folder, 'data/clients.json')
  const settings = { OIDC_CLIENTS_FILE: file, PUBLIC_URL: deployment.url, KEYS_FILE: join(deployment.folder, 'data/keys.json') }
  const added = await run(t, { script: 'src/commands/clients.ts', args: ['add', 'generic', 'https://app.example.com', '--redirect-uri', 'https://app.example.com/cb', '--json'], folder: deployment.folder, env: settings }).ended
  await deployment.start(settings)
  const { setup, discovery } = JSON.parse(added.stdout) as { setup: ReadonlyArray<{ fields?: ReadonlyArray<[string, string]> }>, discovery: string }
  const told = Object.fromEntries(setup.flatMap(({ fields = [] }) => fields))
  const found = (await deployment.call({ path: new URL(discovery).pathname })).json
  t.strictSame(
    [told['Issuer'], told['Authorization endpoint'], told['Token endpoint'], told['Userinfo endpoint'], told['JWKS'], told['Logout (end session) endpoint']],
    [found.issuer, found.authorization_endpoint, found.token_endpoint, found.userinfo_endpoint, found.jwks_uri, found.end_session_endpoint],
  )
  for (const claim of ['name', 'nickname', 'username', 'roles']) t.ok(found.claims_supported.includes(claim), claim)
})
