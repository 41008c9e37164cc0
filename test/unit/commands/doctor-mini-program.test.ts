import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkMiniProgram } from '../../../src/commands/doctor/check-mini-program.ts'
import { codesIn, faultsIn, findingsOf, goodSettings, workIn } from '../../support/doctor.ts'
import { makeFolder } from '../../support/service-process.ts'

/** Makes a folder with a mini program, and works there. */
const folderWith = (t: Test, { appid, serviceUrl, privateAppid }: { readonly appid: string, readonly serviceUrl: string, readonly privateAppid?: string }): void => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'miniprogram'))
  writeFileSync(join(folder, 'miniprogram/project.config.json'), JSON.stringify({ appid }))
  if (privateAppid !== undefined) writeFileSync(join(folder, 'miniprogram/project.private.config.json'), JSON.stringify({ appid: privateAppid }))
  writeFileSync(join(folder, 'miniprogram/config.ts'), `/** The only thing to set. */\nexport const serviceUrl = '${serviceUrl}'\n`)
  workIn(t, folder)
}

const settings = { ...goodSettings, PUBLIC_URL: 'https://login.example.org/sub' }
const right = { appid: settings.WECHAT_APPID, serviceUrl: settings.PUBLIC_URL }
const other = 'wxfedcba9876543210'

for (const [what, folder, env, codes] of [
  ['nothing is wrong', right, settings, []],
  ['PUBLIC_URL ends in a slash', right, { ...settings, PUBLIC_URL: `${settings.PUBLIC_URL}/` }, []],
  ['the folder is as it came', { appid: 'touristappid', serviceUrl: 'https://login.example.com' }, settings, [['warning', 'mini-program-placeholder'], ['warning', 'mini-program-placeholder']]],
  ['the AppID is another one', { ...right, appid: other }, settings, [['failure', 'mini-program-appid']]],
  ['the private file has the right AppID', { ...right, appid: 'touristappid', privateAppid: right.appid }, settings, []],
  ['the private file has another AppID', { ...right, privateAppid: other }, settings, [['failure', 'mini-program-appid']]],
  ['there is no AppID', { ...right, appid: '' }, settings, [['failure', 'mini-program-appid']]],
  ['serviceUrl is another address', { ...right, serviceUrl: 'https://login.example.org' }, settings, [['failure', 'mini-program-service-url']]],
  ['serviceUrl ends in a slash', { ...right, serviceUrl: `${settings.PUBLIC_URL}/` }, settings, [['failure', 'mini-program-service-url']]],
  ...['http://localhost:3000', 'https://203.0.113.7', 'https://[2001:db8::1]', 'https://login.lan', 'https://localhost:3000'].map((url) =>
    [`PUBLIC_URL is ${url}`, { ...right, serviceUrl: url }, { ...settings, PUBLIC_URL: url }, [['warning', 'public-url-not-for-phones']]] as const),
  ['PUBLIC_URL has a port', { ...right, serviceUrl: 'https://login.example.org:8443' }, { ...settings, PUBLIC_URL: 'https://login.example.org:8443' }, []],
] as ReadonlyArray<readonly [string, Parameters<typeof folderWith>[1], Readonly<Record<string, string>>, ReadonlyArray<readonly string[]>]>) {
  await t.test(`doctor: the mini program's folder is compared with the settings when ${what}`, async (t) => {
    folderWith(t, folder)
    t.strictSame(codesIn(await findingsOf(checkMiniProgram, env)), codes)
  })
}

await t.test('doctor: both values are shown where they differ', async (t) => {
  folderWith(t, { appid: other, serviceUrl: 'https://elsewhere.example' })
  const folder = join(process.cwd(), 'miniprogram')
  t.hasStrict(faultsIn(await findingsOf(checkMiniProgram, settings)), [
    { text: `${folder}/project.config.json has the AppID ${other}, and WECHAT_APPID is ${right.appid}: what one mini program makes, the other can't use` },
    { text: `${folder}/config.ts has the serviceUrl https://elsewhere.example, and PUBLIC_URL is ${settings.PUBLIC_URL}: phones sign their calls for one address, and the service checks them for the other` },
  ])
})

await t.test('doctor: the folder of the source is looked at where there is none in the working directory', async (t) => {
  workIn(t, makeFolder(t))
  const [first] = faultsIn(await findingsOf(checkMiniProgram, settings))
  t.match(first, { code: 'mini-program-placeholder', text: /\/miniprogram\/project\.config\.json still has touristappid / })
})
