// The command that signs a person out, beside the running service: the next calls of that person's browsers and phones are refused, nobody else's.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { openBrowser } from '../support/clients.ts'
import { makeFolder, openDeployment, run, waitUntilReady } from '../support/service-process.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { seededBytes } from '../support/seeded-random.ts'

const script = 'src/commands/people.ts'
const password = 'correct-horse-battery-staple'

for (const kind of ['sqlite in a file', 'redis']) {
  await t.test(`E18 stolen phone (${kind}): browsers and phones are logged out at their next call, and a held poll continues, when the operator signs their person out beside the running service`, async (t) => {
    const redis = kind === 'redis' ? await startRedis() : undefined
    t.teardown(() => redis?.stop())
    const deployment = await openDeployment(t, redis === undefined ? {} : { env: { STORE_URL: redis.url } })
    const keysFile = join(deployment.folder, 'data/keys.json')
    mkdirSync(join(deployment.folder, 'data'))
    makeKeyFile(keysFile)
    await deployment.start()
    await waitUntilReady(deployment)
    const [phone, other] = [await deployment.phone('ming'), await deployment.phone('hong')]
    const logIn = async (by: typeof phone) => {
      const browser = await openBrowser(deployment)
      await by.scan(browser.ticket)
      await by.confirm(browser.ticket, await browser.matchCode())
      return (await browser.consume()).json.access_token as string
    }
    const [mine, others] = [await logIn(phone), await logIn(other)]
    const waiting = await openBrowser(deployment)
    const held = waiting.poll(1, 25)

    const env = { STORE_URL: redis?.url ?? `sqlite:${join(deployment.folder, 'data/scan-login.db')}`, KEYS_FILE: keysFile }
    const { code, stdout, stderr } = await run(t, { script, args: ['sign-out', phone.sub], folder: deployment.folder, env }).ended
    t.equal(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{')).join('\n'), '')
    t.equal(code, 0)
    t.equal(stdout, `${phone.sub} is signed out everywhere: 1 browser, 1 phone key\n`)
    t.strictSame(stderr.trim().split('\n').map((line) => JSON.parse(line)).map(({ event, sub, by }) => [event, sub, by]), [['phone-key.ended', phone.sub, 'operator'], ['session.ended', phone.sub, 'operator']], 'the audit log has it')

    const whoAmI = async (token: string) => (await deployment.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })).status
    t.equal(await whoAmI(mine), 401)
    t.equal((await phone.sessions()).json.code, 'key-unknown')
    t.equal(await whoAmI(others), 200, 'nobody else is logged out')
    t.equal((await other.scan(waiting.ticket)).status, 200)
    t.hasStrict((await held).json, { state: 'scanned' })
    t.equal(await whoAmI(await logIn(await deployment.phone('ming'))), 200, 'a login after that works')

    const again = await run(t, { script, args: ['sign-out', other.sub], folder: deployment.folder, env: { ...env, LOG_LEVEL: 'silent' } }).ended
    t.match(again, { code: 0, stdout: /1 browser, 1 phone key/ })
    const nobody = await run(t, { script, args: ['sign-out', seededBytes(32).toString('base64url')], folder: deployment.folder, env }).ended
    t.match(nobody, { code: 0, stdout: /: 0 browsers, 0 phone keys\n$/ })
  })
}

await t.test('people: it prints its usage when asked, or one line without a secret when it can do nothing', async (t) => {
  const folder = makeFolder(t)
  const env = { KEYS_FILE: join(folder, 'keys.json'), STORE_URL: `redis://nobody:${password}@127.0.0.1:${await freePort()}/0` }
  const sub = seededBytes(32).toString('base64url')
  const help = await run(t, { script, args: ['--help'], folder, env }).ended
  t.equal(help.code, 0)
  t.match(help.stdout, /sign-out <sub>/)
  for (const args of [[], ['sign-out'], ['sign-out', 'ming'], ['sign-out', sub, sub], ['sign-in', sub], ['sign-out', sub]]) {
    const { code, stdout, stderr } = await run(t, { script, args, folder, env }).ended
    t.equal(code, 1, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^scan-login: [^\n]+\n$/)
  }
  makeKeyFile(env.KEYS_FILE)
  const unreachable = await run(t, { script, args: ['sign-out', sub], folder, env }).ended
  t.hasStrict(unreachable, { code: 1, stdout: '' })
  t.match(unreachable.stderr, /^scan-login: the store does not answer[^\n]+\n$/)
  t.notOk(unreachable.stderr.includes(password))
})
