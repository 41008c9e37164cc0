/** What the doctor and a running service know of each other by the key file: the doctor's proof that it reads the same one, and marks of settings. */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { equalInConstantTime } from './ids.ts'

/** How far the time of a proof may be from the service's. */
export const proofLifeMs = 60_000

const proofPattern = /^(\d{13})\.([\w-]{22})\.([\w-]{43})$/

/** Derives the key of all of this from the cookie key. With it nothing else can be made that the cookie key is for. */
export const doctorKey = (cookieKey: Buffer): KeyObject => createSecretKey(Buffer.from(hkdfSync('sha256', cookieKey, '', 'scan-login doctor', 32)))

const macOf = (key: KeyObject, time: string, nonce: string, method: string): string =>
  createHmac('sha256', key).update(`proof\0${time}\0${nonce}\0${method}`).digest('base64url')

/** Returns the value of `X-Doctor` for a call. The nonce is an id, `now` in milliseconds since 1970. */
export const doctorProof = (key: KeyObject, { now, nonce, method }: { readonly now: number, readonly nonce: string, readonly method: string }): string =>
  `${now}.${nonce}.${macOf(key, String(now), nonce, method)}`

/** Returns the nonce of a valid proof; undefined for anything else. */
export const verifyDoctorProof = (key: KeyObject, proof: string, { now, method }: { readonly now: number, readonly method: string }): string | undefined => {
  const [, time, nonce, mac] = proofPattern.exec(proof) ?? []
  if (time === undefined || nonce === undefined || mac === undefined || Math.abs(now - Number(time)) > proofLifeMs) return undefined
  return equalInConstantTime(mac, macOf(key, time, nonce, method)) ? nonce : undefined
}

/** Returns a mark of each setting's value: two are equal where the values are, and neither tells the value, as secrets are among them. */
export const settingMarks = (key: KeyObject, settings: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) =>
  [name, createHmac('sha256', key).update(`setting\0${name}\0${JSON.stringify(settings[name])}`).digest().subarray(0, 9).toString('base64url')]))
