// The mini program as its tools read it: files that belong together, templates that fit their pages, nothing a phone lacks.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import '../support/miniprogram.ts'

const { screenOf } = await import('../../miniprogram/pages/login/screen.ts')
const { homeScreenOf } = await import('../../miniprogram/pages/index/screen.ts')
const { wordsFor } = await import('../../miniprogram/utils/words.ts')

const room = join(import.meta.dirname, '../../miniprogram')
const text = (file: string): Promise<string> => readFile(join(room, file), 'utf8')
const json = async (file: string): Promise<Record<string, any>> => JSON.parse(await text(file))

const files = (await readdir(room, { recursive: true })).filter((file) => /\.\w+$/.test(file))
const app = await json('app.json')
const pages: string[] = app.pages
const words = wordsFor('en')
const nobody = { user: undefined, sessions: undefined, asking: undefined, busy: false, failure: undefined, saved: false }
const screens: Record<string, object> = {
  'pages/login/login': screenOf({ kind: 'loading' }, words, 0),
  'pages/index/index': homeScreenOf(nobody, words, 0),
}

await t.test('mini program: every page has its four files', async (t) => {
  t.strictSame([...pages].sort(), Object.keys(screens).sort())
  for (const page of pages) {
    for (const end of ['ts', 'wxml', 'wxss', 'json']) t.ok(files.includes(`${page}.${end}`), `${page}.${end}`)
    t.type(await json(`${page}.json`), 'object')
  }
})

await t.test('mini program: every colour of app.json is there in both themes', async (t) => {
  const theme = await json(app.themeLocation)
  const used = Object.values(app.window).filter((value) => String(value).startsWith('@')).map((value) => String(value).slice(1)).sort()
  t.ok(used.length > 0 && app.darkmode)
  for (const name of ['light', 'dark']) t.strictSame(Object.keys(theme[name]).sort(), used, name)
})

await t.test('mini program: the login page cannot be found by a search', async (t) => {
  const { rules } = await json(app.sitemapLocation)
  t.equal(rules.find(({ page }: { page: string }) => page === 'pages/login/login' || page === '*')?.action, 'disallow')
})

await t.test('mini program: DevTools compiles TypeScript and leaves the type checker\'s file out', async (t) => {
  const project = await json('project.config.json')
  t.strictSame(project.setting.useCompilerPlugins, ['typescript'])
  t.ok(project.packOptions.ignore.some(({ value }: { value: string }) => value === 'tsconfig.json'))
})

await t.test('mini program: templates are well formed, of known tags, and name only what their page has', async (t) => {
  for (const page of pages) {
    const template = await text(`${page}.wxml`)
    const source = await text(`${page}.ts`)
    const open: string[] = []
    for (const [, closing, tag = '', end] of template.matchAll(/<(\/?)([\w-]+)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
      t.ok(['page-meta', 'block', 'view', 'text', 'button', 'input', 'image', 'scroll-view'].includes(tag), `${page}: <${tag}>`)
      if (closing) t.equal(open.pop(), tag, `${page}: </${tag}>`)
      else if (!end) open.push(tag)
    }
    t.strictSame(open, [], `${page}: every tag is closed`)
    t.notMatch(template, /\sbind[a-z]+=|\scatch[a-z]+=/, `${page}: bind:tap, with a colon`)
    for (const [, handler] of template.matchAll(/bind:\w+="(\w+)"/g)) t.match(source, new RegExp(`^ {2}(?:async )?${handler} \\(`, 'm'), `${page}: ${handler}`)
    for (const [, name = ''] of template.matchAll(/screen\.(\w+)/g)) t.ok(name in (screens[page] ?? {}), `${page}: screen.${name}`)
    for (const [, name = ''] of template.matchAll(/words\.(\w+)/g)) t.match(source, new RegExp(`words: \\{[^}]*\\b${name}\\b`), `${page}: words.${name}`)
  }
})

await t.test('mini program: uses nothing that a phone lacks or that WeChat asks consent for', async (t) => {
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const source = await text(file)
    t.notMatch(source, /\b(?:TextEncoder|TextDecoder|URLSearchParams|new URL|atob|btoa|fetch|eval|new Function|Buffer|process|document|window)\b\s*[(.]/, file)
    t.notMatch(source, /getUserProfile|getUserInfo|chooseAvatar|nickname|Clipboard|getLocation|getPhoneNumber/i, file)
    t.notMatch(source, /from '\.[^']*\.(?:ts|js)'/, `${file}: imports without extension`)
    if (!/^(?:app|pages\/\w+\/(?:login|index)|utils\/(?:platform|here|wechat))\.ts$/.test(file)) t.notMatch(source, /\bwx\.\w+\(/, `${file}: knows no wx`)
  }
})
