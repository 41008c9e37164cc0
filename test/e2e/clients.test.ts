// `npm run clients`: what an owner types, and what is in the file then.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { secretMatches } from '../../src/oidc/client.ts'
import { readClientsFile } from '../../src/oidc/clients-file.ts'
import { presets } from '../../src/oidc/presets/presets.ts'
import { setupText, setupValues } from '../../src/oidc/setup-text.ts'
import { listen } from '../support/listen.ts'
import { giteaEntry, writeClients } from '../support/oidc-clients.ts'
import { freePort } from '../support/redis.ts'
import { makeFolder, run } from '../support/service-process.ts'

const PUBLIC_URL = 'https://login.example.com'

/** A folder of a service whose settings name a file of clients that isn't there yet. */
const openFolder = (t: Test, more: Readonly<Record<string, string>> = {}) => {
  const folder = makeFolder(t)
  const file = join(folder, 'data/clients.json')
  const clients = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    run(t, { script: 'src/commands/clients.ts', args, folder, env: { PUBLIC_URL, OIDC_CLIENTS_FILE: file, ...more, ...env } }).ended
  return { folder, file, clients }
}

await t.test('clients: add writes the entry into a private file, and prints the secret and what to enter at the app', async (t) => {
  const { file, clients } = openFolder(t)
  const { code, stdout, stderr } = await clients(['add', 'gitea', 'https://git.example.com'])
  t.strictSame([code, stderr], [0, ''])
  const [client] = readClientsFile(file)
  t.ok(client)
  if (client === undefined) return
  t.hasStrict(client, { clientId: 'gitea', app: 'gitea', url: 'https://git.example.com', allow: { groups: ['gitea'] } }, 'nobody may log in before somebody is said to')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame(readdirSync(join(file, '..')), ['clients.json'], 'nothing is left over')

  const [, secret = ''] = /^ {2}([A-Za-z0-9_-]{43})$/m.exec(stdout) ?? []
  t.ok(secretMatches(client, secret))
  t.notOk(readFileSync(file, 'utf8').includes(secret), 'the file has its hash')
  t.ok(stdout.endsWith(setupText(client, setupValues(client, PUBLIC_URL, secret), 'en')))
  t.match(stdout, 'https://login.example.com/oidc/.well-known/openid-configuration')
  t.match(stdout, 'npm run people -- group add <who> gitea')
  t.notMatch(stdout, '.env')
})

await t.test('clients: add takes who may log in, names, addresses and an algorithm from its options, and prints JSON for programs', async (t) => {
  const { file, clients } = openFolder(t)
  const { code, stdout } = await clients([
    'add', 'generic', 'https://nas.example.com/files', '--id', 'nas', '--name=文件', '--allow', 'family, staff', '--redirect-uri', 'https://nas.example.com/cb?method=a', '--redirect-uri=https://nas.example.com/cb', '--alg', 'ES256', '--device-flow', '--json',
  ])
  t.equal(code, 0)
  const { client_secret: secret, ...rest } = JSON.parse(stdout) as { client_secret: string, setup: unknown }
  t.strictSame(rest, {
    client_id: 'nas',
    issuer: `${PUBLIC_URL}/oidc`,
    discovery: `${PUBLIC_URL}/oidc/.well-known/openid-configuration`,
    redirect_uris: ['https://nas.example.com/cb?method=a', 'https://nas.example.com/cb'],
    allow: { groups: ['family', 'staff'] },
    file,
    env: null,
    setup: JSON.parse(JSON.stringify(presets.generic.setup(setupValues({ clientId: 'nas', url: 'https://nas.example.com/files', redirectUris: ['https://nas.example.com/cb?method=a', 'https://nas.example.com/cb'] }, PUBLIC_URL, secret)))) as unknown,
  })
  t.hasStrict(readClientsFile(file), [{ clientId: 'nas', name: '文件', idTokenAlg: 'ES256', mayUseDeviceFlow: true, isPublic: false }])

  const open = await clients(['add', 'generic', 'http://localhost:5173', '--public', '--allow', 'everybody', '--redirect-uri', 'http://localhost:5173/cb', '--json'])
  t.hasStrict(JSON.parse(open.stdout), { client_id: 'localhost', client_secret: null, allow: 'everybody' })
  t.hasStrict(readClientsFile(file)[1], { clientId: 'localhost', isPublic: true, isPkceRequired: true })
})

