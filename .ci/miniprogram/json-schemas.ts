// Checks of the JSON files: the shape of each, and references between them: themes, sitemap, pages.
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { isAtLeast, neededLibrary } from '../../miniprogram/utils/base-library.ts'
import { filesOf, textOf } from './files.ts'
import { AppJson, ComponentJson, PageJson, ProjectConfigJson, SitemapJson, ThemeJson } from './json-shapes.ts'
import { offsetOf, parseObject } from './json-text.ts'
import type { Json, Pointer } from './json-text.ts'
import { problemAt, problemIn } from './problem.ts'
import type { Problem } from './problem.ts'

type Theme = Readonly<Record<string, string>>

export const checkJsonFiles = (folder: string): readonly Problem[] => {
  const problems: Problem[] = []
  const files = filesOf(folder)
  const texts = new Map<string, string>()

  const report = (file: string, pointer: Pointer, message: string): void => {
    const text = texts.get(file) ?? ''
    problems.push(problemAt(file, text, offsetOf(text, pointer), message))
  }

  /** Reads a file; reports it and returns undefined where it is missing or not a JSON object. */
  const read = (file: string, why: string): Json | undefined => {
    if (!files.includes(file)) {
      problems.push(problemIn(file, `is missing: ${why}`))
      return undefined
    }
    const text = textOf(folder, file)
    texts.set(file, text)
    const parsed = parseObject(file, text)
    if ('json' in parsed) return parsed.json
    problems.push(parsed.problem)
    return undefined
  }

  const checkShape = (schema: TSchema, file: string, json: Json): boolean => {
    const errors = errorsOf(schema, json)
    for (const [pointer, message] of errors) report(file, pointer, message)
    return errors.length === 0
  }

  /** Checks a shape once for each theme, with `@name` replaced by the theme's value. */
  const checkThemed = (schema: TSchema, file: string, json: Json, themes: ReadonlyMap<string, Theme> | undefined): void => {
    const names = new Map(namesIn(json).map(({ name, pointer }) => [pointer.join('/'), name]))
    const reported = new Set<string>()
    const reportOnce = (pointer: Pointer, message: string): void => {
      if (!reported.has(`${pointer.join('/')} ${message}`)) report(file, pointer, message)
      reported.add(`${pointer.join('/')} ${message}`)
    }
    for (const [mode, theme] of themes ?? new Map<string, Theme>([['light', {}]])) {
      for (const [path, name] of names) {
        if (theme[name] === undefined) reportOnce(path.split('/'), themes === undefined ? `"@${name}" has no theme: themeLocation is missing or wrong` : `"@${name}" is not in the theme "${mode}"`)
      }
      for (const [pointer, message] of errorsOf(schema, withTheme(json, theme))) {
        reportOnce(pointer, names.has(pointer.join('/')) ? `${message} in the theme "${mode}"` : message)
      }
    }
  }

  const app = read('app.json', 'every mini program has one')
  if (app !== undefined) {
    const theme = app.themeLocation === undefined ? undefined : read(String(app.themeLocation), 'app.json names it as themeLocation')
    const themes = theme !== undefined && checkShape(ThemeJson, app.themeLocation, theme) ? new Map<string, Theme>(Object.entries(theme)) : undefined
    if (app.darkmode === true && app.themeLocation === undefined) report('app.json', ['darkmode'], 'needs a themeLocation')
    if (app.themeLocation !== undefined && app.darkmode !== true) report('app.json', ['themeLocation'], 'has no effect without "darkmode": true')
    checkThemed(AppJson, 'app.json', app, themes)

    const pages: readonly string[] = Array.isArray(app.pages) ? app.pages.filter((page) => typeof page === 'string') : []
    const used = new Set(namesIn(app).map(({ name }) => name))
    for (const [index, page] of pages.entries()) {
      for (const end of ['.ts', '.wxml', '.wxss']) if (!files.includes(page + end)) report('app.json', ['pages', String(index)], `"${page}${end}" is missing`)
      const json = read(`${page}.json`, 'app.json lists the page')
      if (json === undefined) continue
      checkThemed(PageJson, `${page}.json`, json, themes)
      for (const { name } of namesIn(json)) used.add(name)
    }
    if (app.entryPagePath !== undefined && !pages.includes(app.entryPagePath)) report('app.json', ['entryPagePath'], `"${app.entryPagePath}" is not among the pages`)
    checkThemeNames(themes, used, (mode, name, message) => report(app.themeLocation, [mode, name], message))

    const sitemap = app.sitemapLocation === undefined ? undefined : read(String(app.sitemapLocation), 'app.json names it as sitemapLocation')
    if (sitemap !== undefined && checkShape(SitemapJson, app.sitemapLocation, sitemap)) {
      for (const [index, { page }] of sitemap.rules.entries()) {
        if (page !== '*' && !pages.includes(page)) report(app.sitemapLocation, ['rules', String(index), 'page'], `"${page}" is not among the pages`)
      }
    }
    checkComponents(files, pages, read, checkShape)
  }

  const config = read('project.config.json', 'DevTools opens the project by it')
  if (config !== undefined && checkShape(ProjectConfigJson, 'project.config.json', config) && !isAtLeast(config.libVersion, neededLibrary)) {
    report('project.config.json', ['libVersion'], `"${config.libVersion}" is older than ${neededLibrary}`)
  }
  return problems
}

