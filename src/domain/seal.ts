/** Encryption of secrets in the store, under a key that isn't in the store: AES-256-GCM (NIST SP 800-38D), its key derived by HKDF (RFC 5869). */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto'
import { randomBytes } from './random-pool.ts'

export interface Seal {
  /** Encrypts a text. Returns base64url, a different one each time. `associatedData` binds it to its context, such as its key in the store. */
  encrypt (secret: string, associatedData: string): string
  /** Returns the text; undefined where it was encrypted under another key or with other associated data, or was changed. */
  decrypt (sealed: unknown, associatedData: string): string | undefined
}

const cipher = 'aes-256-gcm'
const nonceLength = 12
const tagLength = 16

/** Creates the seal of one purpose. Under the same key, what is encrypted for one purpose can't be decrypted for another. */
export const createSeal = (key: string | Buffer, purpose: string): Seal => {
  const encryptionKey = createSecretKey(Buffer.from(hkdfSync('sha256', key, '', `scan-login seal ${purpose}`, 32)))
  return {
    encrypt (secret, associatedData) {
      const nonce = randomBytes(nonceLength) // random nonces are safe for 2^32 secrets under one key
      const encryption = createCipheriv(cipher, encryptionKey, nonce).setAAD(Buffer.from(associatedData))
      return Buffer.concat([nonce, encryption.update(secret, 'utf8'), encryption.final(), encryption.getAuthTag()]).toString('base64url')
    },
    decrypt (sealed, associatedData) {
      if (typeof sealed !== 'string') return undefined
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < nonceLength + tagLength) return undefined
      const decryption = createDecipheriv(cipher, encryptionKey, bytes.subarray(0, nonceLength), { authTagLength: tagLength })
        .setAAD(Buffer.from(associatedData)).setAuthTag(bytes.subarray(-tagLength))
      try {
        return decryption.update(bytes.subarray(nonceLength, -tagLength), undefined, 'utf8') + decryption.final('utf8')
      } catch {
        return undefined // the tag doesn't match
      }
    },
  }
}
