/** Encryption of secrets in the store, under a key that isn't in the store: AES-256-GCM (NIST SP 800-38D), its key derived by HKDF (RFC 5869). */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export interface Seal {
  /** Encrypts a text. Returns base64url, a different one each time. `associatedData` binds it to its context, such as its key in the store. */
  close (secret: string, associatedData: string): string
  /** The text; undefined where it was sealed under another key or with other associated data, or was changed. */
  open (sealed: unknown, associatedData: string): string | undefined
}

const cipher = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16

/** Creates the seal of one purpose. Under the same key, what is closed for one purpose can't be opened for another. */
export const createSeal = (key: string | Buffer, purpose: string): Seal => {
  const sealingKey = Buffer.from(hkdfSync('sha256', key, '', `scan-login seal ${purpose}`, 32))
  return {
    close (secret, associatedData) {
      const nonce = randomBytes(nonceLength) // random nonces are safe for 2^32 secrets under one key
      const sealing = createCipheriv(cipher, sealingKey, nonce).setAAD(Buffer.from(associatedData))
      return Buffer.concat([nonce, sealing.update(secret, 'utf8'), sealing.final(), sealing.getAuthTag()]).toString('base64url')
    },
    open (sealed, associatedData) {
      if (typeof sealed !== 'string') return undefined
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < nonceLength + tagLength) return undefined
      const opening = createDecipheriv(cipher, sealingKey, bytes.subarray(0, nonceLength), { authTagLength: tagLength })
        .setAAD(Buffer.from(associatedData)).setAuthTag(bytes.subarray(-tagLength))
      try {
        return opening.update(bytes.subarray(nonceLength, -tagLength), undefined, 'utf8') + opening.final('utf8')
      } catch {
        return undefined // the tag doesn't match
      }
    },
  }
}
