// The rules of templates and styles that types can't check.
import t from 'tap'
import type { Test } from 'tap'
import type { Problem } from '../../.ci/miniprogram/problem.ts'
import { checkStyles } from '../../.ci/miniprogram/styles.ts'
import { checkTemplateRules } from '../../.ci/miniprogram/wxml-rules.ts'
import { readProject } from '../../src/demo/miniprogram/project.ts'
import type { SourceProject } from '../../src/demo/miniprogram/project.ts'
import { smallMiniProgram, writeSmallMiniProgram } from '../support/small-miniprogram.ts'
import type { Files } from '../support/write-files.ts'

const linesOf = (problems: readonly Problem[]): string[] => problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).sort()

const check = (find: (folder: string, project: SourceProject) => readonly Problem[]) => async (t: Test, changes: Files): Promise<string[]> => {
  const folder = await writeSmallMiniProgram(t, changes)
  return linesOf(find(folder, await readProject(folder)))
}
const rules = check(checkTemplateRules)
const styles = check(checkStyles)

/** Lines, each with the problems expected in it, by column. */
type Lines = ReadonlyArray<readonly [string, readonly string[]]>

/** Checks a file of a correct first line and these lines, and compares the problems of each. */
const checkLines = async (t: Test, file: string, first: string, lines: Lines, find: typeof rules): Promise<void> => {
  const found = await find(t, { [file]: [first, ...lines.map(([line]) => line)].join('\n') })
  for (const [index, [line, expected]] of lines.entries()) {
    const start = `${file}:${index + 2}:`
    t.strictSame(found.filter((problem) => problem.startsWith(start)).map((problem) => problem.slice(start.length)), expected, line)
  }
  t.equal(found.length, lines.flatMap(([, expected]) => expected).length, 'nothing else')
}

const unknown = (piece: string): string => `WXML doesn't know "${piece}": compute it in the page`

const templateLines: Lines = [
  // Expressions
  ['<view hidden="{{!a.b[c + 1] && -d % 2 >= 3 || e === \'}}\' ? [1, ...f] : { g: true, h, ...i } }}">{{a < b}} {{(c)}} {{null}}</view>', []],
  ['{{screen.title.toUpperCase()}}', [`3 ${unknown('screen.title.toUpperCase()')}`]],
  ['<view class="a {{b ?? c}}" />', [`20 ${unknown('??')}`]],
  ['{{a?.b}}', [`4 ${unknown('?.')}`]],
  ['{{`a`}}', [`3 ${unknown('`a`')}`]],
  ['{{() => 1}}', [`3 ${unknown('() => 1')}`]],
  ['{{new A()}}', [`3 ${unknown('new A()')}`]],
  ['{{a = 1}}', [`5 ${unknown('=')}`]],
  ['{{a++}}', [`3 ${unknown('a++')}`]],
  ['{{++a}}', [`3 ${unknown('++a')}`]],
  ['{{/a/}}', [`3 ${unknown('/a/')}`]],
  ['{{typeof a}}', [`3 ${unknown('typeof a')}`]],
  ['{{a & b}}', [`5 ${unknown('&')}`]],
  ['{{a ** b}}', [`5 ${unknown('**')}`]],
  ['{{a, b}}', [`4 ${unknown(',')}`]],
  ['{{this.a}}', [`3 ${unknown('this')}`]],
  ['{{a as b}}', [`3 ${unknown('a as b')}`]],
  ['{{ { [a]: 1 } }}', [`6 ${unknown('[a]')}`]],
  ['{{a b}}', ['3 "a b" is no expression']],
  ['{{ }}', ['3 "" is no expression']],
  ['{{a); (b}}', ['3 "a); (b" is no expression']],
  // Braces
  ['<text>{screen.origin}</text>', ['7 a single brace is drawn literally: write data as {{…}}']],
  ['<text aria-label="a } {{b}}" />', ['21 a single brace is drawn literally: write data as {{…}}']],
  ['<view wx:if="screen.warning" />', ['7 wx:if takes one {{…}} and nothing else']],
  ['<view wx:if="{{a}}" /><view wx:elif="{{a}} " /><view wx:else />', ['29 wx:elif takes one {{…}} and nothing else']],
  ['<view wx:if />', ['7 wx:if takes one {{…}} and nothing else']],
  ['<view wx:for="abc" wx:key="*this" />', ['7 wx:for takes one {{…}} and nothing else']],
  ['<view wx:for="{{a}}" />', ['7 wx:for needs a wx:key']],
]

