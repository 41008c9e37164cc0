/** Whether calls and answers come through the proxy as they are. */
import type { KeyObject } from 'node:crypto'
import { askDoctor, isOld, parsed, type DoctorCall } from './ask-doctor.ts'
import { fresh, publicBase, type PublicAnswer } from './ask-public.ts'
import { call } from './call.ts'
import type { CheckContext } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'

const outcome = ({ answer }: DoctorCall): string => answer.status === null ? answer.error : `answered ${answer.status}`

export const methodFindings = async (key: KeyObject, context: CheckContext): Promise<readonly Finding[]> => {
  const calls = await Promise.all(['POST', 'PUT', 'DELETE'].map(async (method) =>
    ({ method, asked: await askDoctor(publicBase(context), key, { method, query: fresh(), ...method !== 'DELETE' && { body: '{}' } }) })))
  const refused = calls.filter(({ method, asked }) => asked.told?.method !== method)
  if (refused.length === 0) return [ok('POST, PUT and DELETE get through')]
  return [failure('proxy-refuses-methods', `not all methods get through: ${refused.map(({ method, asked }) => `${method} is ${outcome(asked)}`).join(', ')}. Phones and log-outs need them`,
    'let the proxy and its firewall take GET, HEAD, POST, PUT, DELETE and OPTIONS below PUBLIC_URL. nginx: no limit_except there. ModSecurity: add them to tx.allowed_methods. A hosting panel\'s firewall (WAF): allow them for this site')]
}

export const authorizationFindings = async (key: KeyObject, context: CheckContext): Promise<readonly Finding[]> => {
  const asked = await askDoctor(publicBase(context), key, { query: fresh(), headers: { authorization: 'Doctor test' } })
  if (isOld(asked)) return [notChecked('whether the header Authorization gets through: a cache answered')]
  if (asked.told?.has_authorization === true) return [ok('the header Authorization gets through')]
  return [failure('proxy-removes-authorization', asked.told === null ? `calls with the header Authorization don't get through: they are ${outcome(asked)}` : 'the proxy removes the header Authorization: access tokens, and logins that are embedded in other sites, don\'t arrive',
    'pass it on. Squid: login=PASSTHRU at cache_peer. nginx does by itself: remove proxy_set_header Authorization "";')]
}

/** A cache that ignores `no-store` shows people old answers: that they are logged in, or that they aren't. */
export const cacheFindings = async (key: KeyObject, context: CheckContext): Promise<readonly Finding[]> => {
  const base = publicBase(context)
  const query = fresh()
  const twice = async <T> (ask: () => Promise<T>): Promise<readonly [T, T]> => [await ask(), await ask()]
  const [[before, again], [first, second]] = await Promise.all([twice(() => askDoctor(base, key, { query })), twice(() => call(`${base}/api/session${query}`))])
  const idOf = (answer: typeof first): unknown => answer.status === null ? undefined : (parsed(answer.text) as { request_id?: unknown } | null | undefined)?.request_id // what else comes has none
  const paths = [
    ...isOld(before) || isOld(again) ? ['/api/doctor'] : [],
    ...idOf(first) !== undefined && idOf(first) === idOf(second) ? ['/api/session'] : [],
  ]
  return [paths.length === 0 ? ok('nothing is cached that says no-store') : cacheFault(paths, context)]
}

export const cacheFault = (paths: readonly string[], context: CheckContext): Finding =>
  failure('proxy-caches', `the proxy, or a CDN, keeps answers that say no-store, and gives them again: ${paths.join(', ')}`,
    `turn its cache off below ${publicBase(context)}/api, and empty it. nginx: proxy_cache off; and no proxy_ignore_headers Cache-Control; Squid: cache deny all. A CDN or hosting panel: a rule that bypasses the cache there`)

/** Of our answers; what is missing is left to chance in browsers and caches. */
const ownHeaders = ['cache-control', 'vary', 'content-security-policy', 'x-content-type-options', 'referrer-policy'] as const

export const answerFindings = ({ answer, told }: Extract<PublicAnswer, { state: 'reached' }>, { config }: CheckContext): readonly Finding[] => {
  const findings: Finding[] = []
  if (answer.text !== JSON.stringify(told)) {
    findings.push(warning('proxy-changes-answers', `answers are rewritten on the way: ${answer.text.length} characters came, ${JSON.stringify(told).length} were sent`, 'let the proxy pass on answers below /api as they are. nginx: no sub_filter, no add_before_body or add_after_body. A hosting panel or CDN: no rewriting, minifying or inserting there'))
  }
  const missing = ownHeaders.filter((name) => answer.headers[name] === undefined || (name === 'cache-control' && !answer.headers[name].includes('no-store')))
  if (missing.length > 0) {
    findings.push(warning('proxy-removes-headers', `headers of the service's answers are removed or changed: ${missing.join(', ')}`, 'pass them on as they are. nginx: no proxy_hide_header, and no expires or add_header Cache-Control there. Caddy: no header -NAME. HAProxy: no http-response del-header'))
  }
  const cookie = `${config.isSecure ? '__Host-' : ''}scan_login_doctor=${told.nonce}; Max-Age=0; Path=/; HttpOnly;${config.isSecure ? ' Secure;' : ''} SameSite=Lax`
  const arrived = answer.headers['set-cookie']?.find((one) => one.includes('scan_login_doctor=')) // balancers and firewalls add their own
  if (arrived !== cookie) {
    findings.push(failure('proxy-changes-cookies', arrived === undefined ? 'the proxy removes Set-Cookie: nobody stays logged in' : `the proxy changes cookies: ${arrived.replace(told.nonce, '…')} came, ${cookie.replace(told.nonce, '…')} was sent`,
      'pass Set-Cookie on as it is. nginx: no proxy_hide_header Set-Cookie, proxy_cookie_path, proxy_cookie_domain or proxy_cookie_flags there'))
  }
  return findings.length > 0 ? findings : [ok('answers come as they are sent, with their headers and cookies')]
}

/** What an app's address to come back to may take, and more than nginx has room for by default. */
const longBytes = 9000

export const longAddressFindings = async (key: KeyObject, context: CheckContext): Promise<readonly Finding[]> => {
  const asked = await askDoctor(publicBase(context), key, { query: `${fresh()}&long=${'x'.repeat(longBytes)}` })
  if (asked.told !== null) return [ok(`addresses of ${longBytes} characters get through`)]
  if (asked.answer.status === null && /no answer within/.test(asked.answer.error)) return [notChecked(`whether long addresses get through: ${asked.answer.error}`)]
  return [warning('proxy-refuses-long-addresses', `a call with an address of ${longBytes} characters is ${outcome(asked)}: whoever comes from a long address of an app doesn't get to the login`,
    'nginx: large_client_header_buffers 4 32k; in the server block. HAProxy: tune.bufsize 32768 in global. Squid has no room for them: with apps, take another proxy')]
}
