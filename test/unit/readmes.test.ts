import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { target, ticketEdges, ticketStates } from '../../src/domain/ticket.ts'
import { readmesIn, repository, sectionIn, type Readme } from '../support/readmes.ts'
import { tiers } from '../support/tiers.js'

const readmes = [...readmesIn('en'), ...readmesIn('zh-CN')]

/** The text without blocks of code: what stands in them is no link. */
const proseOf = (text: string): string => text.replace(/^( *)```[^]*?^\1```$/gm, '')

interface Link {
  readonly label: string
  /** Relative to the repository. */
  readonly path: string
  readonly anchor: string
}

/** The links and pictures of a README that lead to something in the repository. */
const linksOf = ({ file, text }: Readme): Link[] => {
  const links = [...proseOf(text).matchAll(/\[([^\]]*)\]\(([^()\s]+)\)/g)].map(([, label = '', target = '']) => ({ label, target }))
  const pictures = [...proseOf(text).matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, target = '']) => ({ label: '', target }))
  return [...links, ...pictures].filter(({ target }) => !/^\w+:/.test(target)).map(({ label, target }) => {
    const [path = '', anchor = ''] = target.split('#')
    return { label, path: path === '' ? file : join(dirname(file), path), anchor }
  })
}

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (text: string): string[] =>
  [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-'))

for (const readme of readmes) {
  await t.test(`readmes: every link in ${readme.file} leads to a file, and to a heading or a name that is in it`, async (t) => {
    for (const { label, path, anchor } of linksOf(readme)) {
      if (!existsSync(join(repository, path))) t.fail(`${path} does not exist`)
      else if (anchor !== '') t.ok(anchorsOf(readFileSync(join(repository, path), 'utf8')).includes(anchor), `${path} has a heading #${anchor}`)
      const [, name] = /^`(\w+)`$/.exec(label) ?? []
      if (name !== undefined && /\.[jt]s$/.test(path)) t.match(readFileSync(join(repository, path), 'utf8'), new RegExp(`\\b${name}\\b`), `${path} has the name ${name}`)
    }
  })

  await t.test(`readmes: every path that ${readme.file} names is there`, async (t) => {
    const paths = [...proseOf(readme.text).matchAll(/`((?:src|static|miniprogram|test|\.ci)\/[\w./*-]*)`/g)].map(([, path = '']) => path)
    for (const path of paths) t.ok(globSync([path, `${path}*`], { cwd: repository }).length > 0, path)
  })
}

await t.test('readmes: each names a copy in the other language where there is one', async (t) => {
  const files = readmes.map(({ file }) => file)
  for (const readme of readmes) {
    const other = /\.zh-CN\.md$/.test(readme.file) ? readme.file.replace('.zh-CN', '') : readme.file.replace(/\.md$/, '.zh-CN.md')
    if (files.includes(other)) t.ok(linksOf(readme).some(({ path }) => path === other), `${readme.file} links to ${other}`)
  }
})

await t.test('readmes: every section that a message or a comment sends its reader to is there', (t) => {
  const sources = globSync('{src,static,miniprogram}/**/*.{ts,js}', { cwd: repository }).map((file) => readFileSync(join(repository, file), 'utf8'))
  const named = sources.flatMap((text) => [...text.matchAll(/([\w./-]*README\.md), "([^"$]+)"/g)].map(([, file = '', title = '']) => ({ file, title })))
  const missing = named.filter(({ file, title }) => !new RegExp(`^#+ ${title}$`, 'm').test(readFileSync(join(repository, file), 'utf8')))
  t.strictSame(missing, [])
  t.ok(named.length > 3)
  t.end()
})

const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>> }

await t.test('readmes: every npm script that one names is in package.json', async (t) => {
  const named = readmes.flatMap(({ text }) => [...text.matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g)].map(([, run, own]) => run ?? own ?? ''))
  t.strictSame([...new Set(named)].filter((name) => !(name in scripts)), [])
  t.ok(named.length > 10)
})

for (const file of ['test/README.md', 'test/README.zh-CN.md']) {
  await t.test(`readmes: ${file} lists every tier of the tests with its folders`, async (t) => {
    const rows = readFileSync(join(repository, file), 'utf8').matchAll(/^\| `npm (?:run )?(test[:\w]*)` \| ((?:`\w+`[,、 ]*)+)\|/gm)
    const listed = [...rows].map(([, command = '', folders = '']) => [command, [...folders.matchAll(/`(\w+)`/g)].map(([, folder]) => folder)])
    t.strictSame(listed, Object.entries(tiers).map(([name, { folders }]) => [name === 'base' ? 'test' : `test:${name}`, folders]))
  })
}

for (const file of ['test/parties/README.md', 'test/parties/README.zh-CN.md']) {
  await t.test(`readmes: ${file} lists the modules of the conformance suite that are tests, and no other`, async (t) => {
    const [, list = ''] = /<!-- modules -->\n([^]*?)\n\n/.exec(readFileSync(join(repository, file), 'utf8')) ?? []
    const tests = globSync('test/parties/conformance-*.test.ts', { cwd: repository }).map((name) => readFileSync(join(repository, name), 'utf8')).join('\n')
    const namesIn = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name = '']) => name).sort()
    t.strictSame(namesIn(list, /`(oidcc-[a-z0-9-]+)`/g), namesIn(tests, /^ {2}'(oidcc-[a-z0-9-]+)': /gm))
  })
}

for (const file of ['src/README.md', 'src/README.zh-CN.md']) {
  await t.test(`readmes: the floors in ${file} have everything that is in src`, async (t) => {
    const [, floors = ''] = /^```\n([^]*?)^```$/m.exec(readFileSync(join(repository, file), 'utf8')) ?? []
    for (const name of readdirSync(join(repository, 'src'))) {
      if (!name.endsWith('.md')) t.match(floors, new RegExp(`(?:^|[\\s、])${name.replace('.', '\\.')}(?:/|[\\s,、]|$)`, 'm'), name)
    }
  })
}

