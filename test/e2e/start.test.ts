// Starts that are refused: a line for each mistake, and exit code 1.
import { once } from 'node:events'
import { chmodSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeKeyFile, readKeyFile } from '../../src/sessions/key-file.ts'
import { openBrowser } from '../support/clients.ts'
import { buildMmdb, exampleNetworks } from '../support/mmdb.ts'
import { clientsFile, giteaEntry } from '../support/oidc-clients.ts'
import { makeFolder, openDeployment, run, type RunOptions } from '../support/service-process.ts'
import { freePort } from '../support/redis.ts'

const credentials = { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: '0123456789abcdef0123456789abcdef' }

/** The lines that a refused start prints. */
const refusal = async (t: Test, options: Partial<RunOptions> = {}): Promise<readonly string[]> => {
  const { code, stdout, stderr } = await run(t, { folder: makeFolder(t), ...options }).ended
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^(?:scan-login: [^\n]+\n)+$/, 'no other line')
  return stderr.split('\n').slice(0, -1).map((line) => line.replace('scan-login: ', ''))
}

await t.test('start: one line names the missing credentials and the demo when there are none', async (t) => {
  const folder = makeFolder(t)
  t.strictSame(await refusal(t, { folder }), [
    'WECHAT_APPID and WECHAT_SECRET not set: set the AppID and AppSecret of your mini program. To try it without an account: npm run demo',
  ])
  t.strictSame(readdirSync(folder), [], 'no file is made')
  t.match(await refusal(t, { env: { WECHAT_APPID: credentials.WECHAT_APPID } }), [/^WECHAT_SECRET not set: /])
})

await t.test('start: every bad value has a line of its own when there are several', async (t) => {
  const bad = {
    PUBLIC_URL: 'http://login.example.com',
    HOST: 'a b',
    PORT: '70000',
    WECHAT_APPID: 'wx 1',
    WECHAT_SECRET: 'short',
    WECHAT_API_URL: 'api.weixin.qq.com',
    WECHAT_ENV_VERSION: 'beta',
    STORE_URL: 'postgres://db',
    ALLOWED_ORIGINS: 'https://example.com/path',
    TRUST_PROXY: 'true',
    TICKET_TTL: '3m',
    MAX_WAIT: '56',
    MATCH_NUMBERS: 'yes',
    COOKIE_DOMAIN: '.example.com',
    SESSION_IDLE: '1 day',
    SESSION_MAX: '0',
    TOKEN_AUDIENCE: 'two words',
    MAX_TICKETS: '0',
    MAX_HELD_POLLS: '-1',
    LIMIT_CREATE: 'many',
    LIMIT_GUESS: '1.5',
    LIMIT_PHONE: '0',
    LOG_LEVEL: 'loud',
    WECHAT_APP_ID: 'wx0123456789abcdef',
  }
  const lines = await refusal(t, { env: bad })
  t.strictSame(lines.map((line) => line.replace(/ .*/, '')).sort(), Object.keys(bad).sort())
  t.notMatch(lines.join('\n'), /postgres:|short/, 'no value is repeated: it may be a secret')
})

