// Compiling templates to one module without eval, and refused templates, with line and column.
import { execFile as execFileWithCallback } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { readProject } from '../../src/demo/miniprogram/project.ts'
import { compileTemplates } from '../../src/demo/miniprogram/wxml.ts'
import { problemsOf, writeMiniProgram } from '../support/mini-program-folder.ts'

const execFile = promisify(execFileWithCallback)

const compile = async (folder: string) => compileTemplates(folder, await readProject(folder))

/** Imports the module from a data: URL and returns its default export. */
const evaluate = async (script: string) =>
  (await import(`data:text/javascript,${encodeURIComponent(script)}`) as { default: Record<string, unknown> }).default

const template = async (t: Test, wxml: string, files: Record<string, string | undefined> = {}) => writeMiniProgram(t, { 'pages/a/a.wxml': wxml, ...files })

await t.test('templates: every page is compiled, without eval, when they are the real ones', async (t) => {
  const folder = join(import.meta.dirname, '../../miniprogram')
  const script = await compile(folder)
  t.notMatch(script, /\beval\(|new Function/)
  const templates = await evaluate(script)
  for (const page of (await readProject(folder)).pages) t.equal(typeof templates[page], 'function', page)
})

await t.test('templates: other templates and scripts are in the same module when they are imported or included', async (t) => {
  const folder = await template(t, `
    <import src="/parts/row" /><include src="../../parts/foot.wxml" /><wxs module="m" src="../../parts/sum.wxs" />
    <template is="row" data="{{ {n: m.sum(a, 1)} }}" />
    <block wx:for="{{list}}" wx:key="id"><slot /><x-card bind:open="onOpen" /></block>`, {
    'parts/row.wxml': '<template name="row"><text>{{n}}</text></template>',
    'parts/foot.wxml': '<x-card />',
    'parts/sum.wxs': 'module.exports = { sum: function (a, b) { return a + b } }',
    'pages/a/a.json': '{ "usingComponents": { "x-card": "/card/card" } }',
    'card/card.json': '{ "component": true }',
    'card/card.ts': '',
    'card/card.wxml': '<view catch:tap="onTap" data-bindtap="x"><slot /></view>',
  })
  t.strictSame(Object.keys(await evaluate(await compile(folder))).sort(), ['card/card', 'pages/a/a', 'parts/foot', 'parts/row'])
})

for (const [what, wxml, problems] of [
  ['a tag is not known', '<view>\n  <swiper></swiper>\n</view>', ['2:4: <swiper> is neither a tag that the demo draws nor one of usingComponents']],
  ['a tag is not known behind words in Chinese', '<text>扫码登录 🙂</text><map />', ['1:22: <map> is neither a tag that the demo draws nor one of usingComponents']],
  ['a tag is not known in a named template', '<template name="t"><canvas /></template>', ['1:21: <canvas> is neither a tag that the demo draws nor one of usingComponents']],
  ['an event has no colon', '<view\n  bindtap="onTap" /><view catchtap="{{x}}" />', [
    '2:3: "bindtap" is taken for an attribute, write bind:tap', '2:27: "catchtap" is taken for an attribute, write catch:tap',
  ]],
  ['an event has a hyphen', '<view bind-tap="onTap" />', ['1:7: "bind-tap" is taken for an attribute, write bind:tap']],
  ['an expression is broken', '<view>\n{{ a + }}</view>', ['2:8: unexpected character inside expression']],
  ['an end tag is missing', '<view>\n<text>', ['2:2: missing end tag', '1:2: missing end tag']],
  ['an attribute is there twice', '<view class="a" class="b" />', ['1:17: duplicated attribute']],
  ['a wx: is not known', '<view wx:when="{{a}}" />', ['1:7: invalid attribute prefix']],
  ['an import is missing', '<view />\n<import src="./row.wxml" />', ['2:9: pages/a/row.wxml is missing']],
  ['an include is missing', '<include src="/parts/foot" />', ['1:10: parts/foot.wxml is missing']],
  ['a script is missing', '<wxs module="m" src="m.wxs" />', ['1:17: pages/a/m.wxs is missing']],
] as const) {
  await t.test(`templates: they are refused when ${what}`, async (t) => {
    t.strictSame(await problemsOf(compile(await template(t, wxml))), problems.map((problem) => `pages/a/a.wxml:${problem}`))
  })
}

await t.test('templates: they are refused with the file name when the template compiler crashes', async (t) => {
  // In a process of its own: the compiler is unusable afterwards.
  const folder = await template(t, '<view\u00a0/>')
  const modules = join(import.meta.dirname, '../../src/demo/miniprogram')
  const script = `
    const { readProject } = await import('${modules}/project.ts')
    const { compileTemplates } = await import('${modules}/wxml.ts')
    await compileTemplates('.', await readProject('.')).catch(({ problems }) => process.stdout.write(JSON.stringify(problems)))`
  const { stdout } = await execFile(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
  t.strictSame(JSON.parse(stdout), ['pages/a/a.wxml: the template compiler crashed (RuntimeError: unreachable)'])
})

await t.test('templates: they are accepted when a string or a comment looks like a tag, and when the compiler has only a note', async (t) => {
  const wxml = '<!-- <map bindtap="x" /> --><view class="{{ b }}" aria-label="tags[\'map\'] _tag_.bindtap">{{ "tags[\'map\']" }}_tag_.bindtap</view><view data-Remark="x" />'
  t.strictSame(await problemsOf(compile(await template(t, wxml))), [])
})

await t.test('templates: an unknown tag is reported once when two pages include its file', async (t) => {
  const folder = await template(t, '<include src="/foot" />', {
    'app.json': '{ "pages": ["pages/a/a", "pages/b/b", "pages/c/c"] }',
    'foot.wxml': '<x-card />',
    ...Object.fromEntries(['b', 'c'].flatMap((name) => [
      [`pages/${name}/${name}.json`, '{}'], [`pages/${name}/${name}.ts`, ''], [`pages/${name}/${name}.wxml`, '<include src="/foot" />'],
    ])),
    'pages/b/b.json': '{ "usingComponents": { "x-card": "/card" } }',
    'card.json': '{ "component": true }',
    'card.ts': '',
    'card.wxml': '<view />',
  })
  t.strictSame(await problemsOf(compile(folder)), ['foot.wxml:1:2: <x-card> is neither a tag that the demo draws nor one of usingComponents'])
})
