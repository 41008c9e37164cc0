// The checks of the mini program, on the mini program itself and on one with planted faults.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { checkFolder } from '../../.ci/miniprogram/check-folder.ts'
import { checkPhoneGlobals } from '../../.ci/miniprogram/phone-globals.ts'
import { checkPrivacy } from '../../.ci/miniprogram/privacy.ts'
import type { Problem } from '../../.ci/miniprogram/problem.ts'
import { checkSecrets } from '../../.ci/miniprogram/secrets.ts'
import { serviceUrlProblem } from '../../.ci/miniprogram/service-url.ts'
import { smallMiniProgram, writeSmallMiniProgram } from '../support/small-miniprogram.ts'

const root = join(import.meta.dirname, '../..')
const linesOf = (problems: readonly Problem[]): string[] => problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)
const check = (...args: string[]) => spawnSync(process.execPath, ['.ci/miniprogram/check.ts', ...args], { cwd: root, encoding: 'utf8' })

await t.test('mini program: passes every check', async (t) => {
  t.strictSame(linesOf(await checkFolder(join(root, 'miniprogram'))), [])
})

await t.test('check: prints nothing when it finds no problem', async (t) => {
  const { status, stdout, stderr } = check(await writeSmallMiniProgram(t))
  t.strictSame({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
})

await t.test('check: prints a line for each problem and fails when there is one', async (t) => {
  const folder = await writeSmallMiniProgram(t, { 'pages/home/home.wxml': '<page-meta root-font-size="system" />{{nothing}}', 'app.wxss': '' })
  const { status, stdout } = check(folder)
  t.equal(status, 1)
  t.strictSame(stdout.replaceAll(folder, 'folder').split('\n'), [
    'folder/pages/home/dot.png:1:1 is packed but not used: use it, remove it, or add it to packOptions.ignore',
    'folder/pages/home/home.wxml:1:40 the data has no "nothing"',
    'folder/shared.wxss:1:1 is packed but not used: use it, remove it, or add it to packOptions.ignore',
    '',
  ])
})

await t.test('check: reports a missing file when app.json leads to it', async (t) => {
  const folder = await writeSmallMiniProgram(t, { 'components/card/card.ts': undefined })
  t.strictSame(linesOf(await checkFolder(folder)), ['components/card/card.ts:1:1 missing, pages/home/home.json names components/card/card'])
})

await t.test('check: reports other problems as well when the project file is missing', async (t) => {
  const folder = await writeSmallMiniProgram(t, { 'project.config.json': undefined, 'pages/home/home.wxss': '.home { colr: red }' })
  t.strictSame(linesOf(await checkFolder(folder)), [
    'pages/home/home.wxss:1:9 there is no property "colr"',
    'project.config.json:1:1 is missing: DevTools opens the project by it',
  ])
})

await t.test('check: reports all kinds of fault, and once what both rules and types find in a line of a template', async (t) => {
  const home = smallMiniProgram['pages/home/home.ts'].replace('onNothing () {}', 'onNothing () { wx.restartMiniProgram(); this.setData({ scren: 1n }) }')
  const folder = await writeSmallMiniProgram(t, {
    'pages/home/home.ts': home,
    'pages/home/home.wxml': `${smallMiniProgram['pages/home/home.wxml']}{{screen.title.toUpperCase()}}\n{{screen?.title}}`,
  })
  t.strictSame(linesOf(await checkFolder(folder)), [
    'pages/home/home.ts:10:21 "restartMiniProgram" came with 3.0.1, phones may have 2.32.3',
    'pages/home/home.ts:10:58 the data has no "scren"',
    'pages/home/home.ts:10:65 iOS 13 cannot parse a bigint, so the whole file fails',
    'pages/home/home.wxml:4:3 WXML doesn\'t know "screen.title.toUpperCase()": compute it in the page',
    'pages/home/home.wxml:5:9 WXML doesn\'t know "?.": compute it in the page',
  ])
})

await t.test('privacy: an interface that opens a dialog is found, however it is accessed', async (t) => {
  const scripts = [
    'wx.getUserProfile({ desc: \'\' })',
    'wx[\'getClipboardData\']()',
    'const { chooseImage } = wx',
    'const api = wx; api.getLocation({})',
    '// wx.getLocation is never called',
  ]
  const templates = [
    '<button open-type="chooseAvatar" />',
    '<button open-type=\'getPhoneNumber\' />',
    '<input type="nickname" />',
    '<camera />',
    '<!-- <camera /> -->',
  ]
  const folder = await writeSmallMiniProgram(t, { 'app.ts': scripts.join('\n'), 'pages/home/home.wxml': templates.join('\n') })
  t.strictSame(linesOf(checkPrivacy(folder)), [
    'app.ts:1:4 "getUserProfile" opens a privacy dialog: nickname and avatar',
    'app.ts:2:4 "getClipboardData" opens a privacy dialog: clipboard',
    'app.ts:3:9 "chooseImage" opens a privacy dialog: photos, videos and files',
    'app.ts:4:21 "getLocation" opens a privacy dialog: location',
    'pages/home/home.wxml:1:9 "chooseAvatar" opens a privacy dialog: nickname and avatar',
    'pages/home/home.wxml:2:9 "getPhoneNumber" opens a privacy dialog: phone number',
    'pages/home/home.wxml:3:8 "nickname" opens a privacy dialog: nickname and avatar',
    'pages/home/home.wxml:4:1 "camera" opens a privacy dialog: camera and microphone',
  ])
})

await t.test('phone: a global that it lacks is found, something else of the same name is not', async (t) => {
  const wrong = ['eval(\'1\')', 'new Function(\'\')', 'new TextEncoder()', 'void fetch(\'\')', 'globalThis.crypto', 'typeof window', 'const a = { URL }']
  const right = ['service.fetch()', 'const b = { document: 1 }', 'interface C { window: Function }', 'type D = URL']
  const own = 'import { fetch } from \'./b\'\nfetch()\nconst eval2 = (location: string) => location\n'
  const folder = await writeSmallMiniProgram(t, { 'app.ts': [...wrong, ...right].join('\n'), 'rows.ts': own })
  t.strictSame(linesOf(checkPhoneGlobals(folder)), [
    'app.ts:1:1 a phone has no "eval"',
    'app.ts:2:5 a phone has no "Function"',
    'app.ts:3:5 a phone has no "TextEncoder"',
    'app.ts:4:6 a phone has no "fetch"',
    'app.ts:5:1 a phone has no "globalThis"',
    'app.ts:6:8 a phone has no "window"',
    'app.ts:7:13 a phone has no "URL"',
  ])
})

await t.test('secrets: a key or an AppSecret in any file is found', async (t) => {
  const folder = await writeSmallMiniProgram(t, {
    'app.ts': 'const secret = \'0123456789abcdef0123456789abcdef\'\nconst digest = \'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\'\n',
    'upload.key': '\n-----BEGIN RSA PRIVATE KEY-----\n',
  })
  t.strictSame(linesOf(checkSecrets(folder)), [
    'app.ts:1:17 what looks like an AppSecret: everybody could read it',
    'upload.key:2:1 a private key: everybody could read it',
  ])
})

await t.test('config.ts: holds the address of a service and nothing else', async (t) => {
  const one = (text: string | undefined) => async (): Promise<string[]> => linesOf(checkSecrets(await writeSmallMiniProgram(t, { 'config.ts': text })))
  const wrongShape = 'must hold `export const serviceUrl = \'https://…\'` and nothing else'
  const cases: ReadonlyArray<readonly [string | undefined, string[]]> = [
    [smallMiniProgram['config.ts'], []],
    ['export const serviceUrl = \'https://a.example\'\nexport const appSecret = \'\'', [`config.ts:2:1 ${wrongShape}`]],
    ['export const url = \'https://a.example\'', [`config.ts:1:1 ${wrongShape}`]],
    ['export const serviceUrl = where()', [`config.ts:1:1 ${wrongShape}`]],
    ['', [`config.ts:1:1 ${wrongShape}`]],
    [undefined, ['config.ts:1:1 is missing: it holds the address of the service']],
  ]
  for (const [text, expected] of cases) t.strictSame(await one(text)(), expected, String(text))
})

await t.test('config.ts: an address that WeChat would not take is refused in one clear line', async (t) => {
  const right = ['https://login.example.com', 'https://login.example.com:8443/wechat', 'https://xn--fiq228c.example/A']
  for (const address of right) t.equal(serviceUrlProblem(address), undefined, address)
  const wrong: ReadonlyArray<readonly [string, string]> = [
    ['', 'is no address'],
    ['login.example.com', 'is no address'],
    ['https://', 'is no address'],
    ['http://login.example.com', 'must begin with https://'],
    [' https://login.example.com', 'must have no spaces'],
    ['https://login.example.com/a b', 'must have no spaces'],
    ['https://me:secret@login.example.com', 'must hold no name or password: everybody could read it'],
    ['https://203.0.113.7', 'must name a domain: WeChat takes no IP address'],
    ['https://[2001:db8::1]:8443', 'must name a domain: WeChat takes no IP address'],
    ['https://login.example.com?a=1', 'must have no query'],
    ['https://login.example.com?', 'must have no query'],
    ['https://login.example.com#a', 'must have no fragment'],
    ['https://login.example.com#', 'must have no fragment'],
    ['https://login.example.com/', 'must have no slash at the end'],
    ['https://login.example.com/wechat/', 'must have no slash at the end'],
    ['https://login.example.com:443', 'must be written "https://login.example.com"'],
    ['https://Login.example.com/A', 'must be written "https://login.example.com/A"'],
    ['https://中文.example', 'must be written "https://xn--fiq228c.example"'],
    ['https:login.example.com', 'must be written "https://login.example.com"'],
  ]
  for (const [address, expected] of wrong) t.equal(serviceUrlProblem(address), expected, address)
  const folder = await writeSmallMiniProgram(t, { 'config.ts': 'export const serviceUrl = \'https://A.example\'' })
  t.strictSame(linesOf(checkSecrets(folder)), ['config.ts:1:27 "https://A.example" must be written "https://a.example"'])
})
