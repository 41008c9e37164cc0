/** Owns the reading of a call's JSON: an object, each member of its type. */
import { ErrcodeError } from './errors.ts'

export type Body = Readonly<Record<string, unknown>>

/** Reads a body. Throws 47001 for what is no JSON object. */
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

/** Throws 47001 where a member that is there is of another type than `types` has it. */
export const checkTypes = (body: Body, types: Readonly<Record<string, string>>): void => {
  for (const [name, type] of Object.entries(types)) {
    // WeChat converts nothing: neither 1 nor "true" is a boolean to it.
    const given: string = typeof body[name]
    if (given !== 'undefined' && given !== type) throw new ErrcodeError(47001)
  }
  // A token inside the body as well makes WeChat refuse the whole of it.
  if (body.access_token !== undefined) throw new ErrcodeError(47001)
}
