/** Templates: WXML → a script that needs no eval. Refuses what glass-easel would silently not draw: unknown tags, missing files, events that its compiler takes for attributes. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TmplGroup } from 'glass-easel-template-compiler'
import { exists, pathInside } from './project.ts'
import type { SourceProject } from './project.ts'
import { CompileError } from './compile-error.ts'

/** Built-in components that the demo's runtime draws. `block`, `slot`, `template`, `import`, `include` and `wxs` belong to the template language itself. */
export const builtInTags: readonly string[] = ['page-meta', 'view', 'text', 'button', 'input', 'scroll-view', 'image']

/** A diagnostic of the compiler, whose declarations say `any`. Lines and columns count from 0. */
interface Diagnostic {
  readonly level: 'Note' | 'Warn' | 'Error' | 'Fatal'
  readonly message: string
  readonly startLine: number
  readonly startColumn: number
}

/**
 * Compiles the templates of all pages and components, with what they import, to the text of an ES module. Its default export is path → template.
 * Rejects with a `CompileError`.
 */
export const compileTemplates = async (folder: string, { modules, configs }: SourceProject): Promise<string> => {
  const group = new TmplGroup()
  const sources = new Map<string, string>()
  const problems = new Set<string>() // a file that two pages include is reported once

  const add = async (path: string): Promise<void> => {
    if (sources.has(path)) return
    const source = await readFile(join(folder, `${path}.wxml`), 'utf8')
    sources.set(path, source)
    for (const { level, message, startLine, startColumn } of addTemplate(group, path, source)) {
      if (level !== 'Note') problems.add(`${locationOf(path, startLine, startColumn)}: ${message}`)
    }
    for (const [dependency, extension] of referencesOf(group, path)) {
      const file = `${dependency}${extension}`
      // The compiler leaves out missing files silently.
      if (!await exists(folder, file)) problems.add(`${referenceLocation(path, source, dependency)}: ${file} is missing`)
      else if (extension === '.wxml') await add(dependency)
      else group.addScript(dependency, await readFile(join(folder, file), 'utf8'))
    }
  }

  for (const path of modules) {
    await add(path)
    const tags = new Set([...builtInTags, ...Object.keys(configs[path]?.usingComponents ?? {})])
    for (const file of withDependencies(group, path, sources)) {
      for (const problem of unknownNames(group, file, sources.get(file) ?? '', tags)) problems.add(problem)
    }
  }
  if (problems.size > 0) throw new CompileError([...problems])
  return `export default ${group.getTmplGenObjectGroups()}\n`
}

const addTemplate = (group: TmplGroup, path: string, source: string): Diagnostic[] => {
  try {
    return group.addTmpl(path, source) as Diagnostic[]
  } catch (error) {
    // Happens with a no-break space between attributes. The compiler is unusable afterwards.
    throw new CompileError([`${path}.wxml: the template compiler crashed (${String(error)})`])
  }
}

const locationOf = (path: string, line: number, column: number): string => `${path}.wxml:${line + 1}:${column + 1}`

const referencesOf = (group: TmplGroup, path: string): [string, '.wxml' | '.wxs'][] => [
  ...group.getDirectDependencies(path).map((file): [string, '.wxml'] => [String(file), '.wxml']),
  ...group.getScriptDependencies(path).map((file): [string, '.wxs'] => [String(file), '.wxs']),
]

/** The file and all that it imports and includes: an included tag uses the components of the page that includes it. */
const withDependencies = (group: TmplGroup, path: string, sources: ReadonlyMap<string, string>, found = new Set<string>()): Set<string> => {
  if (found.has(path) || !sources.has(path)) return found
  found.add(path)
  for (const dependency of group.getDirectDependencies(path)) withDependencies(group, String(dependency), sources, found)
  return found
}

/** Searches the text for a reference: the compiler lists which files a template refers to, but not where. */
const referenceLocation = (path: string, source: string, dependency: string): string => {
  for (const { 1: reference = '', index } of source.matchAll(/\bsrc\s*=\s*["']([^"']*)/g)) {
    if (pathInside(reference, path)?.replace(/\.wx(?:ml|s)$/, '') !== dependency) continue
    const before = source.slice(0, index).split('\n')
    return locationOf(path, before.length - 1, before.at(-1)?.length ?? 0)
  }
  return `${path}.wxml`
}

/**
 * Finds tags outside the list, and events without a colon, which the compiler takes for attributes. Read from the compiler's TypeScript form of the template,
 * which names each tag and attribute and has a source map.
 */
const unknownNames = (group: TmplGroup, path: string, source: string, tags: ReadonlySet<string>): string[] => {
  const problems: string[] = []
  const converted = group.getTmplConvertedExpr(path, '')
  const sourceLines = source.split('\n')
  for (const [line, text] of (converted.code() ?? '').split('\n').entries()) {
    for (const { indices } of text.matchAll(/(?:\btags\['|\b_tag_\.)([^'=;]+)/dg)) {
      const [start, end] = indices?.[1] ?? [0, 0]
      const [startLine = 0, startColumn = 0, , endColumn = 0] = converted.getSourceLocation(line, start, line, end) ?? []
      const sourceLine = sourceLines[startLine] ?? ''
      const name = sourceLine.slice(startColumn, endColumn) // empty if a string in the template only looks like a tag
      const event = /^(bind|catch)-?([a-z]+)$/.exec(name)
      if (sourceLine[startColumn - 1] === '<') {
        if (name !== '' && !tags.has(name)) problems.push(`${locationOf(path, startLine, startColumn)}: <${name}> is neither a tag that the demo draws nor one of usingComponents`)
      } else if (event) problems.push(`${locationOf(path, startLine, startColumn)}: "${name}" is taken for an attribute, write ${event[1]}:${event[2]}`)
    }
  }
  return problems
}
