/** The types shipped with the element: correct programs compile with them, wrong ones don't, and they list exactly what the element has. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const folder = join(import.meta.dirname, '../../static')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
const declarations = read('scan-login.d.ts')

/** The compiler's errors for programs beside the element, each on its own. In one run, as most of the work is the same for all. */
const compile = (...texts: string[]): string[][] => {
  const programs = new Map(texts.map((text, i) => [join(folder, `consumer-${i}.ts`), text])) // never written
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    allowJs: true,
    checkJs: false,
    types: [],
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (file) => programs.has(file) || fileExists(file)
  host.readFile = (file) => programs.get(file) ?? readFile(file)
  const getSourceFile = host.getSourceFile.bind(host)
  host.getSourceFile = (file, target, ...rest) => {
    const text = programs.get(file)
    return text === undefined ? getSourceFile(file, target, ...rest) : ts.createSourceFile(file, text, target)
  }
  const found = ts.getPreEmitDiagnostics(ts.createProgram([...programs.keys()], options, host))
  return [...programs.keys()].map((name) => found
    .filter(({ file }) => file?.fileName === name || !programs.has(file?.fileName ?? ''))
    .map(({ messageText, file, start = 0 }) => {
      const place = file?.fileName === name ? 'consumer.ts' : file?.fileName.slice(folder.length + 1)
      return `${place}:${(file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    }))
}

const imports = `
import { ScanLoginElement, type ScanLogin, type ScanLoginEventMap, type ScanLoginTrouble } from './scan-login.js'
const element = document.querySelector('scan-login')!
`

const documented = `${imports}
const same: ScanLoginElement = element
same.setAttribute('return-to', '/inbox')
element.addEventListener('ticket', ({ detail }) => { const id: string = detail.ticket; console.log(id) })
for (const name of ['scanned', 'confirmed', 'cancelled', 'expired'] as const) element.addEventListener(name, ({ detail }) => { console.log(Object.keys(detail).length) })
element.addEventListener('error', ({ detail }) => { const reason: ScanLoginTrouble = detail.reason; console.log(reason) }, { once: true })
const onLogin = (event: ScanLoginEventMap['login']): void => {
  event.preventDefault()
  const { accessToken, expiresIn, user, returnTo }: ScanLogin = event.detail
  const all: [string, number, string, string | null, string | null] = [accessToken, expiresIn, user.sub, user.name, returnTo]
  console.log(all)
}
element.addEventListener('login', onLogin)
element.removeEventListener('login', onLogin)
element.addEventListener('click', (event) => { console.log(event.clientX) })
document.createElement('scan-login').addEventListener('login', function ({ detail }) { console.log(this.lang, detail.user.sub) })
`

const wrong = [
  ['a detail belongs to another event', "element.addEventListener('ticket', ({ detail }) => detail.accessToken)"],
  ['a detail has no such field', "element.addEventListener('login', ({ detail }) => detail.secret)"],
  ['an event without details is asked for one', "element.addEventListener('scanned', ({ detail }) => { const number: string = detail.number; return number })"],
  ['a listener takes another event', "element.addEventListener('login', (event: ScanLoginEventMap['ticket']) => event)"],
  ['a reason does not exist', "element.addEventListener('error', ({ detail }) => detail.reason === 'tired')"],
  ['a name may be missing', "element.addEventListener('login', ({ detail }) => detail.user.name.length)"],
  ['a token is changed', "element.addEventListener('login', ({ detail }) => { detail.accessToken = '' })"],
] as const

const [problemsOfDocumented, ...problemsOfWrong] = compile(documented, ...wrong.map(([, line]) => `${imports}${line}\n`))

await t.test('types: a site\'s program compiles when it uses the element as documented', async (t) => {
  t.strictSame(problemsOfDocumented, [])
})

for (const [i, [what]] of wrong.entries()) {
  await t.test(`types: a site's program does not compile when ${what}`, async (t) => {
    const problems = problemsOfWrong[i] ?? []
    t.equal(problems.length, 1, problems.join('\n'))
    t.match(problems[0], /^consumer\.ts:4 /)
  })
}

await t.test('types: events, their details and the reasons are those of the implementation', async (t) => {
  t.strictSame(compile(`
import type { ScanLogin, ScanLoginEventMap, ScanLoginTrouble } from './scan-login.js'
import type { LoginEvent, Session } from './scan-login/login-types.js'
import type { NoCodeReason, Refusal, Trouble } from './scan-login/view-state.js'
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
type Plain<T> = T extends object ? { -readonly [name in keyof T]: Plain<T[name]> } : T
export const truths: [
  Same<keyof ScanLoginEventMap, LoginEvent['name']>,
  Same<ScanLoginTrouble, NoCodeReason | Trouble | Refusal>,
  Same<Plain<ScanLogin>, Plain<Session>>,
  Same<Plain<ScanLoginEventMap['ticket']['detail']>, Plain<Omit<Extract<LoginEvent, { name: 'ticket' }>, 'name'>>>,
  Same<keyof ScanLoginEventMap['error']['detail'], Exclude<keyof Extract<LoginEvent, { name: 'error' }>, 'name'>>,
  Same<ScanLoginEventMap['scanned' | 'confirmed' | 'cancelled' | 'expired'], CustomEvent<object>>,
] = [true, true, true, true, true, true]
`), [[]])
})

/** The names that the declarations' comment lists after a word, sorted. */
const listed = (word: string): string[] => {
  const [, list = ''] = new RegExp(`${word}: ((?:\`[^\`]+\`(?:,|\\.| and)?\\s*(?:\\*\\s*)?)+)`).exec(declarations) ?? []
  return [...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name).sort()
}
/** The names that a pattern finds in files, without duplicates, sorted. */
const found = (pattern: RegExp, ...files: string[]): string[] =>
  [...new Set(files.flatMap((file) => [...read(`scan-login/${file}`).matchAll(pattern)].map(([, name = '']) => name)))].sort()

await t.test('types: the properties, parts, slots and attributes that they list are those of the element', async (t) => {
  t.strictSame(listed('Properties'), found(/var\((--scan-login-[a-z-]+)/g, 'style.js'))
  t.strictSame(listed('Parts'), found(/\bpart: '([^']+)'/g, 'render-view.js', 'render-stage.js'))
  t.strictSame(listed('Slots'), found(/make\('slot', \{ name: '([^']+)' \}/g, 'render-view.js'))
  const [, observed = ''] = /observedAttributes = \[(.*)\]/.exec(read('scan-login/element.js')) ?? []
  const attributes = [...observed.matchAll(/'([^']+)'/g)].map(([, name]) => name)
  const styled = found(/:host\(:?(?:not\()?\[([a-z-]+)/g, 'style.js').filter((name) => name !== 'hidden') // every element has it
  const asked = found(/this\.hasAttribute\('([a-z-]+)'\)/g, 'element.js')
  t.strictSame([...declarations.matchAll(/^ \* - `([a-z-]+)`:/gm)].map(([, name]) => name).sort(), [...new Set([...attributes, ...styled, ...asked])].sort())
  for (const list of ['Properties', 'Parts', 'Slots']) t.ok(listed(list).length > 1, `the list of ${list} was found`)
})
