/** The HTML of the login page and the signed-in page, with the site's name. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillHtml } from './fill-html.ts'
import { staticFolder } from './page-scripts.ts'

export interface Site {
  readonly siteName: string
  /** Where the signed-in page leads on to; null where it isn't known. */
  readonly home: string | null
}

const read = (name: string): Promise<string> => readFile(join(staticFolder, `${name}.html`), 'utf8')

/** Reads a page. What each shows until its script runs, or when that never does, is in one file. */
export const readPage = async (name: 'login' | 'me', { siteName, home }: Site): Promise<string> => {
  const [page, withoutScripts] = await Promise.all([read(name), read('without-scripts')])
  return fillHtml(page.replace('{{without_scripts}}', () => withoutScripts), { site_name: siteName, home: home ?? '' })
}
