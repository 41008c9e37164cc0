/** Owns the check of a signed phone call: our closed profile of RFC 9421 and RFC 9530. Knows requests as data, and tickets not at all. */
import { createHash, createHmac } from 'node:crypto'
import { Problem } from '../errors.ts'
import { keyIdPattern, sameText } from '../domain/ids.ts'
import type { Clock, PhoneKey, PhoneKeys } from '../login/ports.ts'

/** A request as it came in. */
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
  /** Host and port of PUBLIC_URL: never taken from the request. */
  readonly authority: string
  /** Hears whose key signed before the nonce is stored, and may refuse: each nonce costs a write. */
  readonly beforeNonce?: (key: PhoneKey) => Promise<void>
}

/** A signature is good for so long before and after `created`. Seconds. */
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
 * Tells whose phone signed. The checks stand in the order of CONTRACT, "The signature": nothing is told before the MAC is right, and a nonce
 * is remembered only after that. Rejects with `signature-invalid`, `key-unknown`, `clock-skew` (with `server_time`) or `replayed`.
 */
export const verifyPhoneSignature = async (request: SignedRequest, { phoneKeys, clock, authority, beforeNonce }: SignatureDeps): Promise<string> => {
  const { parameters, input, digest, mac } = readHeaders(request.headers)
  const key = await phoneKeys.read(parameters.keyid)
  const expected = createHmac('sha256', Buffer.from(key?.key ?? nobodysKey, 'base64url'))
    .update(signatureBase(request, authority, digest, input)).digest('base64')
  const isRight = sameText(mac, expected)
  if (key === undefined) throw new Problem('key-unknown')
  if (!isRight) throw new Problem('signature-invalid')
  if (!sameText(digest, createHash('sha256').update(request.body).digest('base64'))) throw new Problem('signature-invalid')
  const now = Math.floor(clock.now() / 1000)
  const isInTime = Math.abs(now - Number(parameters.created)) <= skewSeconds
  await beforeNonce?.(key)
  // Remembered of a refused call as well: its time may lie ahead, or our clock be set, and then it would be in time.
  const isFirst = await phoneKeys.claimNonce(key, parameters.nonce)
  if (!isInTime) throw new Problem('clock-skew', { extra: { server_time: now } })
  if (!isFirst) throw new Problem('replayed')
  return key.sub
}

/** Signs nothing; it makes an unknown key take as long as a known one. */
const nobodysKey = 'A'.repeat(43)

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

/** Node joins a repeated header into one text, which then has not this form. */
const single = (header: string | string[] | undefined, form: RegExp): string => {
  const value = typeof header === 'string' ? form.exec(header)?.[1] : undefined
  if (value === undefined) throw new Problem('signature-invalid')
  return value
}

/** Exactly the five parameters, each once; in which order they were signed is the signer's choice. */
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

/** RFC 9421 §2.5. The service lives at the path of PUBLIC_URL and a proxy passes it on as it is, so the target starts with it. */
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
