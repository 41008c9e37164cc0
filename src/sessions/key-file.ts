/** Owns the key file: how keys are made, kept and read. A file that is missing, open to others or not as made here stops the start. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, type JsonWebKey } from 'node:crypto'
import { chmodSync, closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A key pair that signs access tokens: ES256. */
export interface SigningKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string
  readonly privatePem: string
  readonly publicPem: string
  /** As `/.well-known/jwks.json` shows it. */
  readonly publicJwk: Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'alg' | 'use', string>>
}

export interface Keys {
  /** The first one signs; all of them verify. */
  readonly signing: readonly [SigningKey, ...SigningKey[]]
  /** 32 bytes that turn an openid into a subject. Lose them and everybody becomes somebody else. */
  readonly subject: Buffer
  /** 32 bytes that the secrets of session cookies are derived with, and the names under which addresses and people are counted. */
  readonly cookie: Buffer
}

/** What stands in the file. */
interface KeyFile {
  readonly signing: readonly JsonWebKey[]
  readonly subject: string
  readonly cookie: string
}

/** Makes new keys. */
export const generateKeys = (): Keys => parseKeys(generateKeyFile())

/** Reads the key file. Throws an Error whose message is one line for the operator. */
export const readKeyFile = (path: string): Keys => {
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`)
  try {
    return parseKeys(JSON.parse(readFileSync(path, 'utf8')) as KeyFile)
  } catch (cause) {
    throw new Error(`${path} is not a key file of scan-login (npm run keys makes one)`, { cause })
  }
}

/**
 * Makes the key file, readable by its owner only. False where there is one already, which stays as it is. Of several processes one wins.
 * Throws an Error whose message is one line for the operator.
 */
export const makeKeyFile = (path: string): boolean => {
  if (existsSync(path)) return false // perhaps in a folder that nobody can write to
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return writeKeyFile(path)
  } catch (cause) {
    throw new Error(`${path} can't be made: ${(cause as Error).message}`, { cause }) // node:fs throws Errors
  }
}

const writeKeyFile = (path: string): boolean => {
  const draft = `${path}.${process.pid}.new`
  const file = openSync(draft, 'w', 0o600)
  try {
    chmodSync(draft, 0o600)
    writeFileSync(file, `${JSON.stringify(generateKeyFile(), null, 2)}\n`)
    fsyncSync(file)
    linkSync(draft, path) // whole or not at all, and never over an existing file
    return true
  } catch (error) {
    if (isAlreadyThere(error)) return false
    throw error
  } finally {
    closeSync(file)
    rmSync(draft)
  }
}

const generateKeyFile = (): KeyFile => ({
  signing: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })],
  subject: randomBytes(32).toString('base64url'),
  cookie: randomBytes(32).toString('base64url'),
})

const parseKeys = (file: KeyFile): Keys => {
  const [first, ...others] = file.signing.map(parseSigningKey)
  if (first === undefined) throw new Error('there is no signing key')
  return { signing: [first, ...others], subject: parseSecret(file.subject), cookie: parseSecret(file.cookie) }
}

const parseSigningKey = (jwk: JsonWebKey): SigningKey => {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' })
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('a signing key is not on P-256')
  const publicKey = createPublicKey(privateKey)
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string, y: string } // an EC key has both
  const kid = createHash('sha256').update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })).digest('base64url')
  return {
    kid,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, // PEM is text
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
    publicJwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' },
  }
}

const parseSecret = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 32 || new Set(bytes).size < 8) throw new Error('a secret is not 32 random bytes')
  return bytes
}

const isAlreadyThere = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'
