// Checks of styles: properties exist, their values are valid, and custom properties are set by a rule. A phone silently skips anything else.
// Lengths in rpx are checked as px, and `var(…)` with each value of its custom property.
import { clone, generate, lexer, List, parse, walk } from 'css-tree'
import type { CssNode, Declaration } from 'css-tree'
import { pathInside } from '../../src/demo/miniprogram/project.ts'
import type { SourceProject } from '../../src/demo/miniprogram/project.ts'
import { filesOf, textOf } from './files.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import { referencesIn } from './references.ts'

/** Custom property → its values, one for each rule that sets it. */
type Variables = ReadonlyMap<string, readonly CssNode[]>

interface Sheet {
  readonly file: string
  readonly text: string
  readonly declarations: readonly Declaration[]
  readonly problems: readonly Problem[]
}

export const checkStyles = (folder: string, { modules }: SourceProject): readonly Problem[] => {
  const files = filesOf(folder)
  const sheets = new Map<string, Sheet>()
  const sheetOf = (file: string): Sheet => {
    const sheet = sheets.get(file) ?? readSheet(file, textOf(folder, file))
    sheets.set(file, sheet)
    return sheet
  }
  /** A style and all that it imports. */
  const sheetsFrom = (file: string, found = new Set<Sheet>()): ReadonlySet<Sheet> => {
    if (!files.includes(file) || found.has(sheetOf(file))) return found
    found.add(sheetOf(file))
    for (const { kind, to = '' } of referencesIn(file, sheetOf(file).text)) if (kind === 'style') sheetsFrom(pathInside(to, file) ?? '', found)
    return found
  }

  const shared = sheetsFrom('app.wxss')
  const problems = new Map<string, Problem>() // a style that two others import is reported once
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
    if (node.type === 'Declaration' && this.atrule?.name !== 'font-face') declarations.push(node) // a @font-face rule has descriptors, not properties
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
  const report = (message: string): Problem[] => [problemAt(file, text, loc?.start.offset ?? 0, message)]
  const used = variablesOf(value)
  const unknown = used.find((name) => !variables.has(name))
  if (unknown !== undefined) return report(`no rule of app.wxss or of this style gives "${unknown}" a value`)
  if (isVariable(declaration)) return []
  if (lexer.checkPropertyName(property) !== undefined) return report(`there is no property "${property}"`)
  const valueCount = Math.max(1, ...used.map((name) => variables.get(name)?.length ?? 0))
  for (let index = 0; index < valueCount; index++) {
    const resolvedValue = resolved(value, variables, index)
    if (lexer.matchProperty(property, resolvedValue).error !== null) return report(`"${property}" takes no "${resolvedValue}"`)
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

/** Resolves `var(…)`, `env(…)` and rpx, which the lexer can't match. `index` chooses among the values of a custom property. */
const resolved = (value: CssNode, variables: Variables, index: number): string => {
  const copy = clone(value)
  walk(copy, (node, item, list) => {
    if (node.type === 'Dimension' && node.unit === 'rpx') node.unit = 'px'
    if (node.type !== 'Function' || !list) return
    if (node.name === 'var') list.replace(item, List.createItem(raw(valueOf(variablesOf(node)[0] ?? '', variables, index))))
    if (node.name === 'env') list.replace(item, List.createItem(raw('1px')))
  })
  return generate(copy)
}

const raw = (text: string): CssNode => ({ type: 'Raw', value: text })

const valueOf = (name: string, variables: Variables, index: number): string => {
  const values = variables.get(name) ?? []
  const value = values[index] ?? values[0]
  const others = new Map([...variables].filter(([other]) => other !== name)) // a custom property that refers to itself has no value
  return value === undefined ? '' : resolved(value, others, index)
}
