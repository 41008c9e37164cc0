// Owns what a style may say: properties that exist, values that they take, custom properties that a rule gives a value. A phone skips
// anything else in silence. Lengths in rpx count as px; what a custom property holds is put in its place first.
import { clone, generate, lexer, List, parse, walk } from 'css-tree'
import type { CssNode, Declaration } from 'css-tree'
import { pathInside } from '../../src/demo/miniprogram/project.ts'
import type { Project } from '../../src/demo/miniprogram/project.ts'
import { filesOf, textOf } from './files.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import { referencesIn } from './references.ts'

/** Custom property → its values, one for each rule that gives it one. */
type Variables = ReadonlyMap<string, readonly CssNode[]>

interface Sheet {
  readonly file: string
  readonly text: string
  readonly declarations: readonly Declaration[]
  readonly problems: readonly Problem[]
}

export const checkStyles = (folder: string, { modules }: Project): readonly Problem[] => {
  const files = filesOf(folder)
  const sheets = new Map<string, Sheet>()
  const sheetOf = (file: string): Sheet => {
    const sheet = sheets.get(file) ?? readSheet(file, textOf(folder, file))
    sheets.set(file, sheet)
    return sheet
  }
  /** A style with all that it imports. */
  const sheetsFrom = (file: string, found = new Set<Sheet>()): ReadonlySet<Sheet> => {
    if (!files.includes(file) || found.has(sheetOf(file))) return found
    found.add(sheetOf(file))
    for (const { kind, to = '' } of referencesIn(file, sheetOf(file).text)) if (kind === 'style') sheetsFrom(pathInside(to, file) ?? '', found)
    return found
  }

  const shared = sheetsFrom('app.wxss')
  const problems = new Map<string, Problem>() // what two styles import is wrong once
  for (const own of [shared, ...modules.map((path) => sheetsFrom(`${path}.wxss`))]) {
    const variables = variablesIn([...shared, ...own])
    for (const problem of [...own].flatMap((sheet) => [...sheet.problems, ...declarationProblems(sheet, variables)])) problems.set(JSON.stringify(problem), problem)
  }
  return [...problems.values()]
}

const readSheet = (file: string, text: string): Sheet => {
  const problems: Problem[] = []
  const declarations: Declaration[] = []
  const sheet = parse(text, {
    positions: true,
    parseCustomProperty: true,
    onParseError: ({ offset, message }) => problems.push(problemAt(file, text, offset, message)),
  })
  walk(sheet, function (node) {
    if (node.type === 'Declaration' && this.atrule?.name !== 'font-face') declarations.push(node) // whose lines are no properties
  })
  return { file, text, declarations, problems }
}

const isVariable = ({ property }: Declaration): boolean => property.startsWith('--')

const variablesIn = (sheets: readonly Sheet[]): Variables => {
  const variables = new Map<string, CssNode[]>()
  for (const { property, value } of sheets.flatMap(({ declarations }) => declarations.filter(isVariable))) {
    variables.set(property, [...variables.get(property) ?? [], value])
  }
  return variables
}

const declarationProblems = ({ file, text, declarations }: Sheet, variables: Variables): readonly Problem[] => declarations.flatMap((declaration) => {
  const { property, value, loc } = declaration
  const say = (message: string): Problem[] => [problemAt(file, text, loc?.start.offset ?? 0, message)]
  const used = variablesOf(value)
  const unknown = used.find((name) => !variables.has(name))
  if (unknown !== undefined) return say(`no rule of app.wxss or of this style gives "${unknown}" a value`)
  if (isVariable(declaration)) return []
  if (lexer.checkPropertyName(property) !== undefined) return say(`there is no property "${property}"`)
  const rounds = Math.max(1, ...used.map((name) => variables.get(name)?.length ?? 0))
  for (let round = 0; round < rounds; round++) {
    const inFull = replaced(value, variables, round)
    if (lexer.matchProperty(property, inFull).error !== null) return say(`"${property}" takes no "${inFull}"`)
  }
  return []
})

const variablesOf = (value: CssNode): readonly string[] => {
  const names: string[] = []
  walk(value, (node) => {
    const first = node.type === 'Function' && node.name === 'var' ? node.children.first : null
    if (first?.type === 'Identifier') names.push(first.name)
  })
  return names
}

/** The value as the lexer can match it. `round` chooses among the values of a custom property. */
const replaced = (value: CssNode, variables: Variables, round: number): string => {
  const copy = clone(value)
  walk(copy, (node, item, list) => {
    if (node.type === 'Dimension' && node.unit === 'rpx') node.unit = 'px'
    if (node.type !== 'Function' || !list) return
    if (node.name === 'var') list.replace(item, List.createItem(raw(valueOf(variablesOf(node)[0] ?? '', variables, round))))
    if (node.name === 'env') list.replace(item, List.createItem(raw('1px')))
  })
  return generate(copy)
}

const raw = (text: string): CssNode => ({ type: 'Raw', value: text })

const valueOf = (name: string, variables: Variables, round: number): string => {
  const values = variables.get(name) ?? []
  const value = values[round] ?? values[0]
  const others = new Map([...variables].filter(([other]) => other !== name)) // one that holds itself has no value
  return value === undefined ? '' : replaced(value, others, round)
}
