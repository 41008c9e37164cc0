/** `npm run doctor` as a command: settings, output, exit code. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeFolder, run, type ProcessExit } from '../support/service-process.ts'

const doctor = async (t: Test, folder: string, env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<ProcessExit> =>
  await run(t, { script: 'src/commands/doctor.ts', folder, env, args }).ended

await t.test('doctor: settings that stop the start are failures, each with what to do, and the exit code is 1', async (t) => {
  const env = { PORT: 'x', WECHAT_APID: 'wx0123456789abcdef' }
  const { code, stdout, stderr } = await doctor(t, makeFolder(t), env)
  t.equal(code, 1)
  t.equal(stderr, '')
  t.equal(stdout, [
    'Settings',
    '  ✗ WECHAT_APID is not a setting of scan-login: did you mean WECHAT_APPID?',
    '      → change it in .env, or in the environment of the service (setting-wrong)',
    '  ✗ PORT must be a whole number from 0 to 65535',
    '      → change it in .env, or in the environment of the service (setting-wrong)',
    '2 failures, 0 warnings',
    '',
  ].join('\n'))
  const json = await doctor(t, makeFolder(t), env, '--json')
  t.equal(json.code, 1)
  const told = JSON.parse(json.stdout) as { readonly ok: boolean, readonly findings: ReadonlyArray<{ readonly code: string | null }> }
  t.equal(told.ok, false)
  t.strictSame(told.findings.map(({ code }) => code), ['setting-wrong', 'setting-wrong'])
})

await t.test('doctor: a name that may have been meant for a setting is a warning', async (t) => {
  const { stdout } = await doctor(t, makeFolder(t), { REDIS_URL: 'redis://127.0.0.1:6379', PORT: '1' }, '--json')
  t.hasStrict(JSON.parse(stdout).findings.filter(({ code }: { code: string | null }) => code === 'setting-ignored'), [
    { check: 'settings', status: 'warning', code: 'setting-ignored', text: 'REDIS_URL is not a setting of scan-login and is ignored, and STORE_URL is not set: did you mean STORE_URL?' },
  ])
})

await t.test('doctor: what others wrote can not act on the terminal, and programs get it as it is', async (t) => {
  const folder = makeFolder(t)
  const name = 'se\u001b[2Jcret\nfaked\u202e'
  const { stdout } = await doctor(t, folder, { WECHAT_SECRET_FILE: join(folder, name) })
  t.match(stdout, /se\?\[2Jcret\?faked\?/)
  t.equal(stdout.split('\n').length, 5, 'a name makes no line')
  t.strictSame(['\u001b', '\u202e'].filter((character) => stdout.includes(character)), [])
  t.ok((await doctor(t, folder, { WECHAT_SECRET_FILE: join(folder, name) }, '--json')).stdout.includes(JSON.stringify(name).slice(1, -1)))
})

await t.test('doctor: where there are no settings at all, it looks at nothing else', async (t) => {
  const { code, stdout } = await doctor(t, makeFolder(t), {})
  t.equal(code, 1)
  t.match(stdout, /^Settings\n {2}✗ there is no \.env in [^\n]+\n {6}→ [^\n]+ \(env-file-missing\)\n1 failure, 0 warnings\n$/)
})

await t.test('doctor: --help says what it does, and unknown options stop it', async (t) => {
  t.match(await doctor(t, makeFolder(t), {}, '--help'), { code: 0, stdout: /^npm run doctor / })
  for (const args of [['--what'], ['now'], ['--json=x']]) t.match(await doctor(t, makeFolder(t), {}, ...args), { code: 1, stdout: '', stderr: /^scan-login: usage: / })
})
