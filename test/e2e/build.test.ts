/** `npm run build` over an earlier build that a service may be running from. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repository } from '../support/readmes.ts'
import { freePort } from '../support/redis.ts'
import { makeFolder, run } from '../support/service-process.ts'
import { waitUntil } from '../support/waiting.ts'

await t.test('build: the last one and what a service has put beside it stay when it fails, and it takes their place when it succeeds', async (t) => {
  const folder = makeFolder(t)
  for (const name of ['.ci', 'src', 'static', 'package.json', 'LICENSE']) cpSync(join(repository, name), join(folder, name), { recursive: true })
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  const build = (): void => { execFileSync(process.execPath, ['.ci/build/main.ts'], { cwd: folder, stdio: 'ignore' }) }
  const dist = join(folder, 'dist')
  build()
  mkdirSync(join(dist, 'data'))
  writeFileSync(join(dist, 'data/keys.json'), 'keys')
  writeFileSync(join(dist, '.env'), 'PORT=1')
  writeFileSync(join(dist, 'app/of-an-earlier-release.js'), '')
  const server = join(dist, 'app/server.js')
  const [built, names] = [readFileSync(server), readdirSync(dist, { recursive: true }).sort()]

  const source = join(folder, 'src/server.ts')
  const text = readFileSync(source, 'utf8')
  writeFileSync(source, `${text}\nthis is no script`)
  t.throws(build)
  t.strictSame(readdirSync(dist, { recursive: true }).sort(), names, 'nothing is gone, and nothing left behind')
  t.strictSame(readFileSync(server), built)

  writeFileSync(source, `${text}\nprocess.title = 'another release'`)
  build()
  t.match(readFileSync(server, 'latin1'), 'another release')
  t.strictSame(readFileSync(join(dist, 'data/keys.json'), 'utf8') + readFileSync(join(dist, '.env'), 'utf8'), 'keysPORT=1')
  t.notOk(existsSync(join(dist, 'app/of-an-earlier-release.js')))
  t.strictSame(readdirSync(dist, { recursive: true }).sort(), names.filter((name) => name !== join('app', 'of-an-earlier-release.js')))

  // The OpenID Provider and the metrics are files of their own, which a service without them doesn't load.
  t.notMatch(readFileSync(server, 'latin1'), /RECOGNIZED_METADATA/)
  t.match(readFileSync(join(dist, 'app/oidc-provider.js'), 'latin1'), /RECOGNIZED_METADATA/)
  t.notMatch(readFileSync(server, 'latin1'), /nodejs_eventloop_lag_p50_seconds/)
  t.match(readFileSync(join(dist, 'app/prom-client.js'), 'latin1'), /nodejs_eventloop_lag_p50_seconds/)
  writeFileSync(join(folder, 'clients.json'), JSON.stringify({ clients: [{ client_id: 'git', app: 'gitea', url: 'https://git.example.com', allow: 'everybody', client_secret_sha256: '0'.repeat(63) + '1' }] }), { mode: 0o600 })
  const [port, metricsPort] = [await freePort(), await freePort()]
  const service = run(t, { script: join(dist, 'server.js'), folder, env: { PORT: String(port), HOST: '127.0.0.1', METRICS_PORT: String(metricsPort), OIDC_CLIENTS_FILE: 'clients.json', WECHAT_APPID: 'wx0000000000000000', WECHAT_SECRET: '0123456789abcdef0123456789abcdef', WECHAT_API_URL: 'http://127.0.0.1:9', CODE_SUPPLY: '0' } })
  await waitUntil(() => service.stdout().includes('listening'))
  const discovery = await fetch(`http://127.0.0.1:${port}/oidc/.well-known/openid-configuration`)
  t.hasStrict(await discovery.json(), { issuer: 'http://localhost:3000/oidc' })
  t.match(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(), /^nodejs_eventloop_lag_p50_seconds /m)
})
