/** Owns the reading of what WeChat sends back: an image or JSON by its first bytes, an errcode inside a 200. Trusts no label. */
import type { CodeImage } from '../login/ports.ts'
import type { Endpoint } from './endpoints.ts'
import { errcodeOf, ridOf } from './errcodes.ts'
import { WechatFault } from './fault.ts'

export interface WechatAnswer {
  readonly image?: CodeImage
  readonly json?: Readonly<Record<string, unknown>>
}

/** The largest code has 1280 pixels and stays well below. */
const maxBytes = 2 * 1024 * 1024

/** Reads a body to its end; a fault where it is longer than any answer of WeChat's. */
export const readAll = async (body: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > maxBytes) throw new WechatFault('the answer is too large')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/**
 * Tells what an answer is. Throws a `WechatFault` for an errcode, whatever the status, and for all that is neither JSON nor an
 * image under a 200. `endpoint` is the one that was called: some mean things of their own by an errcode.
 */
export const understand = (status: number, bytes: Buffer, endpoint: Endpoint): WechatAnswer => {
  const json = asJson(bytes)
  const errcode = Number(json?.errcode ?? 0)
  if (errcode !== 0) throw refusal(errcode, String(json?.errmsg ?? ''), endpoint)
  if (status !== 200) throw new WechatFault(`HTTP status ${status}`)
  if (json !== undefined) return { json }
  const type = imageType(bytes)
  if (type === undefined) throw new WechatFault('the answer is neither JSON nor an image')
  return { image: { bytes, type } }
}

const refusal = (errcode: number, errmsg: string, endpoint: Endpoint): WechatFault => {
  const known = errcodeOf(errcode, errmsg, endpoint)
  return known === undefined
    ? new WechatFault(`errcode ${errcode}, which is not known here`, { errcode, rid: ridOf(errmsg), retryAfterSeconds: 30 })
    : new WechatFault(known.line, { errcode, rid: ridOf(errmsg), ...known })
}

const asJson = (bytes: Buffer): Record<string, unknown> | undefined => {
  const text = bytes.subarray(0, 64).toString().trimStart()
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(bytes.toString()) as Record<string, unknown> // begins with '{', so it is an object or it throws
  } catch {
    throw new WechatFault('the JSON of the answer is broken')
  }
}

const imageType = (bytes: Buffer): CodeImage['type'] | undefined => {
  const start = bytes.subarray(0, 4).toString('hex')
  if (start === '89504e47') return 'image/png'
  return start.startsWith('ffd8ff') ? 'image/jpeg' : undefined
}
