// A template as TypeScript: the template compiler's code, declarations of the names that it refers to, extra lines for what it doesn't check,
// and the way back from a piece of the code to the template.
import { join } from 'node:path'
import { TmplGroup } from 'glass-easel-template-compiler'
import ts from 'typescript'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'
import { resultName } from './script-types.ts'
import { tagOf } from './template-words.ts'

/** A range of the template, in UTF-16 units. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** A line at the end of the code that checks what the compiler's code doesn't. */
export interface ExtraCheck {
  readonly line: string
  readonly range: Range
  /** Translates the type checker's message about the line; undefined where the compiler's code has the same error. */
  readonly describe: (message: string) => string | undefined
}

export interface TemplateCode {
  readonly path: string
  readonly wxml: string
  readonly text: string
  /** Maps a range of the code to the template. */
  readonly rangeOf: (source: ts.SourceFile, start: number, end: number) => Range
  readonly extraAt: (line: number) => ExtraCheck | undefined
}

const ownTypes = join(import.meta.dirname, 'wxml-tags')

/** `components` maps tags to paths with a slash in front. Returns only problems where the template compiler reports any: its code is useless then. */
export const templateCodeOf = (path: string, wxml: string, components: Readonly<Record<string, string>>): TemplateCode | readonly Problem[] => {
  const group = new TmplGroup()
  try {
    const problems = compilerProblems(group, path, wxml)
    if (problems.length > 0) return problems
    const converted = group.getTmplConvertedExpr(path, preambleOf(path, components))
    const code = converted.code() ?? ''
    const rangeOf = (source: ts.SourceFile, start: number, end: number): Range => {
      const from = source.getLineAndCharacterOfPosition(start)
      const to = source.getLineAndCharacterOfPosition(end)
      const [startLine = 0, startColumn = 0, endLine = 0, endColumn = 0] = converted.getSourceLocation(from.line, from.character, to.line, to.character) ?? []
      return { start: offsetOf(wxml, startLine, startColumn), end: offsetOf(wxml, endLine, endColumn) }
    }
    const extra = extraChecks(code, rangeOf, wxml)
    const firstLine = code.split('\n').length
    return {
      path,
      wxml,
      text: [code, ...extra.map(({ line }) => line)].join('\n'),
      rangeOf,
      extraAt: (line) => extra[line - firstLine],
    }
  } finally {
    group.free()
  }
}

/** Reports the template compiler's own errors and warnings (a missing end tag is only a warning), and what these checks can't check. */
const compilerProblems = (group: TmplGroup, path: string, wxml: string): readonly Problem[] => {
  const file = `${path}.wxml`
  const records: ReadonlyArray<{ level: string, message: string, startLine: number, startColumn: number }> = group.addTmpl(path, wxml)
  const problems = records
    .filter(({ level }) => level !== 'Note')
    .map(({ message, startLine, startColumn }) => problemAt(file, wxml, offsetOf(wxml, startLine, startColumn), message))
  const template = wxml.search(/<template\b/)
  if (template >= 0) problems.push(problemAt(file, wxml, template, 'the checks cannot see into a <template>: write it out'))
  if (group.getDirectDependencies(path).length > 0) problems.push(problemIn(file, 'the checks cannot see into another template: write it out'))
  if (group.getScriptDependencies(path).length + group.getInlineScriptModuleNames(path).length > 0) problems.push(problemIn(file, 'a <wxs> script is not checked: compute it in the page'))
  return problems
}

/** Declares the names that the compiler's code refers to: `data`, `methods`, `tags`. */
const preambleOf = (path: string, components: Readonly<Record<string, string>>): string => {
  const root = '../'.repeat(path.split('/').length - 1) || './'
  const resultOf = (module: string): string => `typeof import(${JSON.stringify(root + module)}).${resultName}`
  const ownTags = Object.entries(components).map(([tag, component]) => `${JSON.stringify(tag)}: Common & Fields<${resultOf(component.slice(1))}>['properties']`)
  return `
import type { Common, EventsOf, Known, Plain, Tags, Written } from ${JSON.stringify(ownTypes)}
type PropertiesOf<Options extends WechatMiniprogram.Component.PropertyOption> = Known<WechatMiniprogram.Component.PropertyOptionToData<Options>>
type Fields<Result> = Result extends WechatMiniprogram.Component.TypeSignature<infer Data, infer Properties, infer Methods>
  ? { data: Known<Data> & PropertiesOf<Properties>, properties: PropertiesOf<Properties>, methods: Known<Methods> }
  : never
type Own = Fields<${resultOf(path)}>
type AllTags = Tags & { ${ownTags.join(', ')} }
declare const data: Plain<Own['data']>
declare const methods: Own['methods']
declare const tags: AllTags
`
}

const extraChecks = (code: string, rangeOf: TemplateCode['rangeOf'], wxml: string): readonly ExtraCheck[] => {
  const source = ts.createSourceFile('template.ts', code, ts.ScriptTarget.ES2020, true)
  const checks: ExtraCheck[] = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    if (!ts.isVariableDeclaration(node) || node.initializer === undefined || !ts.isPropertyAccessExpression(node.initializer)) return
    const { name, expression } = node.initializer
    const range = rangeOf(source, name.getStart(), name.end)
    const kind = `${node.name.getText()}=${expression.getText()}`
    if (kind === '_event_=methods') checks.push(...eventChecks(tagOf(node), name.text, range, wxml, checks.length))
    if (kind === '_string_or_number_=_tag_') checks.push(textCheck(tagOf(node), name.text, range, wxml, checks.length))
  }
  visit(source)
  return checks
}

/** Check that the tag has the event, and that the handler accepts it. */
const eventChecks = (tag: string, handler: string, range: Range, wxml: string, index: number): readonly ExtraCheck[] => {
  const [, event = ''] = /:([\w-]+)\s*=\s*["']?\s*$/.exec(wxml.slice(0, range.start)) ?? []
  const detail = `EventsOf<${JSON.stringify(tag)}>[${JSON.stringify(event)}]`
  return [
    { range, line: `type Detail${index} = ${detail}`, describe: () => `<${tag}> has no event "${event}"` },
    {
      range,
      line: `const handler${index}: (event: WechatMiniprogram.${event === 'tap' ? 'TouchEvent' : 'CustomEvent'}<Detail${index}, any, any, any>) => unknown = methods.${handler}`,
      // An unknown event is reported above.
      describe: (message) => message.includes('not assignable') && !message.includes('Event<any') ? `handler "${handler}" cannot take the event "${event}" of <${tag}>: ${message.replace(/\. .*/, '')}` : undefined,
    },
  ]
}

/** Checks that an attribute may have the literal text that the template gives it. */
const textCheck = (tag: string, attribute: string, range: Range, wxml: string, index: number): ExtraCheck => {
  const [, , text = ''] = /^\s*=\s*(["'])(.*?)\1/s.exec(wxml.slice(range.end)) ?? []
  return {
    range,
    line: `const written${index}: Written<AllTags[${JSON.stringify(tag)}][${JSON.stringify(attribute)}]> = ${JSON.stringify(text)}`,
    describe: (message) => message.includes('not assignable') ? `attribute "${wxml.slice(range.start, range.end)}" of <${tag}>: ${message}` : undefined,
  }
}

const offsetOf = (text: string, line: number, column: number): number =>
  text.split('\n').slice(0, line).reduce((sum, each) => sum + each.length + 1, column)
