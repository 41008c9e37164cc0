// The messages of failed starts: never with a password, an AppSecret or a key.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { makeKeyFile, readKeyFile } from '../../src/sessions/key-file.ts'
import { makeFolder, openDeployment, run } from '../support/service-process.ts'
import { freePort, startRedis } from '../support/redis.ts'

const password = 'correct-horse-battery-staple'
const appSecret = '0123456789abcdef0123456789abcdef'

await t.test('start: a wrong setting is named without its secrets', async (t) => {
  const folder = makeFolder(t)
  const env = { KEYS_FILE: join(folder, 'keys.json'), WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: appSecret }
  makeKeyFile(env.KEYS_FILE)
  const wrong: ReadonlyArray<Readonly<Record<string, string>>> = [
    { STORE_URL: `redis://user:${password}@host:port` },
    {
      STORE_URL: `http://user:${password}@host`,
      WECHAT_SECRET: `${appSecret}!`,
      WECHAT_SECRTE: appSecret,
      PUBLIC_URL: `https://user:${password}@login.example.com`,
      WECHAT_API_URL: `ftp://user:${password}@gateway.example.com`,
    },
  ]
  for (const more of wrong) {
    const { code, stdout, stderr } = await run(t, { folder, env: { ...env, ...more } }).ended
    t.equal(code, 1)
    for (const name of Object.keys(more)) t.ok(stderr.includes(name), `${name} is named`)
    for (const secret of [password, appSecret]) t.notOk((stdout + stderr).includes(secret), `no secret in ${stderr}`)
  }
})

await t.test('start: the AppSecret works, and is in no line, when it comes from a file', async (t) => {
  const deployment = await openDeployment(t)
  const file = join(deployment.folder, 'app-secret')
  writeFileSync(file, `${deployment.simulator.secret}\n`)
  const running = await deployment.start({ WECHAT_SECRET: '', WECHAT_SECRET_FILE: file, LOG_LEVEL: 'trace' })
  await deployment.phone() // asks WeChat with the AppSecret
  running.kill('SIGINT')
  const { stdout, stderr } = await running.ended
  t.notOk((stdout + stderr).includes(deployment.simulator.secret))

  writeFileSync(file, `${appSecret}!`)
  const refused = await run(t, { folder: deployment.folder, env: { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET_FILE: file } }).ended
  t.hasStrict(refused, { code: 1, stdout: '', stderr: 'scan-login: WECHAT_SECRET must be the AppSecret of a mini program\n' })
  const folder = await run(t, { folder: deployment.folder, env: { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET_FILE: deployment.folder } }).ended
  t.hasStrict(folder, { code: 1, stdout: '', stderr: `scan-login: WECHAT_SECRET can't be read from ${deployment.folder}: EISDIR: illegal operation on a directory, read\n` })
})

/** The error of reading a key file, with its causes; empty if it can be read. */
const readError = (file: string): string => {
  try {
    readKeyFile(file)
    return ''
  } catch (error) {
    return inspect(error)
  }
}

await t.test('start: the error has no part of a key when the key file can\'t be parsed', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'data/keys.json')
  mkdirSync(join(folder, 'data'))
  makeKeyFile(file)
  const whole = readFileSync(file, 'utf8')
  const secrets = [...whole.matchAll(/[A-Za-z0-9_+/-]{40,}/g)].map(([secret]) => secret.slice(0, 12))
  t.ok(secrets.length >= 3)
  for (const broken of [whole.slice(0, -3), whole.slice(1), whole.replaceAll('"', '\''), whole.replace(/[A-Za-z0-9_-]{43}/, (secret) => `${secret}\n`)]) {
    writeFileSync(file, broken)
    const error = readError(file)
    t.ok(error.includes(file))
    for (const secret of secrets) t.notOk(error.includes(secret), 'no key in the error')
  }
})

await t.test('start: no log line has the password of Redis when Redis refuses it, or is unreachable', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  for (const port of [redis.port, await freePort()]) {
    const deployment = await openDeployment(t, { env: { STORE_URL: `redis://nobody:${password}@127.0.0.1:${port}/0`, LOG_LEVEL: 'trace' } })
    mkdirSync(join(deployment.folder, 'data'))
    makeKeyFile(join(deployment.folder, 'data/keys.json'))
    const running = await deployment.start()
    t.equal((await deployment.call({ method: 'POST', path: '/api/tickets' })).status, 503)
    running.kill('SIGKILL')
    const { stdout, stderr } = await running.ended
    t.ok(stdout.includes('Redis is unreachable'))
    t.notOk((stdout + stderr).includes(password), 'no password')
    t.notOk((stdout + stderr).includes(deployment.simulator.secret), 'no AppSecret')
  }
})