await t.test('readmes: the comparison in both languages has a source, its date and the day it was read for each number that it cites, and the same ones', async (t) => {
  const pages = ['src/COMPARISON.md', 'src/COMPARISON.zh-CN.md'].map((file) => readFileSync(join(repository, file), 'utf8'))
  const of = pages.map((page) => {
    const [claims = '', sources = ''] = page.split(/^## (?:Sources|来源)$/m)
    t.match(sources, /\b2026-\d\d-\d\d\b/)
    const listed = [...sources.matchAll(/^\| (\d+) \| (https?:\/\/.+?) \| ([^|]+) \| [^|]+ \|$/gm)]
    const cited = new Set([...claims.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number)))
    t.strictSame([...cited].sort((a, b) => a - b), listed.map(([, number]) => Number(number)))
    return listed.map(([, , address = '']) => [...address.matchAll(/https?:\/\/[\w./-]+/g)].map(([found]) => found))
  })
  t.strictSame(of[0], of[1])
  t.ok((of[0]?.length ?? 0) > 20)
})

await t.test('readmes: the state machine in src/README.md is the one in the code', async (t) => {
  const text = readFileSync(join(repository, 'src/README.md'), 'utf8')
  const drawn = [...text.matchAll(/^ {4}(\w+) --> (\w+): (\w+)$/gm)].map(([, from, to, edge]) => `${from} ${edge} ${to}`)
  const taken = ticketStates.flatMap((from) => ticketEdges.map((edge) => [from, edge, target(from, edge)])).filter(([, , to]) => to !== undefined).map((words) => words.join(' '))
  t.strictSame(drawn.sort(), taken.sort())
  const [, edges = ''] = /^```ts\n(const edges = [^]*?)^}\n```$/m.exec(text) ?? []
  t.ok(edges !== '' && readFileSync(join(repository, 'src/domain/ticket.ts'), 'utf8').includes(edges))
})

await t.test('readmes: the pictures are small, and each is shown in a README', async (t) => {
  const shown = readmes.flatMap(linksOf).map(({ path }) => path)
  const pictures = globSync('test/pictures/*.png', { cwd: repository })
  t.ok(pictures.length > 0)
  for (const picture of pictures) {
    t.ok(shown.includes(picture), `${picture} is shown`)
    t.ok(statSync(join(repository, picture)).size < 150_000, `${picture} is small`)
  }
})

for (const file of ['README.md', 'README.zh-CN.md']) {
  await t.test(`readmes: ${file} stays a front page of at most 250 lines that begins with the two commands to try and to test it`, async (t) => {
    const text = readFileSync(join(repository, file), 'utf8')
    t.ok(text.trimEnd().split('\n').length <= 250)
    t.match(text, /^# scan-login\n\n```sh\nnpm ci && npm run demo +# .+\nnpm ci && npm test +# .+\n```\n/)
  })
}

for (const [language, title] of [['en', 'Security'], ['zh-CN', '安全']] as const) {
  await t.test(`readmes: every attack and flaw that the README in ${language} counts has a test under its number`, async (t) => {
    const numbers = [...sectionIn(language, title).matchAll(/^\| ([AEF]\d+)(?:[,、] ?([AEF]\d+))? \|/gm)].flatMap(([, ...found]) => found.filter((number) => number !== undefined))
    t.strictSame(numbers, ['A', 'E'].flatMap((series) => Array.from({ length: 18 }, (_, index) => `${series}${index + 1}`)).concat(['F1', 'F2', 'F3', 'F4', 'F5', 'F6']))
    const tests = globSync('test/**/*.test.ts', { cwd: repository }).map((file) => readFileSync(join(repository, file), 'utf8')).join('\n')
    for (const number of numbers) t.match(tests, new RegExp(`['"\`]${number}[ :]`), `a test's title begins with ${number}`)
  })
}

for (const [language, title, quoted] of [['en', 'Checklist for a real phone', /"([^"]+)"/g], ['zh-CN', '真机检查清单', /“([^”]+)”/g]] as const) {
  await t.test(`readmes: the checklist in ${language} quotes what page, mini program and WeChat say`, async (t) => {
    const words = [...globSync('miniprogram/utils/words-*.ts', { cwd: repository }), 'static/scan-login/words.js', 'src/demo/phone/words.ts'].map((file) => readFileSync(join(repository, file), 'utf8')).join('\n')
    const quotes = [...sectionIn(language, title).matchAll(quoted)].map(([, quote = '']) => quote)
    t.ok(quotes.length > 8)
    for (const quote of quotes) t.ok(words.includes(quote), quote)
  })
}

for (const [language, title] of [['en', 'Who logged in, from where, when'], ['zh-CN', '谁、在哪里、什么时候登录过']] as const) {
  await t.test(`readmes: the audit log in ${language} lists every event, and no other`, async (t) => {
    const code = readFileSync(join(repository, 'src/domain/step.ts'), 'utf8')
    const events = [...code.matchAll(/readonly event: ('[^']+'(?: \| '[^']+')*)/g)].flatMap(([, names = '']) => [...names.matchAll(/'([^']+)'/g)].map(([, event]) => event))
    const moves = ticketStates.filter((state) => state !== 'pending').map((state) => `ticket.${state}`)
    const listed = [...sectionIn(language, title).matchAll(/^\| (`[a-z.-]+`(?:[,、] ?`[a-z.-]+`)*) \|/gm)].flatMap(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name))
    t.strictSame(listed.filter((name) => name !== 'event').sort(), [...events, ...moves].sort())
  })
}
