/** The image, without Docker: the Dockerfile is followed in folders, and what it ends with runs where there is no package. */
import { DatabaseSync } from 'node:sqlite'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { buildImage } from '../support/build-image.ts'
import { launchChromium } from '../support/chromium.ts'
import { openBrowser } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import { logInStepByStep, openVisit, visitedService } from '../support/login-visit.ts'
import { freePort } from '../support/redis.ts'
import { makeFolder, openDeployment, run, type Deployment, type DeploymentOptions, type ProcessExit } from '../support/service-process.ts'

const { folder, command, healthcheck, labels } = buildImage(t)

const open = (t: Test, options: DeploymentOptions = {}): Promise<Deployment> => openDeployment(t, { script: join(folder, 'server.js'), ...options })

/** Runs one of the image's commands with the settings of a deployment. */
const runIn = async (t: Test, deployment: Deployment, script: string, ...args: readonly string[]): Promise<ProcessExit> => await run(t, {
  script: join(folder, script),
  args,
  folder: deployment.folder,
  env: { HOST: '127.0.0.1', PORT: String(deployment.port), STORE_URL: `sqlite:${join(deployment.folder, 'data/scan-login.db')}`, KEYS_FILE: join(deployment.folder, 'data/keys.json') },
}).ended

await t.test('image: it has the programs that it starts, the pages, and nothing of the sources or their packages', async (t) => {
  t.strictSame([command, healthcheck], [['node', 'server.js'], ['node', 'healthcheck.js']])
  t.strictSame(readdirSync(folder).sort(), ['LICENSES.txt', 'app', 'backup.js', 'clients.js', 'data', 'doctor.js', 'healthcheck.js', 'keys.js', 'package.json', 'people.js', 'restore.js', 'server.js', 'static'])
  t.strictSame(globSync('**/*.ts', { cwd: folder }), ['static/scan-login.d.ts'])
  for (let above = folder; above !== '/'; above = join(above, '..')) t.notOk(existsSync(join(above, 'node_modules')), above)
  t.strictSame(globSync('static/*.js*', { cwd: folder }).sort(), ['login', 'me', 'scan-login'].flatMap((name) => ['', '.br', '.gz'].map((end) => `static/${name}.js${end}`)))
  for (const name of ['server', 'keys', 'people', 'clients', 'doctor', 'healthcheck', 'backup', 'restore']) t.notMatch(readFileSync(join(folder, `app/${name}.js`), 'utf8'), /(?:from|import|require)\s*\(?"(?:esbuild|[^"]*\/demo\/)/)
})

await t.test('image: its labels say what it is, in the version of package.json', async (t) => {
  const { name, version, license, description } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as Readonly<Record<string, string>>
  t.match(labels['org.opencontainers.image.description'], /^Scan with WeChat to log in/)
  t.match(description, /scan with WeChat to log in/)
  t.strictSame({ ...labels, 'org.opencontainers.image.description': '' }, {
    'org.opencontainers.image.title': name, 'org.opencontainers.image.version': version, 'org.opencontainers.image.licenses': license, 'org.opencontainers.image.description': '',
  })
})

await t.test('image: the licence of every package in it is there', async (t) => {
  const licences = readFileSync(join(folder, 'LICENSES.txt'), 'utf8')
  t.match(licences, /^scan-login [\d.]+ \(MIT\)\n\nMIT License\n/)
  t.match(licences, /^fastify [\d.]+ \(MIT\)\n\nMIT License\n\nCopyright /m)
})

