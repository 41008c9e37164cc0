/** Owns the reading of the compiled mini program: what it consists of, its templates, its styles, its scripts. Runs none of them by itself. */

export interface WindowConfig {
  readonly navigationBarTitleText?: string
  readonly navigationBarBackgroundColor?: string
  readonly navigationBarTextStyle?: string
  readonly backgroundColor?: string
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

export interface Project {
  readonly app: AppConfig
  readonly theme: { readonly light: Theme, readonly dark: Theme }
  /** Everything with a script and a template, components first. A component's place in it, `c0`, is the scope of its classes. */
  readonly modules: readonly string[]
  readonly configs: Readonly<Record<string, ModuleConfig>>
}

/** Path → a compiled template, in the form glass-easel wants. */
export type Templates = Readonly<Record<string, unknown>>

export interface Code {
  readonly project: Project
  readonly templates: Templates
  /** Runs a script: `app`, `pages/login/login`. */
  run (path: string): Promise<void>
  /** Fetches a page's or component's styles, off at first; gives what switches them. */
  style (path: string): Promise<(on: boolean) => void>
}

/** `folder` is the address that everything lies under, with a slash at the end. */
export const loadCode = async (folder: string): Promise<Code> => {
  const [project, templates] = await Promise.all([
    fetch(`${folder}project.json`).then((reply) => reply.json() as Promise<Project>),
    import(`${folder}templates.js`) as Promise<{ default: Templates }>,
  ])
  return {
    project,
    templates: templates.default,
    run: async (path) => { await import(`${folder}${path}.js`) },
    style: (path) => styleAt(`${folder}${path}.css`),
  }
}

const styleAt = (href: string): Promise<(on: boolean) => void> => new Promise((resolve, reject) => {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = href
  // Through the sheet and not the link, which would be fetched anew each time.
  const turn = (on: boolean): void => { if (link.sheet !== null) link.sheet.disabled = !on }
  link.addEventListener('load', () => {
    turn(false)
    resolve(turn)
  })
  link.addEventListener('error', () => reject(new Error(`${href} can't be loaded`)))
  document.head.append(link)
})

/** A colour or the like from a config, where `@name` stands for one of theme.json's. */
export const themed = ({ app, theme }: Project, value: string, mode: 'light' | 'dark'): string =>
  value.startsWith('@') ? theme[app.darkmode === true ? mode : 'light']?.[value.slice(1)] ?? '' : value
