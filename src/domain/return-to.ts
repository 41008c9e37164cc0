/** Characters behind the origin: servers and proxies take a request line of 8 KiB, mostly. */
export const maxReturnLength = 8192

/**
 * Tells whether a visitor may be sent to `returnTo` after the login: a path on the site, or a URL of an allowed origin. What a browser's
 * URL parser silently drops or rewrites (backslashes, control characters, and the latter's encodings) is refused, not repaired. A whole URL is mostly
 * the address of a page that the visitor was on, whose query may have backslashes and such encodings: they mean nothing there, and a form writes line breaks so.
 */
export const isReturnAllowed = (returnTo: string, allowedOrigins: readonly string[]): boolean => {
  if (withoutOrigin(returnTo).length > maxReturnLength || hasControl(returnTo) || leavesPath(returnTo) || endsUpElsewhere(returnTo)) return false
  if (returnTo.startsWith('/')) return true
  if (!/^https?:\/\/[^/]/i.test(returnTo)) return false
  const url = URL.parse(returnTo)
  return url !== null && url.username === '' && url.password === '' && allowedOrigins.includes(url.origin)
}

const withoutOrigin = (text: string): string => text.replace(/^https?:\/\/[^/?#]*/i, '')

const withoutQueryOfUrl = (text: string): string => text.replace(/^(https?:\/\/[^?#]*)\?[^#]*/is, '$1')

const hasControl = (text: string): boolean =>
  !text.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp} ]/u.test(text) || /%(?:[01][0-9a-f]|7f|c2%[89][0-9a-f])/i.test(withoutQueryOfUrl(text))

/** `//host`, `/\\host` and their encodings: a URL parser, or a proxy that decodes, reads a host there. No path needs a backslash that isn't encoded. */
const leavesPath = (text: string): boolean =>
  withoutQueryOfUrl(text).includes('\\') || /^\/(?:\/|%2f)/i.test(text) || leavesWhenDecoded(withoutOrigin(text).replace(/[?#].*/s, ''))

/** A browser takes `%5C` for no slash, but a proxy that decodes it makes one: the path may then have no empty and no dot segments. */
const leavesWhenDecoded = (path: string): boolean =>
  /%5c/i.test(path) && /\/(?:\/|(?:\.|%2e){1,2}(?:\/|$))/i.test(path.replace(/%5c|%2f/gi, '/'))

/** `/.//host` is on the site, but its normalised path is `//host`: a site that redirects to that path would leave. */
const endsUpElsewhere = (text: string): boolean => URL.parse(text, 'https://site.invalid')?.pathname.startsWith('//') ?? true
