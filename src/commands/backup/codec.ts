/**
 * How files lie in a backup: as they are, or encrypted with a passphrase. The format of an encrypted one is in src/stores/README.md; another one needs another
 * `encryption` in the manifest.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt, type ScryptOptions } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'

type Content = AsyncIterable<Buffer> | Iterable<Buffer>

export interface Codec {
  /** The bytes that are stored for a content. */
  encode (name: string, content: Content): Content
  /** The content of a stored file. Throws at its end where the file is damaged, was changed, or is another file's: nothing of it may be used before. */
  decode (name: string, path: string): Content
}

export const plainCodec: Codec = {
  encode: (_name, content) => content,
  decode: (_name, path) => createReadStream(path),
}

const nonceBytes = 12
const tagBytes = 16
/** What one key and nonce of GCM may encrypt (NIST SP 800-38D, 5.2.1.1). */
const maxBytes = 2 ** 36 - 32

/** 128 MB and about half a second for each guess: OWASP's first choice for scrypt. */
const cost = { N: 2 ** 17, r: 8, p: 1 } as const

/** As in the manifest. The numbers are those of this release: larger ones could be put there to use up the memory. */
export const encryption = { cipher: 'aes-256-gcm', kdf: 'scrypt', ...cost } as const

export const newSalt = (): Buffer => randomBytes(16)

export const keyFrom = (passphrase: string, salt: Buffer): Promise<Buffer> => new Promise((resolve, reject) => {
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r }
  scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) => { if (error === null) resolve(key); else reject(error) })
})

const associatedDataOf = (name: string): Buffer => Buffer.from(`scan-login backup 1\0${name}`)

/** A nonce, the ciphertext and the tag, one after the other. The name is authenticated, too: no file can take another one's place. */
export const createSealedCodec = (key: Buffer): Codec => ({
  async * encode (name, content) {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedDataOf(name))
    yield nonce
    let bytes = 0
    for await (const chunk of content) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new Error('a file of more than 64 GB can\'t be encrypted: leave --passphrase-file out, and put the backup on an encrypted disk')
      yield cipher.update(chunk)
    }
    cipher.final()
    yield cipher.getAuthTag()
  },
  async * decode (name, path) {
    const { size } = statSync(path)
    if (size < nonceBytes + tagBytes) throw new Error('it is too short')
    const [nonce, tag] = await Promise.all([readRange(path, 0, nonceBytes), readRange(path, size - tagBytes, size)])
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(associatedDataOf(name)).setAuthTag(tag)
    if (size > nonceBytes + tagBytes) for await (const chunk of createReadStream(path, { start: nonceBytes, end: size - tagBytes - 1 })) yield decipher.update(chunk as Buffer)
    decipher.final()
  },
})

const readRange = async (path: string, start: number, end: number): Promise<Buffer> =>
  Buffer.concat(await createReadStream(path, { start, end: end - 1 }).toArray() as Buffer[])
