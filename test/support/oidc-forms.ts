/** Forms of the provider's pages, filled and sent as a browser without scripts does. */
import type { CookieJar } from './oidc.ts'
import { visit } from './oidc.ts'
import type { Answer, TestService } from './test-service.ts'

export const formHeaders = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' }

const unescape = (text: string): string => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

/** The only form of a page: where it leads, and its hidden fields. */
export const formIn = ({ text }: Answer): { readonly action: string, readonly fields: Record<string, string> } => {
  const action = /<form[^>]* action="([^"]*)"/.exec(text)?.[1]
  if (action === undefined) throw new Error(`no form in ${text}`)
  const fields = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, unescape(value)] as const)
  return { action: unescape(action), fields: Object.fromEntries(fields) }
}

/** Sends the form of a page, and follows redirects within the service. */
export const submit = async (service: TestService, jar: CookieJar, page: Answer, more: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer & { readonly address: string }> => {
  const { action, fields } = formIn(page)
  const { pathname, search } = new URL(action)
  const answer = await service.call({ method: 'POST', path: pathname + search, headers: { ...formHeaders, ...headers, cookie: jar.headerFor(pathname) }, body: new URLSearchParams({ ...fields, ...more }).toString() })
  jar.take(answer)
  const { location } = answer.headers
  if (typeof location !== 'string') return { ...answer, address: action }
  const next = new URL(location, action)
  return next.origin === new URL(action).origin ? await visit(service, jar, next.href) : { ...answer, address: next.href }
}

/** What a page says, without its tags. */
export const words = ({ text }: Answer): string => unescape(text.replace(/^.*<main[^>]*>/s, '').replace(/<[^>]*>/g, ' ')).replace(/[ \n]+/g, ' ').trim()

export const formActionOf = ({ headers }: Answer): string | undefined => /form-action ([^;]*)/.exec(String(headers['content-security-policy']))?.[1]
