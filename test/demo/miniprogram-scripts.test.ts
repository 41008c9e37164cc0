// Compiling scripts: modules, shared chunks, the service's address instead of config.ts's, and refused scripts.
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { compileScripts } from '../../src/demo/miniprogram/scripts.ts'
import { problemsOf, writeMiniProgram } from '../support/mini-program-folder.ts'

const serviceUrl = 'http://localhost:3000'
const compile = async (folder: string, modules = ['pages/a/a']) => compileScripts({ folder, modules, serviceUrl })

await t.test('scripts: the app, each page and shared chunks are compiled when they are the real ones', async (t) => {
  const modules = ['pages/index/index', 'pages/login/login']
  const scripts = await compile(join(import.meta.dirname, '../../miniprogram'), modules)
  t.match(scripts.get('app.js'), /\bApp\(/)
  for (const path of modules) t.match(scripts.get(`${path}.js`), /\bPage\(/, path)
  const text = [...scripts.values()].join('\n')
  t.ok(text.includes(JSON.stringify(serviceUrl)))
  t.notMatch(text, /login\.example\.com|\beval\(|new Function/)
  for (const file of scripts.keys()) t.match(file, /^(?:app|pages\/(?:index\/index|login\/login)|chunk-[A-Z0-9]+)\.js$/)
})

await t.test('scripts: shared code is in a chunk of its own when two modules import it', async (t) => {
  const scripts = await compile(await writeMiniProgram(t, {
    'app.ts': "import { here } from './utils/here'\nimport { serviceUrl } from './utils/config'\nApp({ here, serviceUrl })",
    'utils/config.ts': "export const serviceUrl = 'https://another-file.example'\n",
    'pages/a/a.ts': "import { here } from '../../utils/here'\nimport type { Here } from '../../utils/here'\nPage({ here: here as Here })",
    'utils/here.ts': "import { serviceUrl, other } from '../config'\nexport interface Here { at: string }\nexport const here: Here = { at: serviceUrl + other }",
    'config.ts': "export const serviceUrl: string = 'https://original.example'\nexport const other = 'another setting'\n",
  }))
  t.equal(scripts.size, 3)
  const [chunk] = [...scripts].filter(([file]) => file.startsWith('chunk-'))
  t.ok(chunk?.[1].includes(JSON.stringify(serviceUrl)))
  t.ok(chunk?.[1].includes('another setting'), 'other exports stay')
  t.match(scripts.get('app.js'), /another-file\.example/, 'another config.ts stays')
  t.notMatch([...scripts.values()].join('\n'), /original\.example|scan-login/)
})

await t.test("scripts: the service's address is replaced, too, when the folder is a symbolic link", async (t) => {
  const folder = await writeMiniProgram(t)
  await symlink('.', join(folder, 'link'))
  t.ok((await compile(join(folder, 'link'))).get('app.js')?.includes(JSON.stringify(serviceUrl)))
})

for (const [what, files, problem] of [
  ['config.ts exports no serviceUrl', { 'config.ts': 'export const url = 1' }, /^config\.ts: exports no serviceUrl$/],
  ['config.ts keeps serviceUrl to itself', { 'config.ts': 'const serviceUrl = 1\nexport const url = serviceUrl' }, /^config\.ts: exports no serviceUrl$/],
  ['there is no config.ts', { 'config.ts': undefined }, /^app\.ts:1:28: Could not resolve "\.\/config"$/],
  ['an import is missing', { 'pages/a/a.ts': "\nimport './b'" }, /^pages\/a\/a\.ts:2:8: Could not resolve "\.\/b"$/],
  ['an import leads out', { 'pages/a/a.ts': "import '../../../b'" }, /^pages\/a\/a\.ts:1:8: "\.\.\/\.\.\/\.\.\/b" leads out of the mini program$/],
  ['an import is a package', { 'pages/a/a.ts': "import 'esbuild'" }, /^pages\/a\/a\.ts:1:8: "esbuild" is no relative path, and packages are not supported$/],
  ['an import is an absolute path', { 'pages/a/a.ts': "import '/etc/hostname'" }, /^pages\/a\/a\.ts:1:8: "\/etc\/hostname" is no relative path/],
  ['a script is broken', { 'pages/a/a.ts': 'Page({' }, /^pages\/a\/a\.ts:1:7: /],
] as const) {
  await t.test(`scripts: they are refused when ${what}`, async (t) => {
    const [first, ...more] = await problemsOf(compile(await writeMiniProgram(t, files)))
    t.match(first, problem)
    t.strictSame(more, [])
  })
}

await t.test('scripts: they are refused when nothing imports config.ts, since serviceUrl would have no effect', async (t) => {
  t.strictSame(await problemsOf(compile(await writeMiniProgram(t, { 'app.ts': 'App({})' }))), ['config.ts: no script imports it, so serviceUrl has no effect'])
})