await t.test('clients: add says in Chinese what to do when the terminal is Chinese or asks for it', async (t) => {
  const { clients } = openFolder(t)
  t.match((await clients(['add', 'openlist', 'https://list.example.com'], { LANG: 'zh_CN.UTF-8' })).stdout, /密钥，只显示这一次[^]*在应用里（OpenList）/)
  t.match((await clients(['add', 'gitea', 'https://git.example.com', '--lang', 'zh'], { LANG: 'en_US.UTF-8' })).stdout, /谁可以登录：“gitea”组里的人/)
  t.match((await clients(['add', 'memos', 'https://memo.example.com', '--lang=en'], { LC_ALL: 'zh_TW.UTF-8' })).stdout, /At the app \(Memos\)/)
})

await t.test('clients: add says which line is missing in .env, and every command uses the same file, when OIDC_CLIENTS_FILE is not set', async (t) => {
  const { folder, clients } = openFolder(t)
  const unset = { OIDC_CLIENTS_FILE: '' }
  const added = await clients(['add', 'gitea', 'https://git.example.com'], unset)
  t.match(added.stdout, /Put this line into \.env[^\n]*\n {2}OIDC_CLIENTS_FILE=data\/clients\.json\n/)
  t.ok(existsSync(join(folder, 'data/clients.json')))
  t.match((await clients(['list'], unset)).stdout, /^gitea /)
  t.match((await clients(['check'], unset)).stdout, /^risk: the service doesn't read this file: put OIDC_CLIENTS_FILE=data\/clients\.json into \.env\n/)
  writeFileSync(join(folder, '.env'), 'OIDC_CLIENTS_FILE=data/clients.json\n')
  t.notMatch((await run(t, { script: 'src/commands/clients.ts', args: ['check'], folder, env: { PUBLIC_URL } }).ended).stdout, 'doesn\'t read')
})

await t.test('clients: list and remove show and take out what is there, and the other entries stay as they were written', async (t) => {
  const { file, clients } = openFolder(t)
  t.match(await clients(['list']), { code: 0, stdout: /^no apps in \S+clients\.json: / })
  t.strictSame((await clients(['list', '--json'])).stdout, '')
  const wiki = { ...giteaEntry, client_id: 'wiki', app: 'outline', claims: {}, login_seconds: 240 }
  mkdirSync(join(file, '..'))
  writeClients(file, [giteaEntry, wiki])
  chmodSync(file, 0o644)
  const listed = await clients(['list', '--json'])
  t.strictSame(listed.stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)[0], {
    client_id: 'gitea', app: 'gitea', name: 'Gitea', url: 'https://git.example.com', allow: 'everybody', public: false, redirect_uris: ['https://git.example.com/user/oauth2/wechat/callback'],
  })
  t.match((await clients(['list'])).stdout, /^gitea +gitea +everybody +https:\/\/git\.example\.com\nwiki +outline /)
  t.hasStrict(await clients(['remove', 'gitea']), { code: 0, stderr: '' })
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), { clients: [wiki] })
  t.equal(statSync(file).mode & 0o777, 0o644, 'whoever could read it still can')
})

