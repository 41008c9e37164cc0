/** Owns how a secret lies where others may read it: sealed under a key that is kept elsewhere. AES-256-GCM, NIST SP 800-38D; its key by HKDF, RFC 5869. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export interface Seal {
  /** Seals a text for one place (a key of the store, say). Gives base64url, another each time. */
  close (secret: string, place: string): string
  /** The text; undefined where it was sealed under another key or for another place, or is not whole. */
  open (sealed: unknown, place: string): string | undefined
}

const cipher = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16

/** Makes the seal of one purpose: what is closed for one can't be opened for another, under the same key. */
export const createSeal = (key: string | Buffer, purpose: string): Seal => {
  const sealingKey = Buffer.from(hkdfSync('sha256', key, '', `scan-login seal ${purpose}`, 32))
  return {
    close (secret, place) {
      const nonce = randomBytes(nonceLength) // random ones are good for 2^32 secrets under one key
      const sealing = createCipheriv(cipher, sealingKey, nonce).setAAD(Buffer.from(place))
      return Buffer.concat([nonce, sealing.update(secret, 'utf8'), sealing.final(), sealing.getAuthTag()]).toString('base64url')
    },
    open (sealed, place) {
      if (typeof sealed !== 'string') return undefined
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < nonceLength + tagLength) return undefined
      const opening = createDecipheriv(cipher, sealingKey, bytes.subarray(0, nonceLength), { authTagLength: tagLength })
        .setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-tagLength))
      try {
        return opening.update(bytes.subarray(nonceLength, -tagLength), undefined, 'utf8') + opening.final('utf8')
      } catch {
        return undefined // the tag doesn't fit
      }
    },
  }
}
