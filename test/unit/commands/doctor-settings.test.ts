import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkSettings, wrongSettings } from '../../../src/commands/doctor/check-settings.ts'
import type { Finding } from '../../../src/commands/doctor/finding.ts'
import { readSettings } from '../../../src/config.ts'
import { buildMmdb } from '../../support/mmdb.ts'
import { codesIn, faultsIn, findingsOf, goodSettings, workIn } from '../../support/doctor.ts'
import { makeFolder } from '../../support/service-process.ts'

/** Makes a folder with this `.env` and works there. */
const folderWith = (t: Test, lines: Readonly<Record<string, string>> | null, mode = 0o600): string => {
  const folder = makeFolder(t)
  if (lines !== null) writeFileSync(join(folder, '.env'), Object.entries(lines).map(([name, value]) => `${name}=${value}\n`).join(''))
  if (lines !== null) chmodSync(join(folder, '.env'), mode)
  workIn(t, folder)
  return folder
}

/** The findings about settings that can't be read. */
const refused = (environment: Readonly<Record<string, string>>, readFile?: (path: string) => string): readonly Finding[] => {
  try {
    readSettings(environment, readFile)
    return []
  } catch (error) {
    return wrongSettings(error)
  }
}

await t.test('doctor: good settings are no fault, and it says where they come from', async (t) => {
  const folder = folderWith(t, goodSettings)
  const findings = await findingsOf(checkSettings, { ...goodSettings, TICKET_TTL: '120' })
  t.strictSame(codesIn(findings), [])
  t.match(findings.map(({ text }) => text), [`5 settings can be read: 4 from ${join(process.cwd(), '.env')}, 1 from the environment`, 'WECHAT_APPID is wx0123456789abcdef, and there is a WECHAT_SECRET'])
  t.not(JSON.stringify(findings).includes(goodSettings.WECHAT_SECRET), true, 'no secret is shown')
  t.ok(folder)
})

await t.test('doctor: without a .env and without settings it says so, and where they may be', async (t) => {
  const folder = folderWith(t, null)
  const [none, ...others] = faultsIn(await findingsOf(checkSettings, { PORT: '8080', HTTPS_PROXY: 'http://10.0.0.1:3128' }))
  t.strictSame(others, [])
  t.hasStrict(none, { status: 'failure', code: 'env-file-missing', text: `there is no .env in ${process.cwd()}, and the environment has no setting of scan-login` })
  writeFileSync(join(folder, '.env'), 'PORT=1\n')
  mkdirSync(join(folder, 'sub'))
  process.chdir(join(folder, 'sub'))
  const [below] = faultsIn(await findingsOf(checkSettings, {}))
  t.match(below?.todo, /^the service seems to be in \S+: cd \S+, and run the doctor there as its user$/)
  t.strictSame(codesIn(await findingsOf(checkSettings, goodSettings)), [], 'settings may all come from the environment')
})

await t.test('doctor: a .env that can not be read is named', async (t) => {
  folderWith(t, null)
  mkdirSync('.env') // as Docker makes it for a mount of a file that isn't there
  const { readEnvironment } = await import('../../../src/environment.ts')
  try {
    readEnvironment({ withFile: true })
    t.fail('it was read')
  } catch (error) {
    t.hasStrict(wrongSettings(error), [{ status: 'failure', code: 'env-file-unreadable', text: '.env can\'t be read: EISDIR: illegal operation on a directory, read' }])
  }
})

await t.test('doctor: a .env in UTF-16 is named, and the mark that Windows writes before UTF-8 changes no name', async (t) => {
  folderWith(t, null)
  const { readEnvironment, readEnvFile } = await import('../../../src/environment.ts')
  writeFileSync('.env', '\uFEFFWECHAT_APPID=wx1\r\nPORT=3000\r\n')
  t.strictSame({ ...readEnvFile() }, { WECHAT_APPID: 'wx1', PORT: '3000' })
  writeFileSync('.env', '\uFEFFWECHAT_APPID=wx1\r\n', 'utf16le')
  try {
    readEnvironment({ withFile: true })
    t.fail('it was read')
  } catch (error) {
    const [finding, ...others] = wrongSettings(error)
    t.strictSame(others, [])
    t.match(finding, { code: 'env-file-unreadable', text: /UTF-16/, todo: /iconv -f UTF-16 -t UTF-8 \.env/ })
  }
})

await t.test('doctor: lines of .env that are no settings, and values that end at a #, are named, without their text', async (t) => {
  folderWith(t, null)
  const inFile = async (...lines: readonly string[]) => {
    writeFileSync('.env', lines.join('\n'), { mode: 0o600 })
    return faultsIn(await findingsOf(checkSettings, goodSettings)).map(({ status, code, text }) => [status, code === 'env-file-line', text])
  }
  t.strictSame(await inFile('', '# a remark', 'TICKET_TTL=90 # a remark', 'export SITE_NAME="my #1 site"', "A='#'", 'EMPTY=', 'NONE= # a remark', 'KEY="-----', 'no setting, but part of KEY', '-----"', ' B = x ', 'C=1'), [])
  t.strictSame(await inFile('WECHAT_APPID: wx1', 'TICKET_TTL=90', 'secret words'), [['warning', true, '.env has lines that are no settings and are ignored: 1, 3']])
  t.strictSame(await inFile('words'), [['warning', true, '.env has a line that is no setting and is ignored: 1']])
  t.strictSame(await inFile('STORE_URL=redis://:p@ss#word@127.0.0.1', 'SITE_COLOR=#07c160'), ['STORE_URL', 'SITE_COLOR'].map((name) => ['warning', true, `in .env, the value of ${name} ends before a #, and what follows counts as a remark`]))
})