await t.test('template: each broken rule is found where it is, and nothing else', async (t) => {
  await checkLines(t, 'pages/home/home.wxml', smallMiniProgram['pages/home/home.wxml'].split('\n')[0] ?? '', templateLines, rules)
})

await t.test('template: page-meta is its page\'s first node', async (t) => {
  const meta = '<page-meta root-font-size="system" />'
  const cases: Lines = [
    [`<!-- a {brace} -->\n${meta}\n<view />`, []],
    ['<view />', ['1:1 a page begins with <page-meta root-font-size="system" />']],
    [`<!-- ${meta} -->`, ['1:1 a page begins with <page-meta root-font-size="system" />']],
    [`<view />${meta}`, ['1:9 <page-meta> must be the first node of its page']],
    [`a ${meta}`, ['1:3 <page-meta> must be the first node of its page']],
    [`<view>${meta}</view>`, ['1:7 <page-meta> must be the first node of its page']],
    [`${meta}\n${meta}`, ['2:1 a page has one <page-meta>']],
    ['<page-meta />', ['1:1 <page-meta> needs root-font-size="system"']],
    ['<page-meta root-font-size="{{size}}" />', ['1:1 <page-meta> needs root-font-size="system"']],
    [`${meta}\n<!-- the rest`, ['2:1 a comment without its -->']],
  ]
  for (const [wxml, expected] of cases) t.strictSame(await rules(t, { 'pages/home/home.wxml': wxml }), expected.map((problem) => `pages/home/home.wxml:${problem}`), wxml)
  t.strictSame(await rules(t, { 'components/card/card.wxml': meta }), ['components/card/card.wxml:1:1 <page-meta> belongs to a page'])
})

const styleLines: Lines = [
  ['page { --ink: #17181a; --gap: 12rpx; --wide: calc(2 * var(--gap)); --loop: var(--loop) }', []],
  ['@media (prefers-color-scheme: dark) { page { --ink: #eeeff1; --odd: 1px } }', []],
  ['@font-face { font-family: a; src: url("data:font/woff2;base64,AAAA") }', []],
  ['.a { color: var(--ink); padding: 0 var(--gap) calc(4rpx + env(safe-area-inset-bottom)); width: var(--wide) !important }', []],
  ['.a { padding: env(safe-area-inset-top); -webkit-overflow-scrolling: touch; border: solid var(--ink); background: radial-gradient(circle, var(--ink) 17%, transparent 18%), var(--ink) }', []],
  ['.a { color: var(--inc) }', ['6 no rule of app.wxss or of this style gives "--inc" a value']],
  ['.a { --soft: var(--inc) }', ['6 no rule of app.wxss or of this style gives "--inc" a value']],
  ['.a { colr: red }', ['6 there is no property "colr"']],
  ['.a { color: rde }', ['6 "color" takes no "rde"']],
  ['.a { width: 12 }', ['6 "width" takes no "12"']],
  ['.a { color: var(--gap) }', ['6 "color" takes no "12px"']],
  ['.a { color: var(--loop) }', ['6 "color" takes no ""']],
]

await t.test('style: each fault is found where it is, and nothing else', async (t) => {
  await checkLines(t, 'pages/home/home.wxss', '.home { color: #000000 }', styleLines, styles)
})

await t.test('style: a value that is wrong in one theme is found', async (t) => {
  const wxss = 'page { --ink: #17181a }\n@media (prefers-color-scheme: dark) { page { --ink: #eeef1 } }\n.a { color: var(--ink) }'
  t.strictSame(await styles(t, { 'app.wxss': wxss }), ['app.wxss:3:6 "color" takes no "#eeef1"'])
})

await t.test('style: a variable is known when app.wxss or an import sets it, not when another page does', async (t) => {
  const changes = {
    'app.wxss': '@import "./shared.wxss";\n.a { color: var(--home) }',
    'shared.wxss': 'page { --shared: red }',
    'pages/home/home.wxss': '@import "../../more.wxss";\npage { --home: red }\n.a { color: var(--shared); background: var(--more) }',
    'more.wxss': '@import "pages/home/home.wxss";\npage { --more: red; colr: red }',
  }
  t.strictSame(await styles(t, changes), [
    'app.wxss:2:6 no rule of app.wxss or of this style gives "--home" a value',
    'more.wxss:2:21 there is no property "colr"',
  ])
})

await t.test('style: a syntax error is reported', async (t) => {
  t.strictSame(await styles(t, { 'app.wxss': '.a { color }' }), ['app.wxss:1:12 Colon is expected'])
})
