/** Calls to `/api/doctor`: the service that has the doctor's keys tells how they arrived. */
import { randomBytes, type KeyObject } from 'node:crypto'
import type { Static } from 'typebox'
import { doctorKey, doctorProof } from '../../domain/doctor-proof.ts'
import { newId } from '../../domain/ids.ts'
import type { Doctor } from '../../http/schemas.ts'
import { readKeyFile } from '../../sessions/key-file.ts'
import { call, type CallAnswer, type CallFailure, type CallOptions } from './call.ts'
import type { CheckContext } from './context.ts'

export type Arrival = Static<typeof Doctor>

export interface DoctorCall {
  readonly nonce: string
  readonly answer: CallAnswer | CallFailure
  /** What a service with the same keys has told, of this call or, where a cache answered, of an earlier one. Null for any other answer. */
  readonly told: Arrival | null
}

/** Calls a service with a fresh proof; `query` begins with `?`. */
export const askDoctor = async (base: string, key: KeyObject, { query = '', ...options }: CallOptions & { readonly query?: string } = {}): Promise<DoctorCall> => {
  const { method = 'GET', headers = {} } = options
  const nonce = newId(randomBytes)
  const proof = doctorProof(key, { now: Date.now(), nonce, method })
  const answer = await call(`${base}/api/doctor${query}`, { ...options, headers: { ...headers, 'x-doctor': proof } })
  return { nonce, answer, told: answer.status === 200 ? readArrival(answer.text) : null }
}

/** Null for what no service of ours has sent. */
const readArrival = (text: string): Arrival | null => {
  const told = parsed(text)
  const isOurs = typeof told === 'object' && told !== null && 'nonce' in told && typeof told.nonce === 'string' && 'settings' in told && 'user' in told
  return isOurs ? told as Arrival : null // nobody else answers a proof
}

/** Whether a cache has answered: what is told is of an earlier call then. */
export const isOld = ({ nonce, told }: DoctorCall): boolean => told !== null && told.nonce !== nonce

/** Undefined where the text is no JSON. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The code of the problem that a scan-login has answered with; null for any other answer. */
export const problemIn = (answer: CallAnswer | CallFailure): string | null => {
  const body = answer.status === null ? null : parsed(answer.text)
  const [, code = null] = typeof body === 'object' && body !== null && 'type' in body ? /^urn:scan-login:problem:([a-z-]+)$/.exec(String(body.type)) ?? [] : []
  return code
}

/** The key of proofs; null where the key file can't be read, which the check of files tells. */
export const readDoctorKey = ({ config }: Pick<CheckContext, 'config'>): KeyObject | null => {
  try {
    return doctorKey(readKeyFile(config.KEYS_FILE).cookie)
  } catch {
    return null
  }
}