await t.test('start: the service starts, and says in its log what may have been meant, when the environment has names of other programs', async (t) => {
  const deployment = await openDeployment(t, { env: { LIMIT_CREATE: '60' } })
  const running = await deployment.start({ WECHAT_MCHID: '1900000109', WECHAT_PORT: 'tcp://10.96.0.7:80', WECHAT_SERVICE_HOST: '10.96.0.7', LIMIT_MEMORY: '512m', TRUSTED_PROXIES: '10.0.0.0/8', COOKIE_DOMAIN_2: 'example.org', WECHAT_MP_SECRET: 'x', GOPROXY: 'https://goproxy.cn,direct', HTTPS_PROXY: 'socks5://proxy:1080' })
  running.kill('SIGINT')
  const lines = (await running.ended).stdout.trim().split('\n').map((line) => JSON.parse(line) as { level: number, msg: string })
  t.strictSame(lines.filter(({ level }) => level === 40).map(({ msg }) => msg), [
    'TRUSTED_PROXIES is not a setting of scan-login and is ignored, and TRUST_PROXY is not set: did you mean TRUST_PROXY?',
    'not settings of scan-login, and ignored: COOKIE_DOMAIN_2 (did you mean COOKIE_DOMAIN?)',
    'HTTPS_PROXY is ignored, as no call to WeChat or to WEBHOOK_URL needs it: here it must be the http or https URL of a proxy, like http://proxy.example.com:3128',
  ])
  t.strictSame(lines.filter(({ level, msg }) => level === 30 && msg.includes('ignored')).map(({ msg }) => msg), ['not settings of scan-login, and ignored: WECHAT_MCHID, LIMIT_MEMORY, WECHAT_MP_SECRET'])
  t.match(await refusal(t, { env: { WECHAT_APPID: credentials.WECHAT_APPID, WECHAT_APP_SECRET: credentials.WECHAT_SECRET } }), [/^WECHAT_SECRET not set: /, /^WECHAT_APP_SECRET is not a setting .*: did you mean WECHAT_SECRET\?$/])
  t.match(await refusal(t, { env: { WECHAT_APPID_FILE: '/run/secrets/appid', WECHAT_SECRET: credentials.WECHAT_SECRET } }), [/^WECHAT_APPID not set: /, /: WECHAT_APPID_FILE \(did you mean WECHAT_APPID\?\)$/])
})

await t.test('start: a bad line in .env is refused like one in the environment', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, '.env'), 'PORT=http\n')
  t.strictSame(await refusal(t, { folder, env: credentials }), ['PORT must be a whole number from 0 to 65535'])
})

await t.test('start: one line says so when the store can\'t be opened', async (t) => {
  const folder = makeFolder(t)
  const keyFile = keyFileIn(folder)
  t.equal(makeKeyFile(keyFile), true)
  const damaged = join(folder, 'damaged.db')
  writeFileSync(damaged, 'this is no database, and it is long enough to be read as one '.repeat(100))
  const urls = [`sqlite:${keyFile}/scan-login.db`, `sqlite:${damaged}`, 'redis://127.0.0.1:port']
  await Promise.all(urls.map(async (url) => {
    const lines = await refusal(t, { folder, env: { ...credentials, STORE_URL: url, KEYS_FILE: keyFile } })
    t.equal(lines.length, 1)
    t.match(lines[0], /^STORE_URL/)
  }))
})

await t.test('start: one line says so when GEOIP_FILE is missing or no database of places', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'half.mmdb'), buildMmdb(exampleNetworks).subarray(0, -100))
  t.match(await refusal(t, { folder, env: { ...credentials, GEOIP_FILE: 'none.mmdb' } }), [/^GEOIP_FILE can't be read: ENOENT/])
  t.strictSame(await refusal(t, { folder, env: { ...credentials, GEOIP_FILE: 'half.mmdb' } }), ['GEOIP_FILE half.mmdb is no MMDB file, or is damaged'])
  t.strictSame(readdirSync(folder), ['half.mmdb'], 'no file is made')
})

await t.test('start: the phone gets places when GEOIP_FILE is a database of them', async (t) => {
  const file = join(makeFolder(t), 'places.mmdb')
  writeFileSync(file, buildMmdb({ '127.0.0.0/8': exampleNetworks['203.0.113.0/24'] ?? '' }))
  const deployment = await openDeployment(t, { env: { GEOIP_FILE: file } })
  await deployment.start()
  const browser = await openBrowser(deployment)
  const phone = await deployment.phone()
  t.hasStrict((await phone.scan(browser.ticket)).json, { other_country: false, browser: { place: '中国 上海市', place_en: 'Shanghai, China' }, phone_place: '中国 上海市', phone_place_en: 'Shanghai, China' })
})

await t.test('start: one line says so when the key file can\'t be made', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'file'), '')
  const [line, ...others] = await refusal(t, { folder, env: { ...credentials, KEYS_FILE: 'file/keys.json' } })
  t.match(line, /^file\/keys\.json can't be made: /)
  t.strictSame(others, [])
})

await t.test('demo: it refuses to start when NODE_ENV is production', async (t) => {
  t.strictSame(await refusal(t, { script: 'src/demo/main.ts', env: { NODE_ENV: 'production' } }), [
    'the demo lets anybody log in as anybody, so it does not start with NODE_ENV=production',
  ])
})