await t.test('doctor: a value of .env that the environment overrides is named, without either value', async (t) => {
  folderWith(t, { ...goodSettings, WECHAT_SECRET: 'fedcba9876543210fedcba9876543210' })
  const [overridden, ...others] = faultsIn(await findingsOf(checkSettings, goodSettings))
  t.strictSame(others, [])
  t.hasStrict(overridden, { status: 'warning', code: 'setting-overridden', text: 'WECHAT_SECRET has one value in .env and another one in the environment, which wins' })
  t.match(overridden?.todo, /unset WECHAT_SECRET/)
})

await t.test('doctor: --fix takes .env and files of secrets from others, where they are the user\'s own', async (t) => {
  const folder = folderWith(t, { ...goodSettings, WECHAT_SECRET: '' }, 0o644)
  writeFileSync(join(folder, 'secret'), goodSettings.WECHAT_SECRET)
  chmodSync('secret', 0o640)
  const settings = { PUBLIC_URL: goodSettings.PUBLIC_URL, WECHAT_APPID: goodSettings.WECHAT_APPID, WECHAT_SECRET_FILE: join(folder, 'secret') }
  const faults = faultsIn(await findingsOf(checkSettings, settings))
  t.hasStrict(faults, [
    { status: 'warning', code: 'secret-readable', text: '.env has the settings with their secrets, and others on this machine can read or change it (mode 644)', todo: `chmod 600 ${join(folder, '.env')}` },
    { status: 'warning', code: 'secret-readable', text: `${join(folder, 'secret')} has WECHAT_SECRET, and others on this machine can read or change it (mode 640)`, todo: `chmod 600 ${join(folder, 'secret')}` },
  ])
  for (const { fix } of faults) t.match(fix?.(), /^chmod 600 /)
  t.strictSame(['.env', 'secret'].map((name) => statSync(name).mode & 0o777), [0o600, 0o600])
  t.strictSame(codesIn(await findingsOf(checkSettings, settings)), [])
})

await t.test('doctor: --fix follows no link to another file', async (t) => {
  const folder = folderWith(t, null)
  writeFileSync('elsewhere', 'PORT=0\n')
  chmodSync('elsewhere', 0o644)
  symlinkSync('elsewhere', '.env')
  const [fault] = faultsIn(await findingsOf(checkSettings, goodSettings))
  t.hasStrict(fault, { code: 'secret-readable' })
  t.equal(fault?.fix, undefined)
  t.ok(folder)
})

await t.test('doctor: missing credentials are a failure', async (t) => {
  folderWith(t, { PUBLIC_URL: goodSettings.PUBLIC_URL, WX_APPID: goodSettings.WECHAT_APPID })
  const faults = faultsIn(await findingsOf(checkSettings, { PUBLIC_URL: goodSettings.PUBLIC_URL, WX_APPID: goodSettings.WECHAT_APPID }))
  t.hasStrict(faults, [
    { status: 'failure', code: 'credentials-missing', text: 'WECHAT_APPID and WECHAT_SECRET not set: the service does not start' },
    { status: 'warning', code: 'setting-ignored', text: 'WX_APPID is not a setting of scan-login and is ignored, and WECHAT_APPID is not set: did you mean WECHAT_APPID?' },
  ])
})

await t.test('doctor: weak settings are warnings, and names that may be another program\'s are none', async (t) => {
  folderWith(t, goodSettings)
  const findings = await findingsOf(checkSettings, { ...goodSettings, MATCH_NUMBERS: 'off', WECHAT_PAY_KEY: 'x', NODE_ENV: 'production' })
  t.strictSame(codesIn(findings), [['warning', 'setting-weak']])
  t.match(faultsIn(findings), [{ text: /^MATCH_NUMBERS=off: / }])
  t.ok(findings.some(({ status, text }) => status === 'ok' && text === 'not settings of scan-login, and ignored: WECHAT_PAY_KEY'))
})

await t.test('doctor: a logo and a file of places are opened as the service opens them', async (t) => {
  const folder = folderWith(t, goodSettings)
  writeFileSync('places.mmdb', buildMmdb({ '203.0.113.0/24': { country: { iso_code: 'CN', names: { en: 'China', 'zh-CN': '中国' } } } }))
  writeFileSync('logo.svg', '<svg/>')
  t.strictSame(codesIn(await findingsOf(checkSettings, { ...goodSettings, GEOIP_FILE: 'places.mmdb' })), [])
  t.hasStrict(faultsIn(await findingsOf(checkSettings, { ...goodSettings, SITE_LOGO: 'logo.svg', GEOIP_FILE: join(folder, 'none') })), [
    { status: 'failure', code: 'setting-file-unusable', text: 'SITE_LOGO logo.svg is no PNG, JPEG or WebP picture: take one of these: the service does not start' },
    { status: 'failure', code: 'setting-file-unusable', text: `GEOIP_FILE can't be read: ENOENT: no such file or directory, open '${join(folder, 'none')}': the service does not start` },
  ])
})

await t.test('doctor: a file of a secret that can not be read, or is empty, is named with what to do', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'secret')
  writeFileSync(path, '\n')
  const { readFileSync } = await import('node:fs')
  const read = (file: string): string => readFileSync(file, 'utf8')
  for (const [file, text] of [[path, `WECHAT_SECRET can't be read from ${path}: the file is empty`], [`${path}2`, `WECHAT_SECRET can't be read from ${path}2: ENOENT: no such file or directory, open '${path}2'`]] as const) {
    t.hasStrict(refused({ WECHAT_SECRET_FILE: file }, read), [{ status: 'failure', code: 'secret-file-unusable', text, todo: `write the secret into ${file}, or let WECHAT_SECRET_FILE name the file that has it` }])
  }
  t.strictSame(codesIn(refused({ PORT: 'x' })), [['failure', 'setting-wrong']])
})
