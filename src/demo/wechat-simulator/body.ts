/** JSON bodies of calls: an object whose members have the documented types. */
import { ErrcodeError } from './errors.ts'

export type Body = Readonly<Record<string, unknown>>

/** Parses a body. Throws 47001 if it is not a JSON object. */
export const parseObject = (text: string): Body => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new ErrcodeError(47001)
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ErrcodeError(47001)
  return body as Body
}

/** Throws 47001 if a member has another type than `types` says. Members may be absent. */
export const checkTypes = (body: Body, types: Readonly<Record<string, string>>): void => {
  for (const [name, type] of Object.entries(types)) {
    // WeChat converts nothing: it takes neither 1 nor "true" as a boolean.
    const actual: string = typeof body[name]
    if (actual !== 'undefined' && actual !== type) throw new ErrcodeError(47001)
  }
  // WeChat refuses a body that repeats the token of the query.
  if (body.access_token !== undefined) throw new ErrcodeError(47001)
}
