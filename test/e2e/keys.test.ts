// `npm run keys -- …` beside a running service.
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeKeyFile, readKeyFile } from '../../src/sessions/key-file.ts'
import type { Answer } from '../support/test-service.ts'
import { cookieOf } from '../support/login.ts'
import { openBrowser } from '../support/clients.ts'
import { makeFolder, openDeployment, run, type ProcessExit, type Deployment } from '../support/service-process.ts'

const keys = (t: Test, folder: string, ...args: string[]): Promise<ProcessExit> =>
  run(t, { script: 'src/keys.ts', folder, args, env: { KEYS_FILE: join(folder, 'data/keys.json') } }).ended

const kidsOf = async (deployment: Deployment): Promise<string[]> =>
  (await deployment.call({ path: '/.well-known/jwks.json' })).json.keys.map(({ kid }: { kid: string }) => kid)

await t.test('keys: a running service uses the new keys, and the browser stays logged in, when they are rotated and replaced', async (t) => {
  const deployment = await openDeployment(t)
  await deployment.start()
  const phone = await deployment.phone()
  const browser = await openBrowser(deployment)
  await phone.scan(browser.ticket)
  await phone.confirm(browser.ticket, await browser.matchCode())
  const consumed = await browser.consume()
  const cookie = cookieOf(consumed)
  const session = (headers: Record<string, string>): Promise<Answer> => deployment.call({ path: '/api/session', headers })
  const bearer = { authorization: `Bearer ${consumed.json.access_token}` }
  const [old] = await kidsOf(deployment)
  const file = join(deployment.folder, 'data/keys.json')

  const rotated = await keys(t, deployment.folder, 'rotate')
  t.hasStrict(rotated, { code: 0, stderr: '' })
  const [{ kid: next, signsFrom }] = readKeyFile(file).signing
  const [from, until] = [new Date(signsFrom).toISOString(), new Date(signsFrom + 3_600_000).toISOString()]
  t.equal(rotated.stdout, [
    `${file} has a new signing key. It is published now and signs from ${from}; the old one is accepted until ${until}. Nobody is logged out.`,
    `Running instances read the file within seconds. Where instances have files of their own, copy this one to them before ${from}. No other step is needed.`,
    '',
  ].join('\n'))
  while ((await kidsOf(deployment)).length === 1) await sleep(100)
  t.strictSame(await kidsOf(deployment), [next, old])
  t.strictSame([(await session({ cookie })).status, (await session(bearer)).status], [200, 200])

  const again = await keys(t, deployment.folder, 'rotate')
  t.hasStrict(again, { code: 0, stdout: `${file} stays as it is: the new key of an earlier rotation signs from ${from}. All instances need this file by then.\n`, stderr: '' })

  const replaced = await keys(t, deployment.folder, 'replace')
  t.hasStrict(replaced, {
    code: 0,
    stdout: `${file} has one new signing key: tokens that the old keys signed are no longer accepted. Browsers stay logged in.\nRunning instances read the file within seconds. Where instances have files of their own, copy this one to them now.\n`,
    stderr: '',
  })
  while ((await kidsOf(deployment)).includes(old as string)) await sleep(100) // it has one from the start
  t.equal((await session(bearer)).status, 401)
  t.equal((await session({ cookie })).status, 200)
  const fresh = await deployment.call({ method: 'POST', path: '/api/session/token', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  t.equal((await session({ authorization: `Bearer ${fresh.json.access_token}` })).status, 200)
  t.equal((await deployment.phone()).sub, phone.sub, 'people keep their sub')
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame(readdirSync(join(deployment.folder, 'data')).filter((name) => /key/.test(name)), ['keys.json'])
})

await t.test('keys: the command is refused with one line when a word is wrong or the file is missing', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'data/keys.json')
  for (const args of [['constructor'], ['rotate', 'now'], ['addProvider']]) {
    t.hasStrict(await keys(t, folder, ...args), {
      code: 1,
      stdout: '',
      stderr: 'scan-login: usage: "npm run keys" makes the key file, "npm run keys -- rotate" adds a new signing key, "npm run keys -- replace" replaces keys that have leaked, "npm run keys -- add-provider" adds keys for the OpenID Provider\n',
    })
  }
  for (const word of ['rotate', 'replace', 'add-provider']) {
    t.hasStrict(await keys(t, folder, word), { code: 1, stdout: '', stderr: `scan-login: ${file} can't be read: ENOENT: no such file or directory, open '${file}'\n` })
  }
  t.strictSame(readdirSync(folder), [])
})

