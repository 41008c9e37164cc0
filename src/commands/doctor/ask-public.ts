/** Whether PUBLIC_URL leads to the service: asked once, for all checks. */
import type { KeyObject } from 'node:crypto'
import { askDoctor, isOld, readDoctorKey, type Arrival } from './ask-doctor.ts'
import type { CallAnswer, CallFailure } from './call.ts'
import type { CheckContext } from './context.ts'

export type PublicAnswer =
  | { readonly state: 'reached', readonly key: KeyObject, readonly told: Arrival, readonly answer: CallAnswer }
  /** A cache has answered, with what the service told before. */
  | { readonly state: 'cached' }
  /** The service is there, but its path gets lost on the way. */
  | { readonly state: 'path-changed' }
  | { readonly state: 'other', readonly answer: CallAnswer | CallFailure }
  /** The doctor can't read the key file. */
  | { readonly state: 'no-keys' }

const asked = new WeakMap<CheckContext, Promise<PublicAnswer>>()

/** Calls the service through PUBLIC_URL; once for each context. Never rejects. */
export const askPublic = (context: CheckContext): Promise<PublicAnswer> => {
  const answer = asked.get(context) ?? ask(context)
  asked.set(context, answer)
  return answer
}

/** Where paths below PUBLIC_URL begin. */
export const publicBase = ({ config }: Pick<CheckContext, 'config'>): string => `${config.origin}${config.basePath}`

const ask = async (context: CheckContext): Promise<PublicAnswer> => {
  const key = readDoctorKey(context)
  if (key === null) return { state: 'no-keys' }
  const base = publicBase(context)
  const asked = await askDoctor(base, key, { query: fresh() })
  const { answer, told } = asked
  if (isOld(asked)) return { state: 'cached' }
  if (told !== null && answer.status !== null) return { state: 'reached', key, told, answer }
  const { basePath } = context.config
  if (answer.status !== null && basePath !== '') {
    // A proxy that takes the path away needs it twice.
    const twice = await askDoctor(`${base}${basePath}`, key, { query: fresh() })
    if (twice.told !== null) return { state: 'path-changed' }
  }
  return { state: 'other', answer }
}

/** A query that no cache has seen. */
export const fresh = (): string => `?doctor=${crypto.randomUUID()}`
