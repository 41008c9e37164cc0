/** The compiler from a mini program's folder to files that a browser loads without eval or inline styles. Each kind of file has a module in `miniprogram/`. */
import { readProject } from './miniprogram/project.ts'
import { collectErrors } from './miniprogram/compile-error.ts'
import { compileScripts } from './miniprogram/scripts.ts'
import { compileTemplates } from './miniprogram/wxml.ts'
import { compileStyle } from './miniprogram/wxss.ts'

export interface MiniProgramOptions {
  readonly folder: string
  /** Replaces the value that the folder's config.ts exports. */
  readonly serviceUrl: string
}

export interface CompiledFile {
  readonly type: 'application/json' | 'text/css' | 'text/javascript'
  readonly text: string
}

/**
 * Compiles to file name → file: `project.json`, `templates.js`, and `app` and every page and component as `.css` and `.js`.
 * Rejects with a `CompileError` that lists all problems. A component's style has the scope `c<index in modules>`.
 */
export const compileMiniProgram = async ({ folder, serviceUrl }: MiniProgramOptions): Promise<ReadonlyMap<string, CompiledFile>> => {
  const project = await readProject(folder)
  const { app, theme, modules, components, configs } = project
  const [templates, scripts, ...styles] = await collectErrors<[string, Map<string, string>, ...string[]]>([
    compileTemplates(folder, project),
    compileScripts({ folder, modules, serviceUrl }),
    ...['app', ...modules].map((path) => compileStyle({
      folder,
      file: `${path}.wxss`,
      scope: components.includes(path) ? `c${modules.indexOf(path)}` : undefined,
    })),
  ])
  const files = new Map<string, CompiledFile>([
    ['project.json', { type: 'application/json', text: JSON.stringify({ app, theme, modules, configs }) }],
    ['templates.js', { type: 'text/javascript', text: templates }],
  ])
  for (const [index, path] of ['app', ...modules].entries()) files.set(`${path}.css`, { type: 'text/css', text: styles[index] ?? '' })
  for (const [file, text] of scripts) files.set(file, { type: 'text/javascript', text })
  return files
}
