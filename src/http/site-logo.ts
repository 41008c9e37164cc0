/** The site's logo: a picture file, read once at the start, as its address holds its version. */
import { readFileSync } from 'node:fs'

export interface SiteLogo {
  readonly type: string
  readonly bytes: Buffer
}

/** Larger ones would make every visit to the login slow. */
const maxBytes = 256 * 1024

/** By their first bytes. No SVG: it can hold scripts. */
const typeOf = (bytes: Buffer): string | null => {
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png'
  if (bytes.subarray(0, 3).equals(Buffer.from('\xff\xd8\xff', 'latin1'))) return 'image/jpeg'
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP' ? 'image/webp' : null
}

/** Throws an Error whose message is one line for the operator. */
export const readLogo = (path: string): SiteLogo => {
  const bytes = contentOf(path)
  const type = typeOf(bytes)
  if (type === null) throw new Error(`SITE_LOGO ${path} is no PNG, JPEG or WebP picture: take one of these`)
  if (bytes.length > maxBytes) throw new Error(`SITE_LOGO ${path} is larger than 256 KiB: take a smaller picture, 160 pixels wide are enough`)
  return { type, bytes }
}

const contentOf = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new Error(`SITE_LOGO can't be read: ${(cause as Error).message}`, { cause }) // node:fs throws Errors
  }
}
