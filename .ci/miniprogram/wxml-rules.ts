// Rules for templates that need no types. Where one is broken, WeChat silently draws something else, or nothing.
import type { SourceProject } from '../../src/demo/miniprogram/project.ts'
import { textOf } from './files.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import { unsupportedIn } from './wxml-expressions.ts'
import { expressionsIn, isExpression, readTemplate, singleBraceIn } from './wxml-text.ts'
import type { Piece, Tag, Template } from './wxml-text.ts'

type Finding = readonly [offset: number, message: string]

export const checkTemplateRules = (folder: string, { modules, pages }: SourceProject): readonly Problem[] => modules.flatMap((path) => {
  const file = `${path}.wxml`
  const wxml = textOf(folder, file)
  const template = readTemplate(wxml)
  const { tags, texts, openComment } = template
  const values = tags.flatMap(({ attributes }) => attributes.map(({ value = '', valueOffset }) => ({ text: value, offset: valueOffset })))
  const findings = [
    ...openComment === undefined ? [] : [[openComment, 'a comment without its -->'] as const],
    ...pageMetaFindings(template, pages.includes(path)),
    ...tags.flatMap(directiveFindings),
    ...[...texts, ...values].flatMap(braceFindings),
  ]
  return findings.map(([offset, message]) => problemAt(file, wxml, offset, message))
})

/** Font sizes are in rem, which follows WeChat's font size setting only with this tag. WeChat accepts it only as the first node of a page. */
const pageMetaFindings = ({ tags, texts }: Template, isPage: boolean): readonly Finding[] => {
  const metas = tags.filter(({ name }) => name === 'page-meta')
  if (!isPage) return metas.map(({ offset }) => [offset, '<page-meta> belongs to a page'])
  const [meta, ...more] = metas
  if (meta === undefined) return [[0, 'a page begins with <page-meta root-font-size="system" />']]
  const findings: Finding[] = more.map(({ offset }) => [offset, 'a page has one <page-meta>'])
  const isFirst = meta === tags[0] && !texts.some(({ text, offset }) => offset < meta.offset && text.trim() !== '')
  if (!isFirst) findings.push([meta.offset, '<page-meta> must be the first node of its page'])
  if (!meta.attributes.some(({ name, value }) => name === 'root-font-size' && value === 'system')) findings.push([meta.offset, '<page-meta> needs root-font-size="system"'])
  return findings
}

const directiveFindings = ({ attributes }: Tag): readonly Finding[] => attributes.flatMap(({ name, offset, value = '' }): Finding[] => {
  if (!['wx:if', 'wx:elif', 'wx:for'].includes(name)) return []
  if (!isExpression(value)) return [[offset, `${name} takes one {{…}} and nothing else`]]
  return name === 'wx:for' && !attributes.some((other) => other.name === 'wx:key') ? [[offset, 'wx:for needs a wx:key']] : []
})

const braceFindings = (piece: Piece): readonly Finding[] => {
  const brace = singleBraceIn(piece.text)
  const findings: Finding[] = brace < 0 ? [] : [[piece.offset + brace, 'a single brace is drawn literally: write data as {{…}}']]
  for (const expression of expressionsIn(piece)) {
    const unsupported = unsupportedIn(expression)
    if (unsupported !== undefined) findings.push([unsupported.offset, unsupported.message])
  }
  return findings
}