await t.test('start: the key file is made, readable by its owner alone, when there is none', async (t) => {
  const deployment = await openDeployment(t)
  await deployment.start()
  const data = join(deployment.folder, 'data')
  t.strictSame(readdirSync(data).filter((name) => /key/.test(name)), ['keys.json'], 'no temporary file is left')
  for (const name of readdirSync(data)) t.equal(statSync(join(data, name)).mode & 0o777, 0o600, name)
  t.equal(statSync(data).mode & 0o777, 0o700)
})

await t.test('start: the key file is only read when there is one', async (t) => {
  const deployment = await openDeployment(t, { env: { KEYS_FILE: 'keys/keys.json' } })
  const keys = join(deployment.folder, 'keys')
  const first = await deployment.start()
  const made = readFileSync(join(keys, 'keys.json'))
  first.kill('SIGKILL')
  await first.ended
  utimesSync(keys, 1, 1) // the folder's mtime changes when a file in it is made or removed
  await deployment.start()
  t.strictSame(readFileSync(join(keys, 'keys.json')), made)
  t.equal(statSync(keys).mtimeMs, 1000)
})

await t.test('start: the key file gets keys of the OpenID Provider, and keeps the others, when clients of one are set for the first time', async (t) => {
  const deployment = await openDeployment(t)
  const file = join(deployment.folder, 'data/keys.json')
  const { kill, ended } = await deployment.start()
  const { signing, subject, cookie, provider } = readKeyFile(file)
  t.equal(provider, null)
  kill('SIGKILL')
  await ended
  await deployment.start({ OIDC_CLIENTS_FILE: clientsFile(t, [giteaEntry]) })
  const { provider: added, ...others } = readKeyFile(file)
  t.equal(added?.length, 2)
  t.strictSame(others, { signing, subject, cookie })
  t.strictSame(readdirSync(join(deployment.folder, 'data')).filter((name) => /key/.test(name)), ['keys.json'])
  t.equal(statSync(file).mode & 0o777, 0o600)
})

await t.test('start: a key file is refused when others may read it, and when it is damaged', async (t) => {
  const folder = makeFolder(t)
  const file = keyFileIn(folder)
  writeFileSync(file, '{}', { mode: 0o600 })
  t.strictSame(await refusal(t, { folder, env: { ...credentials, KEYS_FILE: file } }), [`${file} is not a key file of scan-login (npm run keys makes one)`])
  chmodSync(file, 0o644)
  t.strictSame(await refusal(t, { folder, env: { ...credentials, KEYS_FILE: file } }), [`${file} can be read by others: chmod 600 it`])
})

await t.test('start: every key that can be guessed is refused in a line of its own', async (t) => {
  const folder = makeFolder(t)
  const file = keyFileIn(folder)
  makeKeyFile(file)
  const vector = Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64url')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')) as object, subject: vector, cookie: 'A'.repeat(43) }))
  const line = (which: string): string => `${file}: the ${which} key can be guessed: take one that npm run keys has made`
  t.strictSame(await refusal(t, { folder, env: { ...credentials, KEYS_FILE: file } }), [line('subject'), line('cookie')])
  t.strictSame(await refusal(t, { folder, env: { ...credentials, WECHAT_SECRET: 'x'.repeat(32), KEYS_FILE: file } }), [
    'WECHAT_SECRET must be the AppSecret of your mini program, not an example',
  ])
})

await t.test('weak settings: the log of a start has one warning for each, and the service starts, when they are allowed', async (t) => {
  const deployment = await openDeployment(t, { env: { LIMIT_CREATE: '60' } })
  const warnings = async (env: Record<string, string>): Promise<readonly string[]> => {
    const running = await deployment.start({ LOG_LEVEL: 'info', ...env })
    running.kill('SIGINT')
    const lines = (await running.ended).stdout.trim().split('\n').map((line) => JSON.parse(line) as { level: number, msg: string })
    return lines.filter(({ level }) => level === 40).map(({ msg }) => msg.replace(/^(weak setting: [A-Z_]+).*$/, '$1'))
  }
  t.strictSame(await warnings({}), [], 'no warning without a weak setting')
  t.strictSame(await warnings({
    MATCH_NUMBERS: 'off',
    ALLOWED_ORIGINS: 'http://shop.example.com',
    TRUST_PROXY: '0.0.0.0/1',
    TICKET_TTL: '3600',
    LIMIT_GUESS: '1000000',
    NODE_ENV: 'production',
  }), ['MATCH_NUMBERS', 'ALLOWED_ORIGINS', 'TRUST_PROXY', 'PUBLIC_URL', 'TICKET_TTL', 'LIMIT_GUESS'].map((name) => `weak setting: ${name}`))
})

