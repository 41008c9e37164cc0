/** WeChat's answers: an image or JSON, told by the first bytes and not by the content type; an errcode may come with status 200. */
import type { CodeImage } from '../login/ports.ts'
import type { Endpoint } from './endpoints.ts'
import { errcodeOf, ridOf } from './errcodes.ts'
import { WechatFault } from './fault.ts'

export interface WechatAnswer {
  readonly image?: CodeImage
  readonly json?: Readonly<Record<string, unknown>>
}

/**
 * Parses an answer. Throws a `WechatFault` for an errcode with any status, for a status other than 200, and for what is neither JSON nor an image.
 * `endpoint` is the one that was called: some errcodes have another meaning there.
 */
export const parseAnswer = (status: number, bytes: Buffer, endpoint: Endpoint, wasRepeated = false): WechatAnswer => {
  const json = parseJson(bytes)
  const errcode = Number(json?.errcode ?? 0)
  if (errcode !== 0) throw refusalFor(errcode, String(json?.errmsg ?? ''), endpoint, wasRepeated)
  if (status !== 200) throw new WechatFault(`HTTP status ${status}`)
  if (json !== undefined) return { json }
  const type = imageTypeOf(bytes)
  if (type === undefined) throw new WechatFault('the answer is neither JSON nor an image')
  return { image: { bytes, type } }
}

const refusalFor = (errcode: number, errmsg: string, endpoint: Endpoint, wasRepeated: boolean): WechatFault => {
  const known = errcodeOf(errcode, errmsg, endpoint)
  return known === undefined
    ? new WechatFault(`unknown errcode ${errcode}`, { errcode, rid: ridOf(errmsg), retryAfterSeconds: 30, wasRepeated })
    : new WechatFault(known.line, { errcode, rid: ridOf(errmsg), ...known, wasRepeated })
}

const parseJson = (bytes: Buffer): Record<string, unknown> | undefined => {
  if (!bytes.subarray(0, 64).toString().trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(bytes.toString()) as Record<string, unknown> // text that begins with '{' is an object, or it throws
  } catch {
    throw new WechatFault('the answer is invalid JSON')
  }
}

const imageTypeOf = (bytes: Buffer): CodeImage['type'] | undefined => {
  const start = bytes.subarray(0, 4).toString('hex')
  if (start === '89504e47') return 'image/png'
  return start.startsWith('ffd8ff') ? 'image/jpeg' : undefined
}
