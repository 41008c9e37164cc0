// What a start that goes wrong says to the operator: never a password, an AppSecret or what the key file holds.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { makeKeyFile, readKeyFile } from '../../src/sessions/key-file.ts'
import { makeFolder, openDeployment, run } from '../support/service-process.ts'
import { freePort, startRedis } from '../support/redis.ts'

const password = 'correct-horse-battery-staple'
const appSecret = '0123456789abcdef0123456789abcdef'

await t.test('start: what is refused is named without its secrets when the configuration is wrong', async (t) => {
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
    for (const secret of [password, appSecret]) t.notOk((stdout + stderr).includes(secret), `and no secret in it: ${stderr}`)
  }
})

/** All that an operator could be told of a key file: the error with its causes. */
const whyNot = (file: string): string => {
  try {
    readKeyFile(file)
    return ''
  } catch (error) {
    return inspect(error)
  }
}

await t.test('start: a key file that can\'t be read is not read out', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'data/keys.json')
  mkdirSync(join(folder, 'data'))
  makeKeyFile(file)
  const whole = readFileSync(file, 'utf8')
  const secrets = [...whole.matchAll(/[A-Za-z0-9_+/-]{40,}/g)].map(([secret]) => secret.slice(0, 12))
  t.ok(secrets.length >= 3)
  for (const broken of [whole.slice(0, -3), whole.slice(1), whole.replaceAll('"', '\''), whole.replace(/[A-Za-z0-9_-]{43}/, (secret) => `${secret}\n`)]) {
    writeFileSync(file, broken)
    const said = whyNot(file)
    t.ok(said.includes(file))
    for (const secret of secrets) t.notOk(said.includes(secret), 'nothing of it is said')
  }
})

await t.test('start: the password of Redis is in no line when Redis refuses it, or is away', async (t) => {
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
    t.ok(stdout.includes('Redis is away'))
    t.notOk((stdout + stderr).includes(password), 'no line has the password')
    t.notOk((stdout + stderr).includes(deployment.simulator.secret), 'nor the AppSecret')
  }
})
