// Compiling styles: lengths, tags, imports, a component's classes, and refused styles, with line and column.
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { compileStyle } from '../../src/demo/miniprogram/wxss.ts'
import { problemsOf, writeMiniProgram } from '../support/mini-program-folder.ts'

const file = 'pages/a/a.wxss'

for (const [what, wxss, css] of [
  ['a length is in rpx', '.a { width: 24rpx; margin: -10rpx .5rpx 1RPX }',
    '.a{width:calc(24*var(--rpx));margin:calc(-10*var(--rpx)) calc(.5*var(--rpx)) calc(1*var(--rpx))}'],
  ['rpx stands in functions', '.a { padding: calc(48rpx + env(safe-area-inset-bottom)); transform: translate(-2.5rpx, 0); width: var(--w, 2rpx) }',
    '.a{padding:calc(calc(48*var(--rpx)) + env(safe-area-inset-bottom));transform:translate(calc(-2.5*var(--rpx)),0);width:var(--w,calc(2*var(--rpx)))}'],
  ['rpx stands in a variable', '.a { --w: 8rpx }', '.a{--w:calc(8*var(--rpx))}'],
  ['rpx stands in a supports condition', '@supports (inset: 1rpx) { .a { b: c } }', '@supports (inset:calc(1*var(--rpx))){.a{b:c}}'],
  ['only words look like rpx', '.rpx-1rpx { content: "1rpx"; background: url(data:1rpx) } /* 1rpx */', '.rpx-1rpx{content:"1rpx";background:url(data:1rpx)}'],
  ['tags are selected', 'page, view.a > text, .b scroll-view::after, image:not(view) { b: c }',
    'wx-page,wx-view.a>wx-text,.b wx-scroll-view::after,wx-image:not(wx-view){b:c}'],
  ['tags are real HTML ones', 'button, input:focus, .view, [text] { b: c }', 'button,input:focus,.view,[text]{b:c}'],
  ['a name is that of a tag', '@keyframes view { from { left: 1rpx } to { left: 0 } } .a { animation: view 1s; transition-property: text }',
    '@keyframes view{from{left:calc(1*var(--rpx))}to{left:0}}.a{animation:view 1s;transition-property:text}'],
  ['the theme is asked for', '@media (prefers-color-scheme: dark) { page { --ground: #111 } }', '@media (prefers-color-scheme:dark){wx-page{--ground:#111}}'],
  ['there is nothing in it', '/* later */', ''],
] as const) {
  await t.test(`style: it is compiled to plain CSS when ${what}`, async (t) => {
    t.equal(await compileStyle({ folder: await writeMiniProgram(t, { [file]: wxss }), file }), css)
  })
}

await t.test('style: it is empty when there is no file', async (t) => {
  t.equal(await compileStyle({ folder: await writeMiniProgram(t), file }), '')
})

await t.test('style: no rpx and no renamed tag is left when it is a real one', async (t) => {
  const folder = join(import.meta.dirname, '../../miniprogram')
  let count = 0
  for await (const file of glob('**/*.wxss', { cwd: folder })) {
    const css = await compileStyle({ folder, file })
    t.ok(css.length > 0, file)
    t.notMatch(css, /\drpx|@import/, file)
    t.notMatch(css, /(?:^|[},>+~ ])(?:page|view|text|scroll-view|image)[{,.:[>+~ ]/, file)
    count += 1
  }
  t.ok(count >= 3)
})

await t.test("style: a file's rules replace its @import when it is imported, relative or absolute", async (t) => {
  const folder = await writeMiniProgram(t, {
    [file]: '@import "../b.wxss"; @import "/c.wxss"; .a { b: 1 }',
    'pages/b.wxss': '@import "../c.wxss"; view { b: 2rpx }',
    'c.wxss': '.c { b: 3 }',
  })
  t.equal(await compileStyle({ folder, file }), '.c{b:3}wx-view{b:calc(2*var(--rpx))}.c{b:3}.a{b:1}')
})

await t.test("style: classes and :host have the component's prefix when it is a component's", async (t) => {
  const folder = await writeMiniProgram(t, {
    [file]: '@import "/c.wxss"; :host { b: 1rpx } :host .a.b > .c:not(.d) { b: 2 } @keyframes x { from { b: c } to { b: d } }',
    'c.wxss': '.c { b: 3 }',
  })
  t.equal(await compileStyle({ folder, file, scope: 'c0' }),
    '.c0--c{b:3}[wx-host="c0"]{b:calc(1*var(--rpx))}[wx-host="c0"] .c0--a.c0--b>.c0--c:not(.c0--d){b:2}@keyframes x{from{b:c}to{b:d}}')
})

for (const [what, wxss, problems] of [
  ['a declaration has no colon', '.a {\n  width 1rpx;\n}', ['2:9: Colon is expected']],
  ['a selector is broken', '.a..b { c: d }', ['1:4: Identifier is expected']],
  ['a bracket is open', '.a { width: calc(1rpx + ; }', ['1:25: ")" is expected']],
  ['a bracket is one too many', '.a { b: c } }', ['1:13: Selector is expected']],
  ['a rule is never closed', '.a { b: c }\n.b { b: c\n', ['3:1: the file ends inside a rule, a comment or a string']],
  ['a comment is never closed', '.a { b: c } /* and\n.b { b: c }', ['2:1: the file ends inside a rule, a comment or a string']],
  ['rpx stands in a media condition', '@media (max-width: 300rpx) { .a { b: c } }', ['1:20: rpx in a media condition, which cannot hold a variable']],
  ['an id is selected', '.a, #b { c: d }', ["1:5: the demo's runtime writes no id attributes, select a class"]],
  ['an import is missing', '.a { b: c }\n@import "b.wxss";', ['2:1: @import: pages/a/b.wxss is missing']],
  ['an import leads out', '@import "../../../b.wxss";', ['1:1: @import leads out of the mini program']],
  ['a file imports itself', '@import "a.wxss";', ['1:1: @import: pages/a/a.wxss imports this file']],
  ['an import is for some media', '@import "b.wxss" print;', ['1:1: an @import takes a path in quotes and nothing else']],
  ['an import is an address', '@import url(https://example.com/a.css);', ['1:1: an @import takes a path in quotes and nothing else']],
] as const) {
  await t.test(`style: it is refused when ${what}`, async (t) => {
    const work = compileStyle({ folder: await writeMiniProgram(t, { [file]: wxss }), file })
    t.strictSame(await problemsOf(work), problems.map((problem) => `${file}:${problem}`))
  })
}

await t.test("style: it is refused with the imported file's name when that is broken", async (t) => {
  const folder = await writeMiniProgram(t, { [file]: '@import "/b.wxss";', 'b.wxss': '#b { c: d }' })
  t.strictSame(await problemsOf(compileStyle({ folder, file })), ["b.wxss:1:1: the demo's runtime writes no id attributes, select a class"])
})

await t.test("style: it is refused when a component's selects more than classes", async (t) => {
  const folder = await writeMiniProgram(t, { [file]: 'view { b: c }\n#d { b: c }\n:host(.e) { b: c }' })
  t.strictSame(await problemsOf(compileStyle({ folder, file, scope: 'c0' })), [
    `${file}:1:1: a component's style selects classes only`, `${file}:2:1: a component's style selects classes only`, `${file}:3:1: :host takes no argument here`,
  ])
})
