/** Styles: WXSS → CSS for the tags of the demo's runtime. Refuses what would silently match nothing. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, List, parse, walk } from 'css-tree'
import type { Atrule, CssNode } from 'css-tree'
import { exists, pathInside } from './project.ts'
import { CompileError } from './compile-error.ts'

/**
 * Tags that HTML lacks; a custom element's name needs a hyphen. `button` and `input` keep their names: the runtime draws the HTML elements,
 * which have a role, a label and keyboard handling.
 */
const renamedTags = new Map(['page', 'view', 'text', 'scroll-view', 'image'].map((tag) => [tag, `wx-${tag}`]))

/** Appended to detect an unclosed rule: CSS closes it silently at the end of a file, WeChat's compiler doesn't. Inside one, this rule is not parsed as a rule. */
const endMark = '.end-of-file{}'

export interface Style {
  readonly folder: string
  /** Such as `pages/login/login.wxss`; a missing file is an empty style. */
  readonly file: string
  /** Prefix of a component's class names (`c0--card`) and the value of its host's `wx-host`. Undefined for a page: its classes are global. */
  readonly scope?: string | undefined
}

export const compileStyle = async (style: Style): Promise<string> => {
  if (!await exists(style.folder, style.file)) return ''
  const problems: string[] = []
  const rules = await rulesOf(style, problems, [])
  if (problems.length > 0) throw new CompileError(problems)
  return generate({ type: 'StyleSheet', children: rules })
}

const rulesOf = async ({ folder, file, scope }: Style, problems: string[], importedBy: readonly string[]): Promise<List<CssNode>> => {
  const refuse = (node: CssNode, what: string): void => {
    problems.push(`${file}:${node.loc?.start.line}:${node.loc?.start.column}: ${what}`)
  }
  const text = await readFile(join(folder, file), 'utf8')
  const lineCount = text.split('\n').length
  const neverClosed = `${file}:${lineCount}:1: the file ends inside a rule, a comment or a string`
  const sheet = parse(`${text}\n${endMark}`, {
    positions: true,
    parseCustomProperty: true, // they may hold rpx lengths
    onParseError: ({ line, column, message }) => problems.push(line > lineCount ? neverClosed : `${file}:${line}:${column}: ${message}`),
  })
  if (sheet.type !== 'StyleSheet') throw new Error('css-tree parsed something other than a style sheet')
  const end = sheet.children.pop()?.data
  if (problems.length === 0 && (end?.type !== 'Rule' || generate(end) !== endMark)) problems.push(neverClosed)
  scaleLengths(sheet, refuse)
  if (scope === undefined) renameTags(sheet, refuse)
  else isolate(sheet, scope, refuse)

  const rules = new List<CssNode>()
  for (const rule of sheet.children) {
    if (rule.type !== 'Atrule' || rule.name !== 'import') {
      rules.push(rule)
      continue
    }
    const imported = pathInside(referenceOf(rule), file)
    if (referenceOf(rule) === '') refuse(rule, 'an @import takes a path in quotes and nothing else')
    else if (imported === undefined) refuse(rule, '@import leads out of the mini program')
    else if (!await exists(folder, imported)) refuse(rule, `@import: ${imported} is missing`)
    else if ([...importedBy, file].includes(imported)) refuse(rule, `@import: ${imported} imports this file`)
    else rules.appendList(await rulesOf({ folder, file: imported, scope }, problems, [...importedBy, file]))
  }
  return rules
}

/** The path of an @import; empty if the rule is more than a path, such as one with a media query. */
const referenceOf = ({ prelude }: Atrule): string => {
  if (prelude?.type !== 'AtrulePrelude' || prelude.children.size !== 1) return ''
  const { first } = prelude.children
  return first?.type === 'String' ? first.value : ''
}

/** Rewrites rpx lengths: 750rpx are the width of the screen, and the runtime sets `--rpx` accordingly. */
const scaleLengths = (sheet: CssNode, refuse: (node: CssNode, what: string) => void): void => {
  walk(sheet, function (node, item, list) {
    if (node.type !== 'Dimension' || node.unit.toLowerCase() !== 'rpx') return
    if (this.atrulePrelude && this.atrule?.name !== 'supports') refuse(node, 'rpx in a media condition, which cannot hold a variable')
    else list.replace(item, List.createItem(parse(`calc(${node.value} * var(--rpx))`, { context: 'value' })))
  })
}

const renameTags = (sheet: CssNode, refuse: (node: CssNode, what: string) => void): void => {
  walk(sheet, (node) => {
    if (node.type === 'TypeSelector') node.name = renamedTags.get(node.name) ?? node.name
    if (node.type === 'IdSelector') refuse(node, "the demo's runtime writes no id attributes, select a class")
  })
}

/** Prefixes class names as glass-easel does in the component's template. */
const isolate = (sheet: CssNode, scope: string, refuse: (node: CssNode, what: string) => void): void => {
  walk(sheet, function (node, item, list) {
    const isInKeyframes = this.atrule?.name.endsWith('keyframes') // `from` and `to` look like tags
    if (node.type === 'ClassSelector') node.name = `${scope}--${node.name}`
    if (node.type === 'IdSelector' || (node.type === 'TypeSelector' && !isInKeyframes)) refuse(node, "a component's style selects classes only")
    if (node.type !== 'PseudoClassSelector' || node.name !== 'host') return
    if (node.children) refuse(node, ':host takes no argument here')
    else list.replace(item, List.createItem(parse(`[wx-host="${scope}"]`, { context: 'selector' })))
  })
}
