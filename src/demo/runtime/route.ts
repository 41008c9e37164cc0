/** Owns how a page is addressed: `/pages/login/login?scene=…`, or relative to the page one is on. Decodes nothing, as WeChat doesn't. */

export interface Route {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** `from` is the path of the page that a relative address starts from. */
export const routeOf = (url: string, from: string): Route => {
  const [address = '', ...rest] = url.split('?')
  const steps = address.startsWith('/') ? [] : from.split('/').slice(0, -1)
  for (const step of address.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return { path: steps.join('/'), query: queryOf(rest.join('?')) }
}

const queryOf = (text: string): Record<string, string> => Object.fromEntries(text.split('&').filter((pair) => pair !== '').map((pair) => {
  const [name = '', ...value] = pair.split('=')
  return [name, value.join('=')]
}))
