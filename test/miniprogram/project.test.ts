// Rules of this mini program alone. checks.test.ts has those for any.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const room = join(import.meta.dirname, '../../miniprogram')
const text = (file: string): Promise<string> => readFile(join(room, file), 'utf8')

/** App and pages, and the files that wrap `wx` for the rest. */
const mayUseWx = /^(?:app|pages\/(\w+)\/\1|utils\/(?:dialog|platform|scan-code|wechat))\.ts$/

const usesWx = (script: string): boolean => {
  const visit = (node: ts.Node): boolean => (ts.isIdentifier(node) && node.text === 'wx') || ts.forEachChild(node, visit) === true
  return visit(ts.createSourceFile('script.ts', script, ts.ScriptTarget.ES2020))
}

await t.test('mini program: WeChat\'s search is not allowed to index its login page', async (t) => {
  const { rules } = JSON.parse(await text('sitemap.json'))
  t.equal(rules.find(({ page }: { page: string }) => page === 'pages/login/login' || page === '*')?.action, 'disallow')
})

await t.test('mini program: only app, pages and wrappers use wx', async (t) => {
  const scripts = (await readdir(room, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const using: string[] = []
  for (const file of scripts) if (usesWx(await text(file))) using.push(file)
  t.ok(using.length > 0)
  t.strictSame(using.filter((file) => !mayUseWx.test(file)), [])
})
