/** URLs of pages: `/pages/login/login?scene=…`, or relative to the current page. Queries stay percent-encoded, as in WeChat. */

export interface Route {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** Resolves a URL against the path of the current page. */
export const routeOf = (url: string, currentPath: string): Route => {
  const [urlPath = '', ...rest] = url.split('?')
  const segments = urlPath.startsWith('/') ? [] : currentPath.split('/').slice(0, -1)
  for (const segment of urlPath.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return { path: segments.join('/'), query: queryOf(rest.join('?')) }
}

const queryOf = (text: string): Record<string, string> => Object.fromEntries(text.split('&').filter((pair) => pair !== '').map((pair) => {
  const [name = '', ...value] = pair.split('=')
  return [name, value.join('=')]
}))
