/** Owns styles: WXSS → CSS that a browser applies to the tags of the demo's runtime. Refuses what would silently match nothing. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, List, parse, walk } from 'css-tree'
import type { Atrule, CssNode } from 'css-tree'
import { exists, pathInside } from './project.ts'
import { CompileError } from './compile-error.ts'

/**
 * A browser knows no such tags, and a custom element needs a hyphen. `button` and `input` keep their names: the runtime draws real ones,
 * which bring their role, their label and the keyboard with them.
 */
const renamedTags = new Map(['page', 'view', 'text', 'scroll-view', 'image'].map((tag) => [tag, `wx-${tag}`]))

/** CSS closes by itself what is open at the end of a file, WeChat's compiler doesn't: this rule only arrives where nothing is. */
const endMark = '.end-of-file{}'

export interface Style {
  readonly folder: string
  /** `pages/login/login.wxss`; one that isn't there is an empty style. */
  readonly file: string
  /** Stands in front of a component's class names, `c0--card`, and on its host. A page has none: its classes are global. */
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
    parseCustomProperty: true, // lengths stand in these too
    onParseError: ({ line, column, message }) => problems.push(line > lineCount ? neverClosed : `${file}:${line}:${column}: ${message}`),
  })
  if (sheet.type !== 'StyleSheet') throw new Error('css-tree parses a style sheet where it is not told otherwise')
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
    if (referenceOf(rule) === '') refuse(rule, 'an @import is a path in quotes and nothing else')
    else if (imported === undefined) refuse(rule, '@import leads out of the mini program')
    else if (!await exists(folder, imported)) refuse(rule, `@import: ${imported} is missing`)
    else if ([...importedBy, file].includes(imported)) refuse(rule, `@import: ${imported} imports this file`)
    else rules.appendList(await rulesOf({ folder, file: imported, scope }, problems, [...importedBy, file]))
  }
  return rules
}

/** Empty when the rule is more than a path, such as one for some media only. */
const referenceOf = ({ prelude }: Atrule): string => {
  if (prelude?.type !== 'AtrulePrelude' || prelude.children.size !== 1) return ''
  const { first } = prelude.children
  return first?.type === 'String' ? first.value : ''
}

/** 750rpx are the width of the screen, whatever it is: the runtime says what one is. */
const scaleLengths = (sheet: CssNode, refuse: (node: CssNode, what: string) => void): void => {
  walk(sheet, function (node, item, list) {
    if (node.type !== 'Dimension' || node.unit.toLowerCase() !== 'rpx') return
    if (this.atrulePrelude && this.atrule?.name !== 'supports') refuse(node, 'rpx in the condition of a rule, which cannot hold a variable')
    else list.replace(item, List.createItem(parse(`calc(${node.value} * var(--rpx))`, { context: 'value' })))
  })
}

const renameTags = (sheet: CssNode, refuse: (node: CssNode, what: string) => void): void => {
  walk(sheet, (node) => {
    if (node.type === 'TypeSelector') node.name = renamedTags.get(node.name) ?? node.name
    if (node.type === 'IdSelector') refuse(node, 'the runtime of the demo writes no id, select a class')
  })
}

/** What the framework does to the classes in a component's template is done to those in its style. */
const isolate = (sheet: CssNode, scope: string, refuse: (node: CssNode, what: string) => void): void => {
  walk(sheet, function (node, item, list) {
    const isInKeyframes = this.atrule?.name.endsWith('keyframes') // `from` and `to` look like tags
    if (node.type === 'ClassSelector') node.name = `${scope}--${node.name}`
    if (node.type === 'IdSelector' || (node.type === 'TypeSelector' && !isInKeyframes)) refuse(node, 'a component styles its classes only')
    if (node.type !== 'PseudoClassSelector' || node.name !== 'host') return
    if (node.children) refuse(node, ':host takes no argument here')
    else list.replace(item, List.createItem(parse(`[wx-host="${scope}"]`, { context: 'selector' })))
  })
}