await t.test('COOKIE_DOMAIN: one line refuses the start when it is a public suffix', async (t) => {
  t.match(await refusal(t, { env: { ...credentials, PUBLIC_URL: 'https://login.example.co.uk', COOKIE_DOMAIN: 'co.uk' } }), [/^COOKIE_DOMAIN is a public suffix, /])
})

await t.test('start: Redis is refused when there is no key file, as instances have to share one', async (t) => {
  const folder = makeFolder(t)
  const env = { ...credentials, STORE_URL: 'redis://127.0.0.1:1' }
  t.strictSame(await refusal(t, { folder, env }), ['KEYS_FILE data/keys.json does not exist: make it with "npm run keys" and give it to every instance'])
  t.strictSame(readdirSync(folder), [])
})

await t.test('start: Redis is refused when the key file has no keys of the OpenID Provider and clients of one are set, as instances would make different ones', async (t) => {
  const folder = makeFolder(t)
  const file = keyFileIn(folder)
  makeKeyFile(file)
  const made = readFileSync(file, 'utf8')
  const env = { ...credentials, STORE_URL: 'redis://127.0.0.1:1', KEYS_FILE: file, OIDC_CLIENTS_FILE: clientsFile(t, [giteaEntry]) }
  t.strictSame(await refusal(t, { folder, env }), [`${file} has no keys for the OpenID Provider, which OIDC_CLIENTS_FILE turns on: add them with "npm run keys -- add-provider", and give the file to every instance`])
  t.equal(readFileSync(file, 'utf8'), made)
})

await t.test('keys: the file is made once when asked for twice', async (t) => {
  const folder = makeFolder(t)
  const first = await run(t, { script: 'src/keys.ts', folder }).ended
  t.hasStrict(first, { code: 0, stdout: 'data/keys.json is made: copy it to every instance, and keep it secret\n', stderr: '' })
  const made = readFileSync(join(folder, 'data/keys.json'))
  const second = await run(t, { script: 'src/keys.ts', folder }).ended
  t.hasStrict(second, { code: 0, stdout: 'data/keys.json exists already and stays as it is\n', stderr: '' })
  t.strictSame(readFileSync(join(folder, 'data/keys.json')), made)
})

await t.test('start: one line says so when another program listens on the port', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => { other.close() })
  const { port } = other.address() as AddressInfo // an object for a server that listens on a port
  const env = { ...credentials, HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'silent' }
  t.strictSame(await refusal(t, { env }), [`HOST 127.0.0.1, PORT ${port}: another program listens there already. Stop it, or set another PORT`])
})

await t.test('start: one line says so when the address isn\'t this machine\'s', async (t) => {
  const env = { ...credentials, HOST: '192.0.2.1', LOG_LEVEL: 'silent' }
  t.strictSame(await refusal(t, { env }), ['HOST 192.0.2.1, PORT 3000: this machine has no such address. Set HOST to one that it has, or leave it out'])
})

function keyFileIn (folder: string): string {
  return join(folder, 'keys.json')
}

await t.test('demo: it doesn\'t use the store of a real service when that service\'s .env is in the folder', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, '.env'), 'STORE_URL=sqlite:real.db\nKEYS_FILE=real.json\n')
  const demo = run(t, { script: 'src/demo/main.ts', folder, env: { PORT: String(await freePort()) } })
  while (!demo.stdout().includes('/demo')) await Promise.race([demo.ended.then(({ stderr }) => { throw new Error(stderr) }), sleep(20)])
  t.strictSame(readdirSync(folder).sort(), ['.env', 'data'])
  t.ok(readdirSync(join(folder, 'data')).includes('demo.db'))
})
