// Checks of the package: everything reachable from app.json exists and is packed, nothing else is, and the package stays small.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Static } from 'typebox'
import { Value } from 'typebox/value'
import { pathInside } from '../../src/demo/miniprogram/project.ts'
import type { SourceProject } from '../../src/demo/miniprogram/project.ts'
import { filesOf, textOf } from './files.ts'
import { PackOptions } from './json-shapes.ts'
import { parseObject } from './json-text.ts'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'
import { referencesIn } from './references.ts'
import type { Reference } from './references.ts'

/** WeChat refuses a main package of 2 MB or more. Ours is held to an eighth of that, so that it opens fast. */
const wechatLimitBytes = 2 * 1024 * 1024
export const ownLimitBytes = 250_000

/** DevTools reads these and never packs them. */
const configurationFiles = ['project.config.json', 'project.private.config.json']
/** The kinds of files that DevTools packs. */
const packedExtensions = /\.(?:ts|js|json|wxml|wxss|wxs|png|jpe?g|gif|svg)$/

export const checkPackaging = (folder: string, project: SourceProject): readonly Problem[] => {
  const files = filesOf(folder)
  const packOptions = packOptionsOf(folder, files)
  if (packOptions === undefined) return []
  const { reached, problems } = reachableFiles(folder, project, files)
  const isIgnored = ignoredBy(packOptions)

  for (const [file, by] of reached) {
    if (isIgnored(file)) problems.push(problemIn(file, `is left out by packOptions, though ${by} needs it`))
    else if (!packedExtensions.test(file)) problems.push(problemIn(file, `is of a kind that is not packed, though ${by} needs it`))
  }
  const packed = files.filter((file) => !isIgnored(file) && !configurationFiles.includes(file))
  for (const file of packed) if (!reached.has(file)) problems.push(problemIn(file, 'is packed but not used: use it, remove it, or add it to packOptions.ignore'))

  const bytes = packed.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
  if (bytes >= wechatLimitBytes) problems.push(problemIn('app.json', `the package has ${bytes} bytes, WeChat takes less than ${wechatLimitBytes}`))
  else if (bytes > ownLimitBytes) problems.push(problemIn('app.json', `the package has ${bytes} bytes, more than our limit of ${ownLimitBytes}`))
  return problems
}

/** Follows references from app.json on: file → the first file that refers to it. */
const reachableFiles = (folder: string, { app, modules }: SourceProject, files: readonly string[]): { reached: ReadonlyMap<string, string>, problems: Problem[] } => {
  const reached = new Map<string, string>()
  const problems: Problem[] = []

  const reach = (file: string, by: string): void => {
    if (reached.has(file)) return
    reached.set(file, by)
    const text = textOf(folder, file)
    for (const reference of referencesIn(file, text)) {
      const target = resolve(reference, file, files)
      if ('file' in target) reach(target.file, file)
      else if (target.wrong !== undefined) problems.push(problemAt(file, text, reference.offset, target.wrong))
    }
  }

  reach('app.json', 'WeChat')
  for (const location of [app.themeLocation, app.sitemapLocation]) if (typeof location === 'string' && files.includes(location)) reach(location, 'app.json')
  for (const path of ['app', ...modules]) {
    for (const file of ['.ts', '.json', '.wxml', '.wxss'].map((end) => path + end)) if (files.includes(file)) reach(file, 'app.json')
  }
  return { reached, problems }
}

/** Resolves a reference to a file, or to what is wrong with it; to neither for a URL that is allowed there. */
const resolve = ({ kind, to }: Reference, from: string, files: readonly string[]): { file: string } | { wrong: string | undefined } => {
  if (kind === 'dynamic import') return { wrong: 'a dynamic import is not packed' }
  if (to === undefined) return { wrong: 'an import that is computed is not packed' }
  if (kind === 'style picture') return { wrong: to.startsWith('data:') ? undefined : `a style cannot load "${to}" on a phone: use <image> or a data: URL` }
  if (kind === 'template source' && /^(?:https:|data:)/.test(to)) return { wrong: undefined }
  if (kind === 'script' && !/^\.\.?\//.test(to)) return { wrong: `"${to}" is no relative path, and packages are not built in` }
  if (kind === 'script' && /\.[jt]s$/.test(to)) return { wrong: `"${to}": DevTools wants imports without extension` }
  const path = pathInside(to, from)
  if (path === undefined) return { wrong: `"${to}" leads out of the folder that is packed` }
  const file = kind === 'script' ? `${path}.ts` : path
  if (files.includes(file)) return { file }
  const similar = files.find((other) => other.toLowerCase() === file.toLowerCase())
  return { wrong: similar === undefined ? `"${file}" is missing` : `"${to}": the file is named "${similar}", and phones are case-sensitive` }
}

/** Undefined where project.config.json is wrong: the check of the JSON files reports that. */
const packOptionsOf = (folder: string, files: readonly string[]): Static<typeof PackOptions> | undefined => {
  const file = 'project.config.json'
  const config = files.includes(file) ? parseObject(file, textOf(folder, file)) : undefined
  const packOptions: unknown = config !== undefined && 'json' in config ? config.json.packOptions : undefined
  return Value.Check(PackOptions, packOptions) ? packOptions : undefined
}

const ignoredBy = ({ ignore }: Static<typeof PackOptions>) => (file: string): boolean =>
  ignore.some(({ type, value }) => {
    if (type === 'folder') return file.startsWith(`${value.replace(/^\.?\/|\/$/g, '')}/`)
    return type === 'suffix' ? file.endsWith(value) : file === value.replace(/^\.?\//, '')
  })
