/** Signatures of phone calls: a closed profile of RFC 9421 (HTTP Message Signatures) and RFC 9530 (Digest Fields). */
import { createHmac, createSecretKey, hash } from 'node:crypto'
import { Problem } from '../errors.ts'
import { equalInConstantTime, keyIdPattern } from '../domain/ids.ts'
import type { Clock, PhoneKey, PhoneKeys } from '../login/ports.ts'

/** A request as it was received. */
export interface SignedRequest {
  readonly method: string
  /** The request target: path and query, not decoded. */
  readonly target: string
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface SignatureDeps {
  readonly phoneKeys: PhoneKeys
  readonly clock: Clock
  /** Host and port of PUBLIC_URL, never of the request. */
  readonly authority: string
  /** Called with the key that signed, before anything of the call is stored. */
  readonly limitOf?: (key: PhoneKey) => CallLimit
}

export interface CallLimit {
  /** `count` rejects without asking the store. Then nothing else is asked of it either. */
  readonly isKnownOver: boolean
  /** Counts the call; may reject. */
  readonly count: () => Promise<void>
}

/** How far `created` may be from our clock, in either direction. */
const skewSeconds = 120

const components = '("@method" "@authority" "@path" "@query" "content-digest")'
const parameterForms = {
  created: /^created=(\d{1,12})$/,
  nonce: /^nonce="([A-Za-z0-9_-]{16,64})"$/,
  keyid: new RegExp(`^keyid="(${keyIdPattern})"$`),
  alg: /^alg="(hmac-sha256)"$/,
  tag: /^tag="(scan-login)"$/,
} as const

/**
 * Verifies the signature; resolves with the key that signed. Rejects with `signature-invalid`, `key-unknown`, `clock-skew` (with
 * `server_time`) or `replayed`; before the MAC is right with the first two only. The nonce is remembered only after that.
 *
 * A key that this process remembers is enough for the MAC. Whether it has been ended is read with each call all the same, beside the count and the nonce, so that a
 * sign-out holds at once, whatever this process has heard of it. One call at a time does so: the others of this key read it first, or whoever has an ended key
 * could use up the limit of its person with one burst.
 */
export const verifyPhoneSignature = async (request: SignedRequest, { phoneKeys, clock, authority, limitOf }: SignatureDeps): Promise<PhoneKey> => {
  const { parameters, input, digest, mac } = readHeaders(request.headers)
  const isSignedBy = (key: string): boolean => equalInConstantTime(mac, createHmac('sha256', createSecretKey(key, 'base64url')) // from bytes it takes four times as long
    .update(signatureBase(request, authority, digest, input)).digest('base64'))

  const recalled = phoneKeys.recall(parameters.keyid)
  const isRecalled = recalled !== undefined && isSignedBy(recalled.key) && isDigestOf(digest, request.body)
  const key = isRecalled ? recalled : await phoneKeys.read(parameters.keyid)
  const isRight = isRecalled || isSignedBy(key?.key ?? decoyKey)
  if (key === undefined) throw new Problem('key-unknown')
  if (!isRight || !isDigestOf(digest, request.body)) throw new Problem('signature-invalid')

  const now = Math.floor(clock.now() / 1000)
  const isInTime = Math.abs(now - Number(parameters.created)) <= skewSeconds
  const limit = limitOf?.(key)
  const readNow = () => isRecalled ? phoneKeys.read(key.id) : Promise.resolve(key)
  if (limit?.isKnownOver === true) {
    if (await readNow() === undefined) throw new Problem('key-unknown')
    await limit.count()
  }
  // The nonce of a skewed call is remembered, too: `created` may lie in the future, or our clock be set back, and the call would then be in time.
  const [reading, counting, claiming] = await Promise.allSettled([
    readNow(),
    limit?.isKnownOver === false ? limit.count() : undefined,
    phoneKeys.claimNonce(key, parameters.nonce),
  ])
  const current = valueOf(reading)
  if (current === undefined) throw new Problem('key-unknown')
  // A call over the limit uses up no nonce, so that the phone may repeat it. It has stored one only where the limit was not yet known to be reached.
  if (counting.status === 'rejected' && claiming.status === 'fulfilled' && claiming.value) await phoneKeys.releaseNonce(key, parameters.nonce).catch(() => {})
  valueOf(counting)
  const isFirst = valueOf(claiming)
  if (!isInTime) throw new Problem('clock-skew', { extra: { server_time: now } })
  if (!isFirst) throw new Problem('replayed')
  return current
}

const valueOf = <T>(outcome: PromiseSettledResult<T>): T => {
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

const isDigestOf = (digest: string, body: Buffer): boolean => equalInConstantTime(digest, hash('sha256', body, 'base64'))

/** Signs nothing. It makes the check of an unknown key take as long as that of a known one. */
const decoyKey = 'A'.repeat(43)

const readHeaders = (headers: SignedRequest['headers']) => {
  const input = single(headers['signature-input'], /^sig1=(.{1,512})$/)
  if (!input.startsWith(`${components};`)) throw new Problem('signature-invalid')
  return {
    input,
    parameters: readParameters(input.slice(components.length + 1)),
    digest: single(headers['content-digest'], /^sha-256=:([A-Za-z0-9+/]{43}=):$/),
    mac: single(headers.signature, /^sig1=:([A-Za-z0-9+/]{43}=):$/),
  }
}

/** The only value of a header. Node joins repeated headers into one text, which then doesn't match. */
const single = (header: string | string[] | undefined, form: RegExp): string => {
  const value = typeof header === 'string' ? form.exec(header)?.[1] : undefined
  if (value === undefined) throw new Problem('signature-invalid')
  return value
}

/** Exactly the five parameters, each once, in any order. */
const readParameters = (text: string): Record<keyof typeof parameterForms, string> => {
  const parts = text.split(';')
  const names = Object.keys(parameterForms) as Array<keyof typeof parameterForms>
  if (parts.length !== names.length) throw new Problem('signature-invalid')
  return Object.fromEntries(names.map((name) => {
    const [value] = parts.flatMap((part) => parameterForms[name].exec(part)?.[1] ?? [])
    if (value === undefined) throw new Problem('signature-invalid')
    return [name, value]
  })) as Record<keyof typeof parameterForms, string> // every name was found
}

/** RFC 9421 §2.5. The target starts with the path of PUBLIC_URL, as a proxy passes paths on unchanged. */
const signatureBase = ({ method, target }: SignedRequest, authority: string, digest: string, input: string): string => {
  const query = target.indexOf('?')
  return [
    `"@method": ${method}`,
    `"@authority": ${authority}`,
    `"@path": ${query === -1 ? target : target.slice(0, query)}`,
    `"@query": ${query === -1 ? '?' : target.slice(query)}`,
    `"content-digest": sha-256=:${digest}:`,
    `"@signature-params": ${input}`,
  ].join('\n')
}
