// The command that signs a person out, beside the running service: the next calls of that person's browsers and phones are refused, nobody else's.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { systemClock } from '../../src/runtime.ts'
import { makeKeyFile, readKeyFile } from '../../src/sessions/key-file.ts'
import { keyMarkOf, readKeyMark, writeKeyMark, type KeyMark } from '../../src/sessions/key-mark.ts'
import { createStore } from '../../src/stores/store.ts'
import { openBrowser } from '../support/clients.ts'
import { eventsOf, openServices, peopleScript as script, storeKinds } from '../support/people-command.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { freePort } from '../support/redis.ts'
import { seededBytes } from '../support/seeded-random.ts'
import { makeFolder, run } from '../support/service-process.ts'

const markStore = async (url: string, mark: KeyMark): Promise<void> => {
  const store = createStore(url, { clock: systemClock, log: createRecordingLog() })
  writeKeyMark(store, mark, { clock: systemClock, log: createRecordingLog() })
  while (await readKeyMark(store) === undefined) await sleep(10)
  await store.close()
}

const password = 'correct-horse-battery-staple'

for (const kind of storeKinds) {
  await t.test(`E18 stolen phone (${kind}): browsers and phones are logged out at their next call, and a held poll continues, when the operator signs their person out beside the running service`, async (t) => {
    const { first, people, logIn, whoAmI } = await openServices(t, kind)
    const [phone, other] = [await first.phone('ming'), await first.phone('hong')]
    const [mine, others] = [await logIn(phone), await logIn(other)]
    const waiting = await openBrowser(first)
    const held = waiting.poll(1, 25)

    const out = await people('sign-out', phone.sub)
    t.hasStrict(out, { code: 0, said: '', stdout: `${phone.sub} is signed out everywhere: 1 browser, 1 phone key\n` })
    t.strictSame(eventsOf(out.steps), [['phone-key.ended', phone.sub, 'operator'], ['session.ended', phone.sub, 'operator']], 'the audit log has it')

    t.equal(await whoAmI(mine), 401)
    t.equal((await phone.sessions()).json.code, 'key-unknown')
    t.equal(await whoAmI(others), 200, 'nobody else is logged out')
    t.equal((await other.scan(waiting.ticket)).status, 200)
    t.hasStrict((await held).json, { state: 'scanned' })
    t.equal(await whoAmI(await logIn(await first.phone('ming'))), 200, 'a login after that works')
    t.match(await people('sign-out', handleOf(other.sub)), { code: 0, stdout: /1 browser, 1 phone key/ })
    t.match(await people('sign-out', seededBytes(32).toString('base64url')), { code: 0, stdout: /: 0 browsers, 0 phone keys\n$/ })
  })
}

await t.test('people: it prints its usage when asked, or one line without a secret when it can do nothing', async (t) => {
  const folder = makeFolder(t)
  const env = { KEYS_FILE: join(folder, 'keys.json'), STORE_URL: `redis://nobody:${password}@127.0.0.1:${await freePort()}/0` }
  const sub = seededBytes(32).toString('base64url')
  const people = (args: readonly string[], more = {}) => run(t, { script, args, folder, env: { ...env, ...more } }).ended
  const help = await people(['--help'])
  t.equal(help.code, 0)
  t.match(help.stdout, /sign-out <who>/)
  const fails = async (args: readonly string[], why: RegExp, more = {}) => {
    const { code, stdout, stderr } = await people(args, more)
    t.equal(code, 1, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^scan-login: [^\n]+\n$/)
    t.match(stderr, why)
    t.notOk(stderr.includes(password))
  }
  for (const args of [[], ['toString'], ['sign-out', sub, sub], ['owner', 'make', sub], ['list', '--state', 'open'], ['allow', sub, '--json']]) await fails(args, /usage: /)
  await fails(['sign-out', 'ming'], /"ming" is neither a handle \(wx- and 16 characters\) nor a sub/)
  await fails(['group', 'add', sub, 'Staff'], /is no name of a group/)
  await fails(['list'], /keys\.json/)
  makeKeyFile(env.KEYS_FILE)
  await fails(['sign-out', sub], /the store does not answer/)
  await fails(['list'], /does not exist: is STORE_URL that of the service/, { STORE_URL: `sqlite:${join(folder, 'none.db')}` })
  await fails(['list'], /only the service itself reaches what it has in memory/, { STORE_URL: 'sqlite::memory:' })
  writeFileSync(join(folder, 'other.json'), '{}', { mode: 0o600 })
  await fails(['list'], /is not a key file of scan-login/, { KEYS_FILE: join(folder, 'other.json') })
  const store = { STORE_URL: `sqlite:${join(folder, 'some.db')}`, WECHAT_APPID: 'wx1' }
  writeFileSync(join(folder, 'some.db'), '')
  await fails(['allow', sub], /no service of this release has worked on this store yet/, store)
  await markStore(store.STORE_URL, keyMarkOf('wx1', readKeyFile(env.KEYS_FILE)))
  makeKeyFile(join(folder, 'another.json'))
  for (const args of [['list'], ['owner', 'add', sub], ['import', join(folder, 'none.csv')]]) await fails(args, /another\.json is not that of the service on this store: nothing was done/, { ...store, KEYS_FILE: join(folder, 'another.json') })
  await fails(['import', join(folder, 'none.csv')], /WECHAT_APPID wx2 is not that of the service/, { ...store, WECHAT_APPID: 'wx2' })
  await fails(['import', folder], /is no file: it is read twice/, store)
  for (const args of [['allow', sub], ['owner', 'add', sub], ['group', 'add', sub, 'staff'], ['block', handleOf(sub)]]) await fails(args, /nobody is known as /, store)
  await fails(['import', join(folder, 'none.csv')], /there is no such file/, store)
})