await t.test('clients: nothing is written, and one line says why, when a command can\'t do its work', async (t) => {
  const { file, clients } = openFolder(t)
  const fails = async (args: readonly string[], why: RegExp, env = {}) => {
    const before = existsSync(file) ? readFileSync(file, 'utf8') : null
    const { code, stdout, stderr } = await clients(args, env)
    t.strictSame([code, stdout], [1, ''], args.join(' '))
    t.match(stderr, /^scan-login: [^\n]+\n$/, args.join(' '))
    t.match(stderr, why)
    t.equal(existsSync(file) ? readFileSync(file, 'utf8') : null, before)
  }
  for (const args of [[], ['toString'], ['add', 'gitea'], ['add', 'gitea', 'https://a.example', 'x'], ['add', 'gitea', 'https://a.example', '--lang', 'fr'], ['add', 'gitea', 'https://a.example', '--public=yes'], ['remove'], ['list', '--fetch'], ['list', 'x']]) await fails(args, /usage: /)
  await fails(['add', 'gittea', 'https://git.example.com'], /"gittea" is none of the apps: gitea, .*For another one say "generic"/)
  await fails(['add', 'gitea', 'git.example.com'], /url must be an address like/)
  await fails(['add', 'gitea', 'http://git.example.com'], /url must be https/)
  await fails(['add', 'gitea', 'https://git.example.com', '--allow', 'Staff'], /allow has "Staff", which is no name of a group/)
  await fails(['add', 'wikijs', 'https://wiki.example.com'], /needs a redirect URI: each Wiki\.js has another, and shows it\. Say it with --redirect-uri/)
  await fails(['add', 'gitea', 'https://git.example.com', '--redirect-uri', 'https://*.example.com'], /redirect_uris\[0\] must be a whole address: there are no wildcards/)
  await fails(['remove', 'gitea'], /does not exist: no app has been added yet/)
  await fails(['list'], /PUBLIC_URL must be/, { PUBLIC_URL: 'x' })
  mkdirSync(join(file, '..'))
  writeClients(file, [giteaEntry])
  await fails(['add', 'gitea', 'https://git.example.com'], /has a client "gitea" already: remove that first, or name this one with --id/)
  await fails(['remove', 'gitee'], /has no client "gitee"/)
  writeClients(file, [{ ...giteaEntry, colour: 'green' }])
  for (const args of [['add', 'memos', 'https://memo.example.com'], ['remove', 'gitea'], ['list']]) await fails(args, /client "gitea": has a member "colour" that is not known/)
  writeFileSync(`${file}.new`, '')
  writeClients(file, [])
  await fails(['add', 'gitea', 'https://git.example.com'], /clients\.json\.new exists: another change is running/)
})

await t.test('clients: a secret is changed while the old one still works, and one that has leaked ends at once', async (t) => {
  const { file, clients } = openFolder(t)
  const { client_secret: first } = JSON.parse((await clients(['add', 'gitea', 'https://git.example.com', '--json'])).stdout) as { client_secret: string }
  const working = (...secrets: readonly string[]): readonly boolean[] => {
    const [client] = readClientsFile(file)
    return secrets.map((secret) => client !== undefined && secretMatches(client, secret))
  }
  const { stdout } = await clients(['secret', 'gitea'])
  const [, second = ''] = /^ {2}([A-Za-z0-9_-]{43})$/m.exec(stdout) ?? []
  t.strictSame(working(first, second), [true, true])
  t.match(await clients(['secret', 'gitea']), { code: 1, stderr: /"gitea" has two secrets already: "npm run clients -- secret gitea --finish" ends the older one/ })
  t.strictSame(JSON.parse((await clients(['secret', 'gitea', '--finish', '--json'])).stdout), { client_id: 'gitea', client_secret: null })
  t.strictSame(working(first, second), [false, true])
  t.match(await clients(['secret', 'gitea', '--finish']), { code: 1, stderr: /"gitea" has one secret: there is nothing to finish/ })
  const { client_secret: third } = JSON.parse((await clients(['secret', 'gitea', '--replace', '--json'])).stdout) as { client_secret: string }
  t.strictSame(working(first, second, third), [false, false, true])
  t.match(await clients(['secret', 'gitea', '--finish', '--replace']), { code: 1, stderr: /usage: / })
  t.match(await clients(['secret', 'wiki']), { code: 1, stderr: /has no client "wiki"/ })
  const { client_secret_sha256: _, ...rest } = giteaEntry
  writeFileSync(join(file, '../gitea.secret'), third, { mode: 0o600 })
  writeClients(file, [{ ...rest, public: true }, { ...rest, client_id: 'wiki', client_secret_file: 'gitea.secret' }])
  t.match(await clients(['secret', 'gitea']), { code: 1, stderr: /"gitea" is public: it has no secret/ })
  t.match(await clients(['secret', 'wiki']), { code: 1, stderr: /the secret of "wiki" is in gitea\.secret: write another one into that file/ })
})

await t.test('clients: of ten apps that are added at once none is lost without a word', async (t) => {
  const { file, clients } = openFolder(t)
  const added = await Promise.all(Array.from({ length: 10 }, (_, i) => clients(['add', 'gitea', 'https://git.example.com', '--id', `gitea-${i}`])))
  const written = readClientsFile(file).map(({ clientId }) => clientId)
  t.strictSame(added.flatMap(({ code }, i) => code === 0 ? [`gitea-${i}`] : []).sort(), written.sort())
  t.ok(written.length > 0)
})

