// The checks of scripts: syntax and interfaces that phones lack, and keys that a page's data lack.
import t from 'tap'
import type { Test } from 'tap'
import { checkNewInterfaces } from '../../.ci/miniprogram/new-interfaces.ts'
import { checkPhoneSyntax } from '../../.ci/miniprogram/phone-syntax.ts'
import type { Problem } from '../../.ci/miniprogram/problem.ts'
import { typeProject } from '../../.ci/miniprogram/program.ts'
import type { TypedProject } from '../../.ci/miniprogram/program.ts'
import { checkSetData } from '../../.ci/miniprogram/set-data.ts'
import { readProject } from '../../src/demo/miniprogram/project.ts'
import { writeSmallMiniProgram } from '../support/small-miniprogram.ts'
import type { Files } from '../support/write-files.ts'

const linesOf = (problems: readonly Problem[]): string[] => problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)

const typed = async (t: Test, changes: Files): Promise<TypedProject> => {
  const folder = await writeSmallMiniProgram(t, changes)
  return typeProject(folder, await readProject(folder))
}

await t.test('phone: syntax that it cannot read is found, similar syntax is not', async (t) => {
  const wrong = ['1n', '/(?<=a)b/', '/(?<!a)b/u', 'new RegExp(\'(?<=a)\')']
  const right = ['1', '/(?<name>a)/', '/(?=a)b/', '\'(?<=a)\'', '`1n`']
  const folder = await writeSmallMiniProgram(t, { 'app.ts': [...wrong, ...right].join(';\n') })
  const looksBehind = 'iOS before 16.4 cannot parse lookbehind in a pattern, so the whole file fails'
  t.strictSame(linesOf(checkPhoneSyntax(folder)), [
    'app.ts:1:1 iOS 13 cannot parse a bigint, so the whole file fails',
    `app.ts:2:1 ${looksBehind}`,
    `app.ts:3:1 ${looksBehind}`,
    `app.ts:4:12 ${looksBehind}`,
  ])
})

await t.test('base library: an interface that is newer than the oldest library is found, however it is accessed', async (t) => {
  const script = [
    'wx.getAppBaseInfo(); wx.exitMiniProgram(); wx.login({ timeout: 1 })',
    'wx.restartMiniProgram()',
    'wx[\'restartMiniProgram\']()',
    'const { restartMiniProgram: restart } = wx',
    'const api = wx; api.restartMiniProgram',
    'wx.request({ url: \'\', useHighPerformanceMode: true })',
    'wx.getNetworkType({ success: ({ weakNet, networkType }) => [weakNet, networkType] })',
    'wx.getNetworkType({ success: (answer) => answer.weakNet })',
    'const own = { restartMiniProgram: restart }; own.restartMiniProgram',
  ]
  const restart = '"restartMiniProgram" came with 3.0.1, phones may have 2.32.3'
  const found = linesOf(checkNewInterfaces(await typed(t, { 'app.ts': script.join('\n') })))
  t.strictSame(found, [
    `app.ts:2:4 ${restart}`,
    `app.ts:3:4 ${restart}`,
    `app.ts:4:9 ${restart}`,
    `app.ts:5:21 ${restart}`,
    'app.ts:6:23 "useHighPerformanceMode" came with 3.3.3, phones may have 2.32.3',
    'app.ts:7:33 "weakNet" came with 3.5.3, phones may have 2.32.3',
    'app.ts:8:49 "weakNet" came with 3.5.3, phones may have 2.32.3',
  ])
})

await t.test('setData: a key that the data lack is found, where it is', async (t) => {
  const page = (body: string): string => `import { rows } from '../../rows'
Page({ data: { screen: { title: '', rows: [...rows] as Array<{ id: string }> | undefined } }, onShow () { this.setData({ scren: 1 }) }, onLoad () {
${body}
} })`
  const body = [
    'this.setData({ screen: { title: \'\', rows: [] } })',
    'this.setData({ \'screen.title\': \'\', \'screen.rows[0].id\': \'\', [\'screen.\' + 1]: 1 })',
    'const other = { setData: (_: object) => {} }; other.setData({ scren: 1 })',
    'const that = this; that.setData({ scren: 1 })',
    'this.setData({ \'screen.titel\': \'\' })',
    'this.setData({ \'screen.rows[0].name\': \'\' })',
    'this.setData({ \'screen.rows.id\': \'\' })',
    'const scren = 1; this.setData({ scren })',
  ]
  t.strictSame(linesOf(checkSetData(await typed(t, { 'pages/home/home.ts': page(body.join('\n')) }))), [
    'pages/home/home.ts:2:122 the data has no "scren"',
    'pages/home/home.ts:6:35 the data has no "scren"',
    'pages/home/home.ts:7:16 the data has no "screen.titel"',
    'pages/home/home.ts:8:16 the data has no "screen.rows[0].name"',
    'pages/home/home.ts:9:16 the data has no "screen.rows.id"',
    'pages/home/home.ts:10:33 the data has no "scren"',
  ])
})

await t.test('setData: a component sets its properties, too', async (t) => {
  const card = (key: string): string => `Component({ properties: { title: String }, data: { open: false }, methods: { onOpen () { this.setData({ ${key}: true }) } } })`
  for (const key of ['title', 'open']) t.strictSame(linesOf(checkSetData(await typed(t, { 'components/card/card.ts': card(key) }))), [], key)
  t.strictSame(linesOf(checkSetData(await typed(t, { 'components/card/card.ts': card('opne') }))), ['components/card/card.ts:1:105 the data has no "opne"'])
})
