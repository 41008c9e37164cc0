// Owns a template's twin in TypeScript: what the template compiler makes of it, the names that this refers to, and lines of our own
// for what it leaves out. Knows from which piece of the template each piece of the code comes.
import { join } from 'node:path'
import { TmplGroup } from 'glass-easel-template-compiler'
import ts from 'typescript'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'
import { resultName } from './script-types.ts'
import { tagOf } from './template-words.ts'

/** A piece of the template, in UTF-16 units. */
export interface Place {
  readonly start: number
  readonly end: number
}

/** A line at the end of the code, for what the compiler's code leaves out. */
export interface ExtraCheck {
  readonly line: string
  readonly place: Place
  /** What a complaint about the line means; undefined where the compiler's code says so already. */
  readonly words: (complaint: string) => string | undefined
}

export interface TemplateCode {
  readonly path: string
  readonly wxml: string
  readonly text: string
  readonly placeOf: (source: ts.SourceFile, start: number, end: number) => Place
  readonly extraAt: (line: number) => ExtraCheck | undefined
}

const ownTypes = join(import.meta.dirname, 'wxml-tags')

/** `components` maps tags to paths with a slash in front. Gives problems alone where the template compiler finds any: code is worth nothing then. */
export const templateCodeOf = (path: string, wxml: string, components: Readonly<Record<string, string>>): TemplateCode | readonly Problem[] => {
  const group = new TmplGroup()
  try {
    const problems = complaintsOf(group, path, wxml)
    if (problems.length > 0) return problems
    const converted = group.getTmplConvertedExpr(path, preambleOf(path, components))
    const code = converted.code() ?? ''
    const placeOf = (source: ts.SourceFile, start: number, end: number): Place => {
      const from = source.getLineAndCharacterOfPosition(start)
      const to = source.getLineAndCharacterOfPosition(end)
      const [startLine = 0, startColumn = 0, endLine = 0, endColumn = 0] = converted.getSourceLocation(from.line, from.character, to.line, to.character) ?? []
      return { start: offsetOf(wxml, startLine, startColumn), end: offsetOf(wxml, endLine, endColumn) }
    }
    const extra = extraChecks(code, placeOf, wxml)
    const firstLine = code.split('\n').length
    return {
      path,
      wxml,
      text: [code, ...extra.map(({ line }) => line)].join('\n'),
      placeOf,
      extraAt: (line) => extra[line - firstLine],
    }
  } finally {
    group.free()
  }
}

/** What the template compiler itself complains about: a missing end tag is only a warning to it. Refuses what this check can't see into. */
const complaintsOf = (group: TmplGroup, path: string, wxml: string): readonly Problem[] => {
  const file = `${path}.wxml`
  const records: ReadonlyArray<{ level: string, message: string, startLine: number, startColumn: number }> = group.addTmpl(path, wxml)
  const problems = records
    .filter(({ level }) => level !== 'Note')
    .map(({ message, startLine, startColumn }) => problemAt(file, wxml, offsetOf(wxml, startLine, startColumn), message))
  const template = wxml.search(/<template\b/)
  if (template >= 0) problems.push(problemAt(file, wxml, template, 'what a <template> draws is not checked: write it out'))
  if (group.getDirectDependencies(path).length > 0) problems.push(problemIn(file, 'what another template draws here is not checked: write it out'))
  if (group.getScriptDependencies(path).length + group.getInlineScriptModuleNames(path).length > 0) problems.push(problemIn(file, 'a <wxs> script is not checked: compute it in the page'))
  return problems
}

/** The names that the compiler's code refers to: `data`, `methods`, `tags`. */
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

const extraChecks = (code: string, placeOf: TemplateCode['placeOf'], wxml: string): readonly ExtraCheck[] => {
  const source = ts.createSourceFile('template.ts', code, ts.ScriptTarget.ES2020, true)
  const checks: ExtraCheck[] = []
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit)
    if (!ts.isVariableDeclaration(node) || node.initializer === undefined || !ts.isPropertyAccessExpression(node.initializer)) return
    const { name, expression } = node.initializer
    const place = placeOf(source, name.getStart(), name.end)
    const kind = `${node.name.getText()}=${expression.getText()}`
    if (kind === '_event_=methods') checks.push(...eventChecks(tagOf(node), name.text, place, wxml, checks.length))
    if (kind === '_string_or_number_=_tag_') checks.push(textCheck(tagOf(node), name.text, place, wxml, checks.length))
  }
  visit(source)
  return checks
}

/** Whether the tag has the event, and whether the handler can take it. */
const eventChecks = (tag: string, handler: string, place: Place, wxml: string, index: number): readonly ExtraCheck[] => {
  const [, event = ''] = /:([\w-]+)\s*=\s*["']?\s*$/.exec(wxml.slice(0, place.start)) ?? []
  const detail = `EventsOf<${JSON.stringify(tag)}>[${JSON.stringify(event)}]`
  return [
    { place, line: `type Detail${index} = ${detail}`, words: () => `<${tag}> has no event "${event}"` },
    {
      place,
      line: `const handler${index}: (event: WechatMiniprogram.${event === 'tap' ? 'TouchEvent' : 'CustomEvent'}<Detail${index}, any, any, any>) => unknown = methods.${handler}`,
      // An unknown event is said above.
      words: (complaint) => complaint.includes('not assignable') && !complaint.includes('Event<any') ? `handler "${handler}" cannot take the event "${event}" of <${tag}>: ${complaint.replace(/\. .*/, '')}` : undefined,
    },
  ]
}

/** Whether an attribute may have the text that is written out in the template. */
const textCheck = (tag: string, attribute: string, place: Place, wxml: string, index: number): ExtraCheck => {
  const [, , text = ''] = /^\s*=\s*(["'])(.*?)\1/s.exec(wxml.slice(place.end)) ?? []
  return {
    place,
    line: `const written${index}: Written<AllTags[${JSON.stringify(tag)}][${JSON.stringify(attribute)}]> = ${JSON.stringify(text)}`,
    words: (complaint) => complaint.includes('not assignable') ? `attribute "${wxml.slice(place.start, place.end)}" of <${tag}>: ${complaint}` : undefined,
  }
}

const offsetOf = (text: string, line: number, column: number): number =>
  text.split('\n').slice(0, line).reduce((sum, each) => sum + each.length + 1, column)
