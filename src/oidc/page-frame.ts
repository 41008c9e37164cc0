/** The frame around each of the provider's pages: the site's name, the style, and the headers. */
import { fillHtml, html, type Html } from '../domain/html.ts'
import { dictionaries, type Language } from '../../static/scan-login/words.js'
import { pagePolicy, type PolicyOptions } from './page-policy.ts'

export interface FrameOptions extends PolicyOptions {
  /** `static/provider.html`, without the lines for what the site doesn't have. */
  readonly template: string
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  readonly siteName: string
}

export interface PageContent {
  readonly language: Language
  readonly title: string
  readonly main: Html
  /** Where the page's forms lead, and where their answers lead on to. */
  readonly formUris?: readonly string[]
}

export interface Page {
  readonly headers: Readonly<Record<string, string>>
  readonly html: string
}

/** Puts a page together. */
export const createPageFrame = ({ template, basePath, siteName, ...policy }: FrameOptions): (content: PageContent) => Page => {
  const [before = '', after = ''] = template.split('{{main}}')
  return ({ language, title, main, formUris = [] }) => {
    const { lang } = dictionaries[language]
    const texts = { base: basePath, site_name: siteName, lang, title }
    return {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-language': lang,
        'content-security-policy': pagePolicy(formUris, policy),
        'cache-control': 'no-store',
      },
      html: fillHtml(before, texts) + main.text + fillHtml(after, texts),
    }
  }
}

/** What happened, and what to do now. */
export const heading = ({ line, help }: { readonly line: string, readonly help: string }): Html => html`
  <h2 class="name">${line}</h2>
  <p class="line">${help}</p>`
