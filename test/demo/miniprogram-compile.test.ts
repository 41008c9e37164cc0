// The mini program's compiler as a whole.
import { join } from 'node:path'
import t from 'tap'
import { compileMiniProgram } from '../../src/demo/miniprogram.ts'
import { problemsOf, writeMiniProgram } from '../support/mini-program-folder.ts'

const serviceUrl = 'http://localhost:3000'

await t.test('mini program: every file that a browser loads is compiled when it is the real one', async (t) => {
  const files = await compileMiniProgram({ folder: join(import.meta.dirname, '../../miniprogram'), serviceUrl })
  const { app, theme, modules, configs } = JSON.parse(files.get('project.json')?.text ?? '')
  t.strictSame([...modules].sort(), [...app.pages].sort())
  t.strictSame(Object.keys(configs).sort(), [...modules].sort())
  t.strictSame(Object.keys(theme), ['light', 'dark'])
  for (const path of ['app', ...modules]) {
    t.equal(files.get(`${path}.js`)?.type, 'text/javascript', path)
    t.equal(files.get(`${path}.css`)?.type, 'text/css', path)
  }
  t.equal(files.get('templates.js')?.type, 'text/javascript')
  t.equal(files.get('project.json')?.type, 'application/json')
  for (const [file, { text }] of files) t.notMatch(text, /\beval\(|new Function|login\.example\.com/, file)
})

await t.test("mini program: classes are prefixed with the module's index when a style is a component's", async (t) => {
  const files = await compileMiniProgram({
    serviceUrl,
    folder: await writeMiniProgram(t, {
      'pages/a/a.json': '{ "usingComponents": { "x-card": "/card" } }',
      'pages/a/a.wxss': '.a { b: c }',
      'card.json': '{ "component": true }',
      'card.ts': 'Component({})',
      'card.wxml': '<view />',
      'card.wxss': '.a { b: c }',
    }),
  })
  t.equal(files.get('card.css')?.text, '.c0--a{b:c}')
  t.equal(files.get('pages/a/a.css')?.text, '.a{b:c}')
  t.equal(files.get('app.css')?.text, '')
})

await t.test('mini program: it is refused with all problems when several files have some', async (t) => {
  const folder = await writeMiniProgram(t, { 'app.wxss': '#a { b: c }', 'pages/a/a.wxml': '<map />', 'pages/a/a.ts': "import './b'" })
  t.strictSame(await problemsOf(compileMiniProgram({ folder, serviceUrl })), [
    'pages/a/a.wxml:1:2: <map> is neither a tag that the demo draws nor one of usingComponents',
    'pages/a/a.ts:1:8: Could not resolve "./b"',
    "app.wxss:1:1: the demo's runtime writes no id attributes, select a class",
  ])
})
