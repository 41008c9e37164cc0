// What is a rule of this mini program alone. What holds for any is found by the checks: see checks.test.ts.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const room = join(import.meta.dirname, '../../miniprogram')
const text = (file: string): Promise<string> => readFile(join(room, file), 'utf8')

/** App and pages, and the files that turn `wx` into what the rest takes as arguments. */
const knowsWx = /^(?:app|pages\/(\w+)\/\1|utils\/(?:dialog|platform|scan-code|wechat))\.ts$/

const mentionsWx = (script: string): boolean => {
  const visit = (node: ts.Node): boolean => (ts.isIdentifier(node) && node.text === 'wx') || ts.forEachChild(node, visit) === true
  return visit(ts.createSourceFile('script.ts', script, ts.ScriptTarget.ES2020))
}

await t.test('mini program: its login page cannot be found by a search', async (t) => {
  const { rules } = JSON.parse(await text('sitemap.json'))
  t.equal(rules.find(({ page }: { page: string }) => page === 'pages/login/login' || page === '*')?.action, 'disallow')
})

await t.test('mini program: only its edge knows wx', async (t) => {
  const scripts = (await readdir(room, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const mentioning: string[] = []
  for (const file of scripts) if (mentionsWx(await text(file))) mentioning.push(file)
  t.ok(mentioning.length > 0)
  t.strictSame(mentioning.filter((file) => !knowsWx.test(file)), [])
})
