/** The project that app.json describes: pages, components, their JSON and the theme. Of templates, styles and scripts it checks only that the files exist. */
import { access, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { CompileError } from './compile-error.ts'

type JsonObject = { readonly [key: string]: unknown }

export interface SourceAppConfig extends JsonObject {
  readonly pages: readonly string[]
}

export interface SourceModuleConfig extends JsonObject {
  /** Tag → path from the mini program's root, with a slash in front. Includes app.json's global components. */
  readonly usingComponents: Readonly<Record<string, string>>
}

export interface SourceProject {
  readonly app: SourceAppConfig
  /** Values of the `@name` variables in page and app configuration. */
  readonly theme: { readonly light: JsonObject, readonly dark: JsonObject }
  /** Such as `pages/login/login`; the first is the home page. */
  readonly pages: readonly string[]
  readonly components: readonly string[]
  /** Pages and components in load order: a component before the pages and components that use it. */
  readonly modules: readonly string[]
  readonly configs: Readonly<Record<string, SourceModuleConfig>>
}

/** Resolves a reference to a path from the mini program's root, undefined if it leaves that folder. A leading slash means the root. */
export const pathInside = (reference: string, from: string): string | undefined => {
  const path = reference.startsWith('/') ? posix.normalize(reference).slice(1) : posix.join(posix.dirname(from), reference)
  return path === '..' || path.startsWith('../') ? undefined : path
}

export const exists = async (folder: string, file: string): Promise<boolean> => access(join(folder, file)).then(() => true, () => false)

/** Reads a project. Rejects with a `CompileError` if a file is missing or its JSON has the wrong shape. */
export const readProject = async (folder: string): Promise<SourceProject> => {
  const problems: string[] = []
  const configs = new Map<string, SourceModuleConfig>()
  const modules: string[] = []
  const visited = new Set<string>()

  const readJson = async (file: string): Promise<JsonObject | undefined> => {
    try {
      const json: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'))
      if (isObject(json)) return json
      problems.push(`${file}: must be a JSON object`)
    } catch (error) {
      problems.push(`${file}: ${String(error)}`)
    }
    return undefined
  }

  const componentsOf = (json: JsonObject, file: string): Record<string, string> => {
    const found: Record<string, string> = {}
    for (const [tag, reference] of Object.entries(isObject(json.usingComponents) ? json.usingComponents : {})) {
      const path = typeof reference === 'string' ? pathInside(reference, file) : undefined
      if (path === undefined) problems.push(`${file}: "${tag}" is no path inside the mini program`)
      else found[tag] = `/${path}`
    }
    return found
  }

  const mustExist = async (files: readonly string[], why: string): Promise<boolean> => {
    const before = problems.length
    for (const file of files) if (!await exists(folder, file)) problems.push(`${file}: missing, ${why}`)
    return problems.length === before
  }

  const visitAll = async (components: Record<string, string>, namedBy: string): Promise<void> => {
    for (const [tag, path] of Object.entries(components)) {
      const config = await visit(path.slice(1), namedBy)
      if (config && config.component !== true) problems.push(`${path.slice(1)}.json: lacks "component": true, though ${namedBy} uses it as "${tag}"`)
    }
  }

  /** Undefined if the module can't be read; that is its only problem then. */
  const visit = async (path: string, namedBy: string): Promise<SourceModuleConfig | undefined> => {
    if (visited.has(path)) return configs.get(path) // components may use each other
    visited.add(path)
    if (!await mustExist([`${path}.json`, `${path}.wxml`, `${path}.ts`], `${namedBy} names ${path}`)) return undefined
    const json = await readJson(`${path}.json`)
    if (json === undefined) return undefined
    const own = componentsOf(json, `${path}.json`)
    const config = { ...json, usingComponents: { ...globalComponents, ...own } }
    configs.set(path, config)
    await visitAll(own, `${path}.json`)
    modules.push(path)
    return config
  }

  const readTheme = async (file: string): Promise<SourceProject['theme'] | undefined> => {
    if (!await mustExist([file], 'app.json names it as "themeLocation"')) return undefined
    const json = await readJson(file)
    if (json && isObject(json.light) && isObject(json.dark)) return { light: json.light, dark: json.dark }
    if (json) problems.push(`${file}: needs both "light" and "dark"`)
    return undefined
  }

  if (!await mustExist(['app.json', 'app.ts'], 'every mini program has one')) throw new CompileError(problems)
  const app = await readJson('app.json') ?? {}
  const pages = Array.isArray(app.pages) ? app.pages.map(String) : []
  if (pages.length === 0 && problems.length === 0) problems.push('app.json: "pages" names no page')
  if (app.subPackages !== undefined || app.subpackages !== undefined) problems.push('app.json: subpackages are not supported')

  const globalComponents = componentsOf(app, 'app.json')
  await visitAll(globalComponents, 'app.json')
  for (const page of pages) {
    if (pathInside(page, '') !== page) problems.push(`app.json: "${page}" is no plain path inside the mini program`)
    else if ((await visit(page, 'app.json'))?.component === true) problems.push(`${page}.json: has "component": true, though app.json lists it as a page`)
  }

  const theme = typeof app.themeLocation === 'string' ? await readTheme(app.themeLocation) : { light: {}, dark: {} }
  if (problems.length > 0 || theme === undefined) throw new CompileError(problems)
  return {
    app: { ...app, pages },
    theme,
    pages,
    components: modules.filter((path) => !pages.includes(path)),
    modules,
    configs: Object.fromEntries(configs),
  }
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