await t.test('image: the text of each program is ASCII, and its map has our own sources alone, so that both take little memory', async (t) => {
  for (const name of ['server', 'keys', 'people', 'clients', 'doctor', 'healthcheck', 'backup', 'restore']) {
    t.match(readFileSync(join(folder, `app/${name}.js`), 'latin1'), /^[\0-\x7f]*$/, name)
    const { sources } = JSON.parse(readFileSync(join(folder, `app/${name}.js.map`), 'utf8')) as { sources: readonly string[] }
    t.ok(sources.length > 5 && sources.every((source) => /\/(?:src|static)\//.test(source)), name)
  }
})

await t.test('image: a program has one copy of each version of a package, and loads at the start nothing that a service with the embedded store does without', async (t) => {
  const text = readFileSync(join(folder, 'app/server.js'), 'latin1')
  const files = [...text.matchAll(/"(?:[^"]*?\/)?(node_modules\/[^"]+)"\(/g)].map(([, file = '']) => file)
  const folders = [...new Set(files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? ''))]
  const versions = folders.map((one) => JSON.parse(readFileSync(join(import.meta.dirname, '../..', one, 'package.json'), 'utf8')) as { name: string, version: string }).map(({ name, version }) => `${name} ${version}`)
  t.ok(versions.length > 20 && files.some((file) => file.startsWith('node_modules/undici/')), 'packages are found')
  t.strictSame(versions.toSorted(), [...new Set(versions)].toSorted())
  t.strictSame(files.filter((file) => /^node_modules\/undici\/lib\/(?:mock|cache|interceptor)\//.test(file)), [])

  const printing = 'process.on("exit", () => process.stderr.write(process.moduleLoadList.filter((name) => name.includes("undici")).join()))'
  const deployment = await open(t, { through: ['sh', '-c', `exec "$0" --import "data:text/javascript,${encodeURIComponent(printing)}" "$@"`] })
  const running = await deployment.start()
  running.kill('SIGTERM')
  t.hasStrict(await running.ended, { code: 0, stderr: '' }, 'Node\'s own fetch is not loaded')
})

await t.test('image: a visitor logs in, step by step', async (t) => {
  const deployment = await open(t)
  await deployment.start({ NODE_ENV: 'production' })
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const service = visitedService(t, deployment)
  await logInStepByStep(t, service, await openVisit(t, browser, service))
})

await t.test('image: pages, their files and the description of the API are those of the sources', async (t) => {
  const env = { PUBLIC_URL: 'https://login.example.com' }
  const both = await Promise.all([open(t, { env }), openDeployment(t, { env })])
  await Promise.all(both.map(({ start }) => start()))
  for (const path of ['/login', '/me', '/login.js', '/me.js', '/scan-login.js', '/scan-login.d.ts', '/style.css', '/openapi.json', '/nowhere']) {
    const [built, source] = (await Promise.all(both.map(({ call }) => call({ path, headers: { 'sec-fetch-mode': 'navigate' } })))).map(({ status, text }) => ({ status, text }))
    t.strictSame(built, source, path)
    t.equal(built?.status, path === '/nowhere' ? 404 : 200)
  }
})

await t.test('image: held polls are answered and the process ends with 0 when SIGTERM comes', async (t) => {
  const deployment = await open(t, { env: { MAX_HELD_POLLS: '5' } })
  const running = await deployment.start()
  const { answers } = await holdPolls(deployment, await Promise.all(Array.from({ length: 5 }, () => openBrowser(deployment))))
  running.kill('SIGTERM')
  t.hasStrict(await running.ended, { code: 0, signal: null, stderr: '' })
  t.strictSame((await answers).map(({ status }) => status), [200, 200, 200, 200, 200])
})

await t.test('image: its health check, keys, people and backup work beside the service', async (t) => {
  const deployment = await open(t)
  t.match(await runIn(t, deployment, 'keys.js'), { code: 0, stdout: /keys\.json is made: /, stderr: '' })
  t.match(await runIn(t, deployment, 'healthcheck.js'), { code: 1, stderr: /^scan-login: http:\/\/127\.0\.0\.1:\d+\/health\/live does not answer: [^\n]+\n$/ })
  await deployment.start()
  t.match(await runIn(t, deployment, 'healthcheck.js'), { code: 0, stdout: /: the service is alive\n$/, stderr: '' })
  t.match(await runIn(t, deployment, 'keys.js', 'rotate'), { code: 0, stdout: / has a new signing key\. /, stderr: '' })
  const phone = await deployment.phone()
  t.match(await runIn(t, deployment, 'people.js', 'sign-out', phone.sub), { code: 0, stdout: /: 0 browsers, 1 phone key\n$/ })
  t.equal((await phone.sessions()).json.code, 'key-unknown')
  const backup = join(deployment.folder, 'backup')
  t.match(await runIn(t, deployment, 'backup.js', backup), { code: 0, stdout: /backup is made: store\.db, keys\.json as of /, stderr: '' })
  t.match(await runIn(t, deployment, 'restore.js', backup), { code: 1, stderr: /is in use by a service: / })
})

await t.test('image: its doctor finds no failure beside the service', async (t) => {
  const deployment = await open(t, { env: { MAX_WAIT: '1', METRICS_PORT: String(await freePort()) } })
  await deployment.start()
  const { code, stdout, stderr } = await run(t, { script: join(folder, 'doctor.js'), args: ['--json'], folder: deployment.folder, env: deployment.settings }).ended
  t.strictSame([code, stderr], [0, ''])
  const { ok, findings } = JSON.parse(stdout) as { readonly ok: boolean, readonly findings: ReadonlyArray<{ readonly check: string, readonly status: string }> }
  t.equal(ok, true)
  for (const check of ['files', 'store', 'service', 'wechat', 'metrics']) t.ok(findings.some((finding) => finding.check === check && finding.status === 'ok'), check)
})

await t.test('image: a stack in the log names the line of the source', async (t) => {
  const deployment = await open(t)
  const running = await deployment.start()
  const db = new DatabaseSync(join(deployment.folder, 'data/scan-login.db'))
  for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()) db.exec(`DROP TABLE "${String(name)}"`)
  db.close()
  t.equal((await deployment.call({ method: 'POST', path: '/api/tickets' })).status, 503)
  running.kill('SIGTERM')
  const { stdout } = await running.ended
  t.match(stdout, /"stack":"[^"]*src\/[\w/-]+\.ts:\d+:\d+/)
})

await t.test('image: one line stops each program when Node.js is too old', async (t) => {
  const old = { folder: makeFolder(t), through: ['sh', '-c', 'exec "$0" --import "data:text/javascript,Object.defineProperty(process.versions, \'node\', { value: \'20.20.2\' })" "$@"'] }
  for (const name of ['server', 'keys', 'people', 'clients', 'doctor', 'healthcheck', 'backup', 'restore']) {
    t.hasStrict(await run(t, { ...old, script: join(folder, `${name}.js`) }).ended, {
      code: 1,
      stdout: '',
      stderr: 'scan-login: this is Node.js 20.20.2, and scan-login needs 22.19 or newer, best 24: install it from https://nodejs.org, or use Docker\n',
    })
  }
})

await t.test('start: one line says what to do when the sources are started without esbuild', async (t) => {
  const without = makeFolder(t)
  const hook = `import { registerHooks } from 'node:module'; registerHooks({ resolve: (name, context, next) => name === 'esbuild' ? next('file://${without}/none.js', context) : next(name, context) })`
  const { code, stderr } = await run(t, {
    folder: without,
    through: ['sh', '-c', `exec "$0" --import "data:text/javascript,${encodeURIComponent(hook)}" "$@"`],
    env: { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: 'a8f3c1d9e7b2460f95ac3be817d42f60', STORE_URL: 'sqlite::memory:', PORT: '0' },
  }).ended
  t.equal(code, 1)
  t.equal(stderr, 'scan-login: the sources need esbuild, which joins the pages\' scripts and is a development package: run "npm ci" without --omit=dev, then "npm run build", and start "node dist/server.js"\n')
})
