// The mini program as a TypeScript program: its scripts, its templates as TypeScript, with the folder's own tsconfig.json.
import { join, relative, sep } from 'node:path'
import ts from 'typescript'
import type { SourceProject } from '../../src/demo/miniprogram/project.ts'
import { textOf } from './files.ts'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'
import { exportResult, writtenOffset } from './script-types.ts'
import { templateCodeOf } from './template-code.ts'
import type { TemplateCode } from './template-code.ts'

export interface TypedProject {
  readonly program: ts.Program
  readonly templates: ReadonlyArray<{ readonly source: ts.SourceFile, readonly code: TemplateCode }>
  readonly scripts: readonly ts.SourceFile[]
  /** Problems that keep templates from being type-checked. */
  readonly problems: readonly Problem[]
  /** Makes a problem at a node of a script. */
  readonly problemAtNode: (node: ts.Node, message: string) => Problem
}

export const typeProject = (folder: string, project: SourceProject): TypedProject => {
  const problems: Problem[] = []
  /** File → text that the type checker gets instead of the file on disk. */
  const files = new Map<string, string>()
  const codes = new Map<string, TemplateCode>()

  for (const path of project.modules) {
    const constructorName = project.pages.includes(path) ? 'Page' : 'Component'
    const script = exportResult(textOf(folder, `${path}.ts`), constructorName)
    if (script === undefined) {
      problems.push(problemIn(`${path}.ts`, `must call ${constructorName}({…}) once, as a statement of its own: its template cannot be checked otherwise`))
      continue
    }
    files.set(join(folder, `${path}.ts`), script)
    const code = templateCodeOf(path, textOf(folder, `${path}.wxml`), project.configs[path]?.usingComponents ?? {})
    if ('text' in code) {
      files.set(join(folder, `${path}.wxml.ts`), code.text)
      codes.set(join(folder, `${path}.wxml.ts`), code)
    } else problems.push(...code)
  }

  const scriptFiles = ['app', ...project.modules].map((path) => join(folder, `${path}.ts`))
  const program = compile(folder, files, [...scriptFiles, ...codes.keys()])
  const sources = program.getSourceFiles().filter(({ fileName, isDeclarationFile }) => !isDeclarationFile && !relative(folder, fileName).startsWith('..'))
  return {
    program,
    templates: sources.flatMap((source) => {
      const code = codes.get(source.fileName)
      return code === undefined ? [] : [{ source, code }]
    }),
    scripts: sources.filter(({ fileName }) => !codes.has(fileName)),
    problems,
    problemAtNode: (node, message) => {
      const { fileName, text } = node.getSourceFile()
      const file = relative(folder, fileName).split(sep).join('/')
      return problemAt(file, textOf(folder, file), writtenOffset(text, node.getStart()), message)
    },
  }
}

/** Parsed files of packages: the same for each folder, and most of the work. Shared in the process, as tests check many folders. */
const libraries = new Map<string, ts.SourceFile>()

/** Creates the program with the folder's own tsconfig.json. */
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
  const getSourceFile = host.getSourceFile.bind(host)
  const key = ts.createDocumentRegistry().getKeyForCompilationSettings(options)
  host.getSourceFile = (file, ...rest) => {
    if (!file.includes('/node_modules/')) return getSourceFile(file, ...rest)
    const library = libraries.get(`${key} ${file}`) ?? getSourceFile(file, ...rest)
    if (library !== undefined) libraries.set(`${key} ${file}`, library)
    return library
  }
  return ts.createProgram([...roots], options, host)
}
