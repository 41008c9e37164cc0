/** Owns templates: WXML → a script that needs no eval. Refuses what would silently draw nothing: unknown tags, missing files, events the compiler takes for attributes. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TmplGroup } from 'glass-easel-template-compiler'
import { exists, pathInside } from './project.ts'
import type { Project } from './project.ts'
import { CompileError } from './compile-error.ts'

/** Tags that the demo's runtime draws. `block`, `slot`, `template`, `import`, `include` and `wxs` are the template language itself. */
export const builtInTags: readonly string[] = ['page-meta', 'view', 'text', 'button', 'input', 'scroll-view', 'image']

/** One of the compiler's findings. Its declarations say `any`; lines and columns count from 0. */
interface Finding {
  readonly level: 'Note' | 'Warn' | 'Error' | 'Fatal'
  readonly message: string
  readonly startLine: number
  readonly startColumn: number
}

/** Compiles the template of every page and component, with what they import, to the text of an ES module: its default export is path → template. */
export const compileTemplates = async (folder: string, { modules, configs }: Project): Promise<string> => {
  const group = new TmplGroup()
  const sources = new Map<string, string>()
  const problems = new Set<string>() // a file that two pages include is wrong once

  const add = async (path: string): Promise<void> => {
    if (sources.has(path)) return
    const source = await readFile(join(folder, `${path}.wxml`), 'utf8')
    sources.set(path, source)
    for (const { level, message, startLine, startColumn } of findingsOf(group, path, source)) {
      if (level !== 'Note') problems.add(`${at(path, startLine, startColumn)}: ${message}`)
    }
    for (const [dependency, extension] of referencesOf(group, path)) {
      const file = `${dependency}${extension}`
      // The compiler leaves out what isn't there, without a word.
      if (!await exists(folder, file)) problems.add(`${whereReferred(path, source, dependency)}: ${file} is missing`)
      else if (extension === '.wxml') await add(dependency)
      else group.addScript(dependency, await readFile(join(folder, file), 'utf8'))
    }
  }

  for (const path of modules) {
    await add(path)
    const tags = new Set([...builtInTags, ...Object.keys(configs[path]?.usingComponents ?? {})])
    for (const file of drawnWith(group, path, sources)) {
      for (const problem of unknownNames(group, file, sources.get(file) ?? '', tags)) problems.add(problem)
    }
  }
  if (problems.size > 0) throw new CompileError([...problems])
  return `export default ${group.getTmplGenObjectGroups()}\n`
}

const findingsOf = (group: TmplGroup, path: string, source: string): Finding[] => {
  try {
    return group.addTmpl(path, source) as Finding[]
  } catch (error) {
    // It does so over a no-break space between the attributes, and can't be used any more afterwards.
    throw new CompileError([`${path}.wxml: the compiler broke off (${String(error)})`])
  }
}

const at = (path: string, line: number, column: number): string => `${path}.wxml:${line + 1}:${column + 1}`

const referencesOf = (group: TmplGroup, path: string): [string, '.wxml' | '.wxs'][] => [
  ...group.getDirectDependencies(path).map((file): [string, '.wxml'] => [String(file), '.wxml']),
  ...group.getScriptDependencies(path).map((file): [string, '.wxs'] => [String(file), '.wxs']),
]

/** The file and all that it imports and includes; an included tag stands in the page that includes it. */
const drawnWith = (group: TmplGroup, path: string, sources: ReadonlyMap<string, string>, found = new Set<string>()): Set<string> => {
  if (found.has(path) || !sources.has(path)) return found
  found.add(path)
  for (const dependency of group.getDirectDependencies(path)) drawnWith(group, String(dependency), sources, found)
  return found
}

/** The compiler tells which files a template refers to, not where: found again in the text. */
const whereReferred = (path: string, source: string, dependency: string): string => {
  for (const { 1: reference = '', index } of source.matchAll(/\bsrc\s*=\s*["']([^"']*)/g)) {
    if (pathInside(reference, path)?.replace(/\.wx(?:ml|s)$/, '') !== dependency) continue
    const before = source.slice(0, index).split('\n')
    return at(path, before.length - 1, before.at(-1)?.length ?? 0)
  }
  return `${path}.wxml`
}

/**
 * Tags outside the list, and events without a colon, which the compiler takes for attributes. Its TypeScript form of a template names
 * each tag and attribute and knows where it stood.
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
      const name = sourceLine.slice(startColumn, endColumn) // empty where a string in the template only looks like one
      const event = /^(bind|catch)-?([a-z]+)$/.exec(name)
      if (sourceLine[startColumn - 1] === '<') {
        if (name !== '' && !tags.has(name)) problems.push(`${at(path, startLine, startColumn)}: <${name}> is no tag that the demo draws, nor one of usingComponents`)
      } else if (event) problems.push(`${at(path, startLine, startColumn)}: "${name}" is taken for an attribute, write ${event[1]}:${event[2]}`)
    }
  }
  return problems
}
