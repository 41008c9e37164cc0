/** The HTML of the login page and the signed-in page, with the site's name. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillHtml } from '../domain/html.ts'
import { staticFolder } from './page-files.ts'

export interface Site {
  readonly siteName: string
  /** Where the signed-in page leads on to; null where it isn't known. */
  readonly home: string | null
  readonly hasLogo: boolean
  readonly hasColor: boolean
  /** Links on the login page, where the site has them. */
  readonly privacyUrl: string | null
  readonly termsUrl: string | null
  readonly otherLoginUrl: string | null
}

export interface ProviderFrame {
  readonly template: string
  readonly basePath: string
  readonly siteName: string
}

/** Reads the frame of the OpenID Provider's pages, whose `{{…}}` are still to be filled. */
export const readProviderFrame = async ({ basePath, siteName, logo, color }: Pick<ProviderFrame, 'basePath' | 'siteName'> & { readonly logo: object | null, readonly color: string | null }): Promise<ProviderFrame> =>
  ({ template: withParts(await read('provider'), { logo: logo !== null, color: color !== null }), basePath, siteName })

const read = (name: string): Promise<string> => readFile(join(staticFolder, `${name}.html`), 'utf8')

/** Reads a page. What each shows until its script runs, or when that never does, is in one file. */
export const readPage = async (name: 'login' | 'me', site: Site): Promise<string> => {
  const [page, withoutScripts] = await Promise.all([read(name), read('without-scripts')])
  const has = { logo: site.hasLogo, color: site.hasColor, privacy: site.privacyUrl !== null, terms: site.termsUrl !== null, other_login: site.otherLoginUrl !== null, links: site.privacyUrl !== null || site.termsUrl !== null }
  return fillHtml(withParts(page.replace('{{without_scripts}}', () => withoutScripts), has), {
    site_name: site.siteName,
    with: ['logo', 'links', 'other_login'].filter((part) => has[part as keyof typeof has]).map((part) => `with-${part}`).join(' '), // the card's height, for its style
    home: site.home ?? '',
    privacy_url: site.privacyUrl ?? '',
    terms_url: site.termsUrl ?? '',
    other_login_url: site.otherLoginUrl ?? '',
  })
}

/** Leaves out the lines of what the site doesn't have: `{{if logo}}` or `{{if not logo}}` at their start. */
const withParts = (page: string, has: Readonly<Record<string, boolean>>): string =>
  page.replace(/^( *)\{\{if (not )?(\w+)\}\}(.*\n)/gm, (_all, indent: string, not: string | undefined, name: string, line: string) => has[name] === (not === undefined) ? indent + line : '')