await t.test('clients: check lists mistakes and risks, and calls nobody', async (t) => {
  let calls = 0
  const app = await listen(t, createServer((_, response) => { response.end(String(++calls)) }))
  const { file, clients } = openFolder(t)
  mkdirSync(join(file, '..'))
  writeClients(file, [{ ...giteaEntry, url: app }, { ...giteaEntry, client_id: 'files', allow: { groups: ['staff'] }, app: 'generic', redirect_uris: ['https://other.example.com/cb'] }])
  const { code, stdout } = await clients(['check'])
  t.equal(code, 0)
  t.strictSame(stdout.split('\n'), [
    'risk: client "gitea": allow is "everybody", and REGISTRATION is "open": whoever has WeChat can log in',
    'risk: client "gitea": url is on this machine alone: nobody else can open it',
    'risk: client "files": https://other.example.com/cb is on another host than url: whoever has that host gets the logins',
    `${file}: 2 apps, no mistakes`,
    '',
  ])
  writeClients(file, [{ ...giteaEntry, allow: undefined }, { ...giteaEntry, url: 'x' }])
  const wrong = await clients(['check'])
  t.equal(wrong.code, 1)
  t.equal(wrong.stderr.trim().split('\n').length, 3, 'a line for each')
  const forPrograms = await clients(['check', '--json'])
  t.equal(forPrograms.code, 1)
  t.match(JSON.parse(forPrograms.stdout), { file, errors: [/client "gitea": needs allow/, /url must be/, /is there twice/], risks: [], fetched: [] })
  t.equal(calls, 0)
})

await t.test('clients: check --fetch tells whether this service has the issuer that apps are told, and whether each app answers', async (t) => {
  let issuer = ''
  const service = await listen(t, createServer((request, response) => {
    response.statusCode = request.url === '/oidc/.well-known/openid-configuration' ? 200 : 404
    response.end(JSON.stringify({ issuer }))
  }))
  const app = await listen(t, createServer((_, response) => { response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end() }))
  const broken = await listen(t, createServer((_, response) => { response.writeHead(502).end() }))
  const { file, clients } = openFolder(t, { PUBLIC_URL: service })
  const gone = `http://127.0.0.1:${await freePort()}`
  mkdirSync(join(file, '..'))
  writeClients(file, [{ ...giteaEntry, url: app }])
  issuer = `${service}/oidc`
  const good = await clients(['check', '--fetch', '--json'])
  t.equal(good.code, 0)
  t.strictSame((JSON.parse(good.stdout) as { fetched: unknown }).fetched, [
    { url: `${service}/oidc/.well-known/openid-configuration`, status: 200, error: null },
    { url: `${app}/`, status: 302, error: null },
  ])

  issuer = 'http://inside:3000/oidc'
  writeClients(file, [{ ...giteaEntry, url: broken }, { ...giteaEntry, client_id: 'gone', url: gone }])
  const bad = await clients(['check', '--fetch'])
  t.equal(bad.code, 1)
  t.match(bad.stdout, `fails: ${service}/oidc/.well-known/openid-configuration (its issuer is "http://inside:3000/oidc" instead of "${service}/oidc": is PUBLIC_URL that of the service?)`)
  t.match(bad.stdout, `fails: ${broken}/ (it answers 502)`)
  t.match(bad.stdout, new RegExp(`fails: ${gone}/ \\([^)]*ECONNREFUSED`))
  t.match(bad.stderr, /^scan-login: 3 of 3 calls failed\n$/)
  const elsewhere = await clients(['check', '--fetch'], { PUBLIC_URL: `${service}/login` })
  t.match(elsewhere.stdout, /\(it answers 404: has the service been started with OIDC_CLIENTS_FILE, and does the proxy pass \/oidc on\?\)/)
})

await t.test('clients: it prints its help, which names every app', async (t) => {
  const { clients } = openFolder(t)
  const { code, stdout } = await clients(['--help'], { PUBLIC_URL: 'not read' })
  t.equal(code, 0)
  for (const app of Object.keys(presets)) t.ok(stdout.includes(app), app)
})
