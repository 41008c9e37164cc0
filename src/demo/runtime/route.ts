/** Owns how a page is addressed: `/pages/login/login?scene=…`, or relative to the page one is on. Decodes nothing, as WeChat doesn't. */

export interface Route {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** `from` is the path of the page that a relative address starts from. */
export const routeOf = (url: string, from: string): Route => {
  const [address = '', ...rest] = url.split('?')
  return { path: new URL(address, `http://app/${from}`).pathname.slice(1), query: queryOf(rest.join('?')) }
}

const queryOf = (text: string): Record<string, string> => Object.fromEntries(text.split('&').filter((pair) => pair !== '').map((pair) => {
  const [name = '', ...value] = pair.split('=')
  return [name, value.join('=')]
}))
