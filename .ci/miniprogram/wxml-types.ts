// Owns the type check of the templates: each is turned into TypeScript and compiled against its own page's data and methods.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { Project } from '../../src/demo/miniprogram/project.ts'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'
import { exportResult } from './script-types.ts'
import { templateCodeOf } from './template-code.ts'
import type { TemplateCode } from './template-code.ts'
import { describe } from './template-words.ts'

export const checkTemplates = (folder: string, project: Project): readonly Problem[] => {
  const problems: Problem[] = []
  /** What the type checker sees in place of what is on the disk. */
  const files = new Map<string, string>()
  const templates = new Map<string, TemplateCode>()

  for (const path of project.modules) {
    const constructorName = project.pages.includes(path) ? 'Page' : 'Component'
    const script = exportResult(readFileSync(join(folder, `${path}.ts`), 'utf8'), constructorName)
    if (script === undefined) {
      problems.push(problemIn(`${path}.ts`, `must call ${constructorName}({…}) once, as a statement of its own: its template cannot be checked otherwise`))
      continue
    }
    files.set(join(folder, `${path}.ts`), script)
    const code = templateCodeOf(path, readFileSync(join(folder, `${path}.wxml`), 'utf8'), project.configs[path]?.usingComponents ?? {})
    if ('text' in code) {
      files.set(join(folder, `${path}.wxml.ts`), code.text)
      templates.set(join(folder, `${path}.wxml.ts`), code)
    } else problems.push(...code)
  }

  const program = compile(folder, files, [...templates.keys()])
  for (const [file, template] of templates) {
    const source = program.getSourceFile(file)
    if (source === undefined) throw new Error(`${file} was not compiled`)
    for (const diagnostic of [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]) {
      const problem = problemOf(source, diagnostic, template)
      if (problem !== undefined) problems.push(problem)
    }
  }
  return problems
}

const problemOf = (source: ts.SourceFile, diagnostic: ts.Diagnostic, { path, wxml, placeOf, extraAt }: TemplateCode): Problem | undefined => {
  const { start = 0, length = 0 } = diagnostic
  const complaint = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ').replace(/\s+/g, ' ').replace(/\bWritten<(.*?)>/g, '$1')
  const extra = extraAt(source.getLineAndCharacterOfPosition(start).line)
  const place = extra?.place ?? placeOf(source, start, start + length)
  const words = extra === undefined ? describe(source, start, complaint, wxml.slice(place.start, place.end)) : extra.words(complaint)
  return words === undefined ? undefined : problemAt(`${path}.wxml`, wxml, place.start, words)
}

/** Compiles by the folder's own tsconfig.json. */
const compile = (folder: string, files: ReadonlyMap<string, string>, roots: readonly string[]): ts.Program => {
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile)
  const options: ts.CompilerOptions = {
    ...ts.convertCompilerOptionsFromJson(config?.compilerOptions, folder).options,
    typeRoots: [join(import.meta.dirname, '../../node_modules')], // the folder may be a copy elsewhere
    noUnusedLocals: false,
    noUnusedParameters: false,
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (file) => files.has(file) || fileExists(file)
  host.readFile = (file) => files.get(file) ?? readFile(file)
  return ts.createProgram([...roots], options, host)
}
