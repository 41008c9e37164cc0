/** The body of generate_urllink, checked in WeChat's order: types, page, query, version, expiry. */
import { checkTypes, type Body } from './body.ts'
import { ErrcodeError } from './errors.ts'

export interface LinkRequest {
  /** Page and query that the link opens. */
  readonly target: string
  readonly expiresAt: number
}

const types = {
  path: 'string',
  query: 'string',
  env_version: 'string',
  expire_type: 'number',
  expire_time: 'number',
  expire_interval: 'number',
}

const queryForm = /^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~%]{0,1024}$/
const minuteMs = 60_000
const dayMs = 86_400_000

/** Reads the body of a call. Throws 47001, 85079, 40165, 40212, 85402, 40097 or 85401. `pages` are those of the published version. */
export const readLinkRequest = (body: Body, pages: readonly string[], now: number): LinkRequest => {
  checkTypes(body, types)
  const { path = '', query = '', env_version: envVersion = 'release' } = body as { path?: string, query?: string, env_version?: string }
  // The page has to be in the published version, whichever version the link opens.
  if (pages.length === 0) throw new ErrcodeError(85079)
  const page = path.replace(/^\//, '') || 'pages/index/index'
  if (!pages.includes(page)) throw new ErrcodeError(40165)
  if (!queryForm.test(query) || (query !== '' && !query.split('&').every((pair) => /^[^=]+=/.test(pair)))) throw new ErrcodeError(40212)
  if (!['release', 'trial', 'develop'].includes(envVersion)) throw new ErrcodeError(85402)
  return { target: query === '' ? page : `${page}?${query}`, expiresAt: readExpiry(body, now) }
}

const readExpiry = (body: Body, now: number): number => {
  const { expire_type: type = 0, expire_time: seconds, expire_interval: days } = body as { expire_type?: number, expire_time?: number, expire_interval?: number }
  if (type !== 0 && type !== 1) throw new ErrcodeError(40097)
  const time = type === 0 ? seconds : days
  if (time === undefined || !Number.isInteger(time)) throw new ErrcodeError(85401)
  const expiresAt = type === 0 ? time * 1000 : now + time * dayMs
  if (expiresAt <= now + minuteMs || expiresAt > now + 30 * dayMs) throw new ErrcodeError(85401)
  return expiresAt
}
