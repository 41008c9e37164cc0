// Reading a project: pages, components in load order, theme, and refused projects.
import { join } from 'node:path'
import t from 'tap'
import { readProject } from '../../src/demo/miniprogram/project.ts'
import { problemsOf, writeMiniProgram } from '../support/mini-program-folder.ts'

const real = join(import.meta.dirname, '../../miniprogram')
const component = (path: string, json: object = {}) => ({ [`${path}.json`]: JSON.stringify({ component: true, ...json }), [`${path}.ts`]: 'Component({})', [`${path}.wxml`]: '<view />' })

await t.test('project: pages, their JSON and the theme are read when it is the real one', async (t) => {
  const project = await readProject(real)
  t.ok(project.pages.includes('pages/login/login'))
  t.strictSame([...project.modules].sort(), [...project.pages, ...project.components].sort())
  t.strictSame(Object.keys(project.configs).sort(), [...project.modules].sort())
  t.equal(project.app.darkmode, true)
  t.strictSame(Object.keys(project.theme.light).sort(), Object.keys(project.theme.dark).sort())
  t.ok(Object.keys(project.theme.dark).length > 0)
})

await t.test('project: components come before the modules that use them when app.json, pages and components name some', async (t) => {
  const folder = await writeMiniProgram(t, {
    'app.json': '{ "pages": ["pages/a/a"], "usingComponents": { "x-bar": "components/bar/bar" } }',
    'pages/a/a.json': '{ "navigationBarTitleText": "A", "usingComponents": { "x-card": "../../components/card/card" } }',
    ...component('components/card/card', { usingComponents: { 'x-line': '/components/line/line' } }),
    ...component('components/line/line', { usingComponents: { 'x-card': '../card/card' } }), // a cycle
    ...component('components/bar/bar'),
  })
  const { pages, components, modules, configs, theme } = await readProject(folder)
  t.strictSame(pages, ['pages/a/a'])
  t.strictSame(components, ['components/bar/bar', 'components/line/line', 'components/card/card'])
  t.strictSame(modules, [...components, 'pages/a/a'])
  t.strictSame(configs['pages/a/a'], {
    navigationBarTitleText: 'A',
    usingComponents: { 'x-bar': '/components/bar/bar', 'x-card': '/components/card/card' },
  })
  t.strictSame(theme, { light: {}, dark: {} })
})

for (const [what, files, problems] of [
  ['there is no app.json', { 'app.json': undefined }, ['app.json: missing, every mini program has one']],
  ['there is no app.ts', { 'app.ts': undefined }, ['app.ts: missing, every mini program has one']],
  ['app.json names no page', { 'app.json': '{}' }, ['app.json: "pages" names no page']],
  ['app.json is a list', { 'app.json': '[]' }, ['app.json: must be a JSON object']],
  ['app.json names a page that leads out', { 'app.json': '{ "pages": ["pages/a/a", "../b/b"] }' }, ['app.json: "../b/b" is no plain path inside the mini program']],
  ['app.json names a page that begins with a slash', { 'app.json': '{ "pages": ["/pages/a/a"] }' }, ['app.json: "/pages/a/a" is no plain path inside the mini program']],
  ['app.json has subpackages', { 'app.json': '{ "pages": ["pages/a/a"], "subPackages": [] }' }, ['app.json: subpackages are not supported']],
  ['files of a page are missing', { 'pages/a/a.wxml': undefined, 'pages/a/a.ts': undefined },
    ['pages/a/a.wxml: missing, app.json names pages/a/a', 'pages/a/a.ts: missing, app.json names pages/a/a']],
  ['a component is missing', { 'pages/a/a.json': '{ "usingComponents": { "b": "./b" } }' },
    ['json', 'wxml', 'ts'].map((extension) => `pages/a/b.${extension}: missing, pages/a/a.json names pages/a/b`)],
  ['a component leads out', { 'pages/a/a.json': '{ "usingComponents": { "b": "../../../b" } }' }, ['pages/a/a.json: "b" is no path inside the mini program']],
  ['a component is no path', { 'pages/a/a.json': '{ "usingComponents": { "b": 1 } }' }, ['pages/a/a.json: "b" is no path inside the mini program']],
  ['a component is none', { 'pages/a/a.json': '{ "usingComponents": { "b": "b" } }', ...component('pages/a/b', { component: false }) },
    ['pages/a/b.json: lacks "component": true, though pages/a/a.json uses it as "b"']],
  ['a page says that it is a component', { 'pages/a/a.json': '{ "component": true }' }, ['pages/a/a.json: has "component": true, though app.json lists it as a page']],
  ['the theme is missing', { 'app.json': '{ "pages": ["pages/a/a"], "themeLocation": "theme.json" }' }, ['theme.json: missing, app.json names it as "themeLocation"']],
  ['the theme has one side', { 'app.json': '{ "pages": ["pages/a/a"], "themeLocation": "theme.json" }', 'theme.json': '{ "light": {} }' }, ['theme.json: needs both "light" and "dark"']],
] as const) {
  await t.test(`project: it is refused when ${what}`, async (t) => {
    t.strictSame(await problemsOf(readProject(await writeMiniProgram(t, files))), problems)
  })
}

await t.test('project: it is refused with the name of the file when JSON is broken', async (t) => {
  const [problem, ...more] = await problemsOf(readProject(await writeMiniProgram(t, { 'pages/a/a.json': '{ "a": }' })))
  t.match(problem, /^pages\/a\/a\.json: SyntaxError: Unexpected token '}'/)
  t.strictSame(more, [])
})
