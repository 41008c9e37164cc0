// The type check of the templates, each against the data and methods of its page.
import ts from 'typescript'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import type { TypedProject } from './program.ts'
import type { TemplateCode } from './template-code.ts'
import { describe } from './template-words.ts'
import { datasetProblems } from './wxml-datasets.ts'

export const checkTemplates = ({ program, templates, problems }: TypedProject): readonly Problem[] => [
  ...problems,
  ...templates.flatMap(({ source, code }) => [
    ...[...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].flatMap((diagnostic) => problemOf(source, diagnostic, code) ?? []),
    ...datasetProblems(source, code, program.getTypeChecker()),
  ]),
]

const problemOf = (source: ts.SourceFile, diagnostic: ts.Diagnostic, { path, wxml, rangeOf, extraAt }: TemplateCode): Problem | undefined => {
  const { start = 0, length = 0 } = diagnostic
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ').replace(/\s+/g, ' ').replace(/\bWritten<(.*?)>/g, '$1')
  const extra = extraAt(source.getLineAndCharacterOfPosition(start).line)
  const range = extra?.range ?? rangeOf(source, start, start + length)
  const description = extra === undefined ? describe(source, start, message, wxml.slice(range.start, range.end)) : extra.describe(message)
  return description === undefined ? undefined : problemAt(`${path}.wxml`, wxml, range.start, description)
}
