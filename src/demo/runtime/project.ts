/** The compiled mini program as the demo server sends it: project, templates, styles, scripts. */

export interface WindowConfig {
  readonly navigationBarTitleText?: string
  readonly navigationBarBackgroundColor?: string
  readonly navigationBarTextStyle?: string
  readonly backgroundColor?: string
  readonly enablePullDownRefresh?: boolean
}

export interface AppConfig {
  readonly pages: readonly string[]
  readonly window?: WindowConfig
  readonly networkTimeout?: { readonly request?: number }
  readonly darkmode?: boolean
  readonly style?: string
}

export type ModuleConfig = WindowConfig & {
  readonly component?: boolean
  readonly usingComponents?: Readonly<Record<string, string>>
}

type Theme = Readonly<Record<string, string>>

export interface CompiledProject {
  readonly app: AppConfig
  readonly theme: { readonly light: Theme, readonly dark: Theme }
  /** Pages and components in load order, components first. The index of a component gives the prefix of its classes, `c0`. */
  readonly modules: readonly string[]
  readonly configs: Readonly<Record<string, ModuleConfig>>
}

/** Path → compiled template, in glass-easel's form. */
export type Templates = Readonly<Record<string, unknown>>

export interface CompiledMiniProgram {
  readonly project: CompiledProject
  readonly templates: Templates
  /** Runs a script, such as `app` or `pages/login/login`. */
  run (path: string): Promise<void>
  /** Loads the styles of a page or component, off at first. Resolves with a function that switches them. */
  loadStyle (path: string): Promise<(isOn: boolean) => void>
}

/** Loads project and templates. `folder` is the URL of the compiled files, with a slash at the end. */
export const loadMiniProgram = async (folder: string): Promise<CompiledMiniProgram> => {
  const [project, templates] = await Promise.all([
    fetch(`${folder}project.json`).then((reply) => reply.json() as Promise<CompiledProject>),
    import(`${folder}templates.js`) as Promise<{ default: Templates }>,
  ])
  return {
    project,
    templates: templates.default,
    run: async (path) => { await import(`${folder}${path}.js`) },
    loadStyle: (path) => loadStyleSheet(`${folder}${path}.css`),
  }
}

const loadStyleSheet = (href: string): Promise<(isOn: boolean) => void> => new Promise((resolve, reject) => {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = href
  // `link.disabled` would fetch the file anew each time.
  const enable = (isOn: boolean): void => { if (link.sheet !== null) link.sheet.disabled = !isOn }
  link.addEventListener('load', () => {
    enable(false)
    resolve(enable)
  })
  link.addEventListener('error', () => reject(new Error(`${href} can't be loaded`)))
  document.head.append(link)
})

/** Resolves a config value: `@name` is a variable of theme.json. */
export const themed = ({ app, theme }: CompiledProject, value: string, mode: 'light' | 'dark'): string =>
  value.startsWith('@') ? theme[app.darkmode === true ? mode : 'light']?.[value.slice(1)] ?? '' : value