/** Checks that both themes have the same names and that each name is used. */
const checkThemeNames = (themes: ReadonlyMap<string, Theme> | undefined, used: ReadonlySet<string>, report: (mode: string, name: string, message: string) => void): void => {
  for (const [mode, theme] of themes ?? []) {
    for (const name of Object.keys(theme)) {
      for (const [other, otherTheme] of themes ?? []) if (otherTheme[name] === undefined) report(mode, name, `"${name}" is not in the theme "${other}"`)
      if (!used.has(name)) report(mode, name, `"${name}" is used nowhere`)
    }
  }
}

/** Checks the JSON of components: every template that is not a page's belongs to one. */
const checkComponents = (
  files: readonly string[],
  pages: readonly string[],
  read: (file: string, why: string) => Json | undefined,
  checkShape: (schema: TSchema, file: string, json: Json) => boolean,
): void => {
  for (const file of files.filter((name) => name.endsWith('.wxml'))) {
    const path = file.slice(0, -'.wxml'.length)
    const json = pages.includes(path) ? undefined : read(`${path}.json`, 'every component has one')
    if (json !== undefined) checkShape(ComponentJson, `${path}.json`, json)
  }
}

/** Errors of a shape, each reported once. */
const errorsOf = (schema: TSchema, json: Json): ReadonlyArray<readonly [Pointer, string]> =>
  Value.Errors(schema, json).flatMap(({ keyword, instancePath, message, params }): Array<[Pointer, string]> => {
    const pointer = instancePath.split('/').slice(1)
    if (keyword === 'boolean') return [] // accompanies each additionalProperties error
    if (keyword === 'additionalProperties') return [...(params as { additionalProperties: readonly string[] }).additionalProperties].map((key) => [[...pointer, key], `unknown key "${key}"`])
    const allowed = Object.values(params).flat().map((value) => JSON.stringify(value)).join(' or ')
    return [[pointer, keyword === 'enum' || keyword === 'const' ? `must be ${allowed}` : message]]
  })

const namesIn = (json: unknown, pointer: Pointer = []): ReadonlyArray<{ name: string, pointer: Pointer }> => {
  if (typeof json === 'string') return json.startsWith('@') ? [{ name: json.slice(1), pointer }] : []
  if (typeof json !== 'object' || json === null) return []
  return Object.entries(json).flatMap(([key, value]) => namesIn(value, [...pointer, key]))
}

const withTheme = (json: Json, theme: Theme): Json =>
  JSON.parse(JSON.stringify(json), (_key, value) => typeof value === 'string' && value.startsWith('@') ? theme[value.slice(1)] : value)
