// Owns the type check of the templates: each is compiled against its own page's data and methods.
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

const problemOf = (source: ts.SourceFile, diagnostic: ts.Diagnostic, { path, wxml, placeOf, extraAt }: TemplateCode): Problem | undefined => {
  const { start = 0, length = 0 } = diagnostic
  const complaint = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ').replace(/\s+/g, ' ').replace(/\bWritten<(.*?)>/g, '$1')
  const extra = extraAt(source.getLineAndCharacterOfPosition(start).line)
  const place = extra?.place ?? placeOf(source, start, start + length)
  const words = extra === undefined ? describe(source, start, complaint, wxml.slice(place.start, place.end)) : extra.words(complaint)
  return words === undefined ? undefined : problemAt(`${path}.wxml`, wxml, place.start, words)
}
