/** What a backup says of itself, in its file manifest.json. It is written last, and read first. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Check } from 'typebox/value'
import { ownVersion } from '../../version.ts'
import { createSealedCodec, encryption, keyFrom, plainCodec, type Codec } from './codec.ts'

export const manifestName = 'manifest.json'
/** In an encrypted backup the manifest itself is in this file. */
export const sealedManifestName = 'manifest'

/** The files that a backup may have, whatever its manifest says: no name leads out of its folder. */
export const fileNames = ['store.db', 'keys.json', 'clients.json'] as const
export type FileName = typeof fileNames[number]

const format = 'scan-login backup 1'

const ManifestSchema = Type.Object({
  format: Type.Literal(format),
  version: Type.String({ pattern: '^\\d{1,6}\\.\\d{1,6}\\.\\d{1,6}(?:[-+][\\w.+-]{1,64})?$' }),
  made_at: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' }),
  store: Type.Union([Type.Null(), Type.Object({
    tables: Type.Array(Type.String()),
    record_schemas: Type.Array(Type.Integer()),
    people: Type.Integer(),
    logins: Type.Integer(),
  })]),
  files: Type.Array(Type.Object({
    name: Type.Enum([...fileNames]),
    bytes: Type.Integer({ minimum: 0 }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }), { minItems: 1, maxItems: fileNames.length }),
  not_included: Type.Array(Type.String()),
})

export type Manifest = Static<typeof ManifestSchema>

const HeaderSchema = Type.Object({
  format: Type.Literal(format),
  encryption: Type.Object({ cipher: Type.Literal(encryption.cipher), kdf: Type.Literal(encryption.kdf), N: Type.Literal(encryption.N), r: Type.Literal(encryption.r), p: Type.Literal(encryption.p), salt: Type.String({ pattern: '^[0-9a-f]{32}$' }) }),
})

export const textOf = (manifest: Omit<Manifest, 'format'>): string => `${JSON.stringify({ format, ...manifest }, null, 2)}\n`

export const headerText = (salt: Buffer): string => `${JSON.stringify({ format, encryption: { ...encryption, salt: salt.toString('hex') } }, null, 2)}\n`

export interface OpenedBackup {
  readonly folder: string
  readonly manifest: Manifest
  readonly codec: Codec
}

/** Reads a backup's manifest. Throws an Error with one line for the operator. */
export const openBackup = async (folder: string, passphrase: string | null): Promise<OpenedBackup> => {
  const path = join(folder, manifestName)
  if (!existsSync(path)) throw new Error(`${folder} is no backup: it has no ${manifestName}`)
  const first = parse(path, readFileSync(path, 'utf8'))
  if (typeof first !== 'object' || first === null || !('format' in first) || typeof first.format !== 'string') throw new Error(`${path} is damaged, or not of a backup`)
  if (first.format !== format) throw new Error(`${path} says ${JSON.stringify(first.format.slice(0, 40))}, and this release reads "${format}": restore it with the release that made it, or a newer one`)
  if (!('encryption' in first)) {
    if (passphrase !== null) throw new Error(`${folder} is not encrypted: leave --passphrase-file out if that is what you expect`)
    return { folder, codec: plainCodec, manifest: checked(path, first) }
  }
  if (!Check(HeaderSchema, first)) throw new Error(`${path} is damaged, or encrypted in a way that this release doesn't know`)
  if (passphrase === null) throw new Error(`${folder} is encrypted: name the file of its passphrase with --passphrase-file`)
  const codec = createSealedCodec(await keyFrom(passphrase, Buffer.from(first.encryption.salt, 'hex')))
  return { folder, codec, manifest: checked(path, parse(path, await sealedText(codec, folder))) }
}

const sealedText = async (codec: Codec, folder: string): Promise<string> => {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of codec.decode(sealedManifestName, join(folder, sealedManifestName))) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  } catch (cause) {
    throw new Error(`${folder} can't be decrypted: the passphrase is another one, or the backup is damaged or was changed`, { cause })
  }
}

const parse = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${path} is damaged: it is no JSON`)
  }
}

const checked = (path: string, manifest: unknown): Manifest => {
  if (!Check(ManifestSchema, manifest)) throw new Error(`${path} is damaged, or not of a backup`)
  return manifest
}

/** Throws where a newer release has made the backup: it may have stored what this one would misread. */
export const assertOwnOrOlder = ({ version }: Manifest, own = ownVersion()): void => {
  const numbersOf = (text: string): readonly number[] => text.split(/[-+]/)[0]?.split('.').map(Number) ?? []
  const [theirs, ours] = [numbersOf(version), numbersOf(own)]
  const difference = theirs.map((number, index) => number - (ours[index] ?? 0)).find((one) => one !== 0) ?? 0
  if (difference > 0) throw new Error(`the backup was made by scan-login ${version}, and this is ${own}: restore it with ${version} or a newer release`)
}
