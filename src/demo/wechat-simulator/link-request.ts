/** Owns what generate_urllink takes and in which order it refuses: types, page, query, version, end. */
import { checkTypes, type Body } from './body.ts'
import { ErrcodeError } from './errors.ts'

export interface LinkRequest {
  /** The page and its query, as the mini program is to be opened with them. */
  readonly target: string
  /** Milliseconds since 1970. */
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
  // Whatever the version that is to be opened, the page has to be in the published one.
  if (pages.length === 0) throw new ErrcodeError(85079)
  const page = path.replace(/^\//, '') || 'pages/index/index'
  if (!pages.includes(page)) throw new ErrcodeError(40165)
  if (!queryForm.test(query) || (query !== '' && !query.split('&').every((pair) => /^[^=]+=/.test(pair)))) throw new ErrcodeError(40212)
  if (!['release', 'trial', 'develop'].includes(envVersion)) throw new ErrcodeError(85402)
  return { target: query === '' ? page : `${page}?${query}`, expiresAt: readEnd(body, now) }
}

const readEnd = (body: Body, now: number): number => {
  const { expire_type: type = 0, expire_time: seconds, expire_interval: days } = body as { expire_type?: number, expire_time?: number, expire_interval?: number }
  if (type !== 0 && type !== 1) throw new ErrcodeError(40097)
  const given = type === 0 ? seconds : days
  if (given === undefined || !Number.isInteger(given)) throw new ErrcodeError(85401)
  const end = type === 0 ? given * 1000 : now + given * dayMs
  if (end <= now + minuteMs || end > now + 30 * dayMs) throw new ErrcodeError(85401)
  return end
}
