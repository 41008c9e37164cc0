/** Pages of the sample websites behind the proxy and with OpenID Connect. */
import { siteLanguages, siteReadmeOf, type SiteLanguage } from './words.ts'

export interface SitePage {
  readonly language: SiteLanguage
  readonly title: string
  readonly lead: string
  /** What is known of the visitor, by its name. */
  readonly facts: ReadonlyArray<readonly [name: string, value: string]>
  /** A link to log in or out. */
  readonly action: { readonly href: string, readonly text: string }
  /** How to do this for an app of one's own. */
  readonly how: string
  /** Where the demo runs: it serves the READMEs. */
  readonly serviceUrl: string
}

export const sitePageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  vary: 'Accept-Language',
} as const

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

export const renderSitePage = ({ language, title, lead, facts, action, how, serviceUrl }: SitePage): string => `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${style}</style>
<main>
  <h1>${escaped(title)}</h1>
  <p>${escaped(lead)}</p>
  <dl>${facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>
  <p><a class="action" href="${escaped(action.href)}">${escaped(action.text)}</a></p>
  <footer>
    <p>${escaped(how)}</p>
    <p><a href="${escaped(`${serviceUrl}/demo/${siteReadmeOf(language)}`)}" target="_blank" rel="noopener">${escaped(siteLanguages[language].readme)}</a></p>
  </footer>
</main>
`

const style = `
:root { color-scheme: light dark; --page: #f1f2f4; --card: #fff; --ink: #171a1e; --soft: #5a626c; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1113; --card: #1a1d21; --ink: #eef0f2; --soft: #a5adb7; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; display: grid; grid-template-columns: minmax(0, 1fr); place-items: center; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; text-align: center; }
main { display: grid; gap: 16px; width: 480px; max-width: 100%; padding: 28px 24px 20px; background: var(--card); border-radius: 28px; }
h1 { font-size: 1.375rem; line-height: 1.4; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 8px 16px; text-align: start; font-size: 0.875rem; }
dt { color: var(--soft); }
dd { overflow-wrap: anywhere; }
a { color: inherit; }
.action { display: inline-block; padding: 10px 24px; border-radius: 12px; background: var(--ink); color: var(--card); text-decoration: none; }
footer { color: var(--soft); font-size: 0.875rem; }
`
