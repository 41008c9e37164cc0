/** Owns what app.json leads to: pages, components, their JSON and the theme. Looks into no template, style or script, only whether it is there. */
import { access, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Refusal } from './refusal.ts'

type JsonObject = { readonly [key: string]: unknown }

export interface AppConfig extends JsonObject {
  readonly pages: readonly string[]
}

export interface ModuleConfig extends JsonObject {
  /** Tag → path from the mini program's root, with a slash in front. Includes those that app.json gives to everybody. */
  readonly usingComponents: Readonly<Record<string, string>>
}

export interface Project {
  readonly app: AppConfig
  /** What `@name` in a colour stands for. */
  readonly theme: { readonly light: JsonObject, readonly dark: JsonObject }
  /** `pages/login/login`; the first is the one a mini program opens with. */
  readonly pages: readonly string[]
  readonly components: readonly string[]
  /** Pages and components in the order in which their scripts are loaded: a component before whoever uses it. */
  readonly modules: readonly string[]
  readonly configs: Readonly<Record<string, ModuleConfig>>
}

/** Where a reference leads, from the mini program's root: undefined when it leads out. A leading slash means that root. */
export const pathInside = (reference: string, from: string): string | undefined => {
  const path = reference.startsWith('/') ? posix.normalize(reference).slice(1) : posix.join(posix.dirname(from), reference)
  return path === '..' || path.startsWith('../') ? undefined : path
}

export const exists = async (folder: string, file: string): Promise<boolean> => access(join(folder, file)).then(() => true, () => false)

/** Reads the project that app.json in the folder describes. Rejects with a `Refusal` when a file is missing or isn't the JSON it has to be. */
export const readProject = async (folder: string): Promise<Project> => {
  const problems: string[] = []
  const configs = new Map<string, ModuleConfig>()
  const modules: string[] = []

  const readJson = async (file: string, namedBy: string): Promise<JsonObject> => {
    if (!await exists(folder, file)) {
      problems.push(`${file}: missing, ${namedBy}`)
      return {}
    }
    try {
      const json: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'))
      if (isObject(json)) return json
      problems.push(`${file}: holds no object`)
    } catch (error) {
      problems.push(`${file}: ${String(error)}`)
    }
    return {}
  }

  const componentsOf = (json: JsonObject, file: string): Record<string, string> => {
    const found: Record<string, string> = {}
    for (const [tag, reference] of Object.entries(isObject(json.usingComponents) ? json.usingComponents : {})) {
      const path = typeof reference === 'string' ? pathInside(reference, file) : undefined
      if (path === undefined) problems.push(`${file}: "${tag}" leads to no path inside the mini program`)
      else found[tag] = `/${path}`
    }
    return found
  }

  const visitAll = async (components: Record<string, string>, namedBy: string): Promise<void> => {
    for (const path of Object.values(components)) {
      await visit(path.slice(1), namedBy)
      if (configs.get(path.slice(1))?.component !== true) problems.push(`${path.slice(1)}.json: says no "component": true, though ${namedBy} uses it as one`)
    }
  }

  const visit = async (path: string, namedBy: string): Promise<void> => {
    if (configs.has(path)) return // components may use each other
    const missing: string[] = []
    for (const extension of ['.json', '.wxml', '.ts']) if (!await exists(folder, path + extension)) missing.push(path + extension)
    problems.push(...missing.map((file) => `${file}: missing, ${namedBy} names ${path}`))
    const json = missing.includes(`${path}.json`) ? {} : await readJson(`${path}.json`, namedBy)
    const own = componentsOf(json, `${path}.json`)
    configs.set(path, { ...json, usingComponents: { ...forEverybody, ...own } })
    await visitAll(own, `${path}.json`)
    modules.push(path)
  }

  const app = await readJson('app.json', 'a mini program begins there')
  if (!await exists(folder, 'app.ts')) problems.push('app.ts: missing, a mini program begins there')
  const pages = Array.isArray(app.pages) ? app.pages.map(String) : []
  if (pages.length === 0 && problems.length === 0) problems.push('app.json: "pages" names no page')
  if (app.subPackages !== undefined || app.subpackages !== undefined) problems.push('app.json: subpackages are not supported')

  const forEverybody = componentsOf(app, 'app.json')
  await visitAll(forEverybody, 'app.json')
  for (const page of pages) {
    if (pathInside(page, '') !== page) {
      problems.push(`app.json: "${page}" is no plain path inside the mini program`)
      continue
    }
    await visit(page, 'app.json')
    if (configs.get(page)?.component === true) problems.push(`${page}.json: says "component": true, though app.json lists it as a page`)
  }

  const { light, dark } = app.themeLocation === undefined
    ? { light: {}, dark: {} }
    : await readJson(String(app.themeLocation), 'app.json names it as "themeLocation"')
  if (problems.length === 0 && !(isObject(light) && isObject(dark))) problems.push(`${String(app.themeLocation)}: needs both "light" and "dark"`)

  if (problems.length > 0 || !isObject(light) || !isObject(dark)) throw new Refusal(problems)
  return {
    app: { ...app, pages },
    theme: { light, dark },
    pages,
    components: modules.filter((path) => !pages.includes(path)),
    modules,
    configs: Object.fromEntries(configs),
  }
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