await t.test('keys: the key file is made when the files of the service\'s secrets can\'t be read', async (t) => {
  const folder = makeFolder(t)
  const env = { KEYS_FILE: 'keys.json', WECHAT_SECRET_FILE: '/run/secrets/none', STORE_URL_FILE: '/run/secrets/none' }
  t.hasStrict(await run(t, { script: 'src/keys.ts', folder, env }).ended, { code: 0, stdout: 'keys.json is made: copy it to every instance, and keep it secret\n', stderr: '' })
})

await t.test('keys: those of the OpenID Provider are added once, rotated and replaced with the others, and there from the start in a new file', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'data/keys.json')
  const copyNow = 'Running instances read the file within seconds. Where instances have files of their own, copy this one to them'
  makeKeyFile(file)
  const added = `${file} has keys for the OpenID Provider now, besides those that it had. Nobody is logged out.\n${copyNow} before you set OIDC_CLIENTS_FILE there.\n`
  t.hasStrict(await keys(t, folder, 'add-provider'), { code: 0, stdout: added, stderr: '' })
  const { provider: first } = readKeyFile(file)
  t.equal(first?.length, 2)
  t.hasStrict(await keys(t, folder, 'add-provider'), { code: 0, stdout: `${file} has keys for the OpenID Provider already and stays as it is\n`, stderr: '' })
  t.strictSame(readKeyFile(file).provider, first)

  const rotated = await keys(t, folder, 'rotate')
  const { signing: [{ signsFrom }], provider: second } = readKeyFile(file)
  const [from, until, providerUntil] = [0, 3_600_000, 90 * 86_400_000].map((ms) => new Date(signsFrom + ms).toISOString())
  t.hasStrict(rotated, {
    code: 0,
    stdout: [
      `${file} has a new signing key. It is published now and signs from ${from}; the old one is accepted until ${until}. Nobody is logged out.`,
      `The OpenID Provider has new keys from the same time; its old ones are accepted until ${providerUntil}.`,
      `${copyNow} before ${from}. No other step is needed.`,
      '',
    ].join('\n'),
    stderr: '',
  })
  t.strictSame(second?.slice(2), first)

  t.hasStrict(await keys(t, folder, 'replace'), {
    code: 0,
    stdout: [
      `${file} has one new signing key: tokens that the old keys signed are no longer accepted. Browsers stay logged in.`,
      'The OpenID Provider has new keys, too: apps accept the old ones until they fetch the keys again.',
      `${copyNow} now.`,
      '',
    ].join('\n'),
    stderr: '',
  })
  const { provider: third } = readKeyFile(file)
  t.equal(third?.length, 2)
  t.notOk(third?.some(({ kid }) => second?.some((key) => key.kid === kid)))

  rmSync(file)
  t.hasStrict(await keys(t, folder), { code: 0 })
  t.equal(readKeyFile(file).provider?.length, 2)
})

await t.test('keys: one rotation is made when several run at a time', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'data/keys.json')
  makeKeyFile(file)
  const endings = await Promise.all(Array.from({ length: 4 }, () => keys(t, folder, 'rotate')))
  t.equal(endings.filter(({ stdout }) => /has a new signing key/.test(stdout)).length, 1)
  t.equal(readKeyFile(file).signing.length, 2)
})

await t.test('keys: the file is whole when a replacement is killed at any moment', async (t) => {
  const folder = makeFolder(t)
  const file = join(folder, 'data/keys.json')
  makeKeyFile(file)
  const first = readKeyFile(file)
  const took = Date.now()
  await keys(t, folder, 'replace')
  const tookMs = Date.now() - took
  for (let i = 0; i < 4; i++) {
    const change = run(t, { script: 'src/keys.ts', folder, args: ['replace'], env: { KEYS_FILE: file } })
    await sleep(tookMs * (0.6 + i / 8))
    change.kill('SIGKILL')
    await change.ended
    const after = readKeyFile(file)
    t.strictSame([after.subject, after.cookie, after.signing.length], [first.subject, first.cookie, 1])
    for (const name of readdirSync(join(folder, 'data'))) t.equal(statSync(join(folder, 'data', name)).mode & 0o777, 0o600)
    rmSync(`${file}.new`, { force: true }) // the next run would refuse to start otherwise
  }
})
