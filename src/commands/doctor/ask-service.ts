/** Which service answers on this machine: asked once, for all checks. */
import { localUrl } from '../local-url.ts'
import { askDoctor, problemIn, readDoctorKey, type Arrival } from './ask-doctor.ts'
import { call, type CallAnswer } from './call.ts'
import type { CheckContext } from './context.ts'

export type ServiceAnswer =
  /** The service with the doctor's keys. */
  | { readonly state: 'found', readonly url: string, readonly told: Arrival, readonly answer: CallAnswer }
  /** A scan-login that doesn't know the doctor's keys. */
  | { readonly state: 'other-keys', readonly url: string }
  /** A scan-login that isn't below the path of PUBLIC_URL. */
  | { readonly state: 'other-path', readonly url: string }
  /** Refused for now by LIMIT_GUESS. */
  | { readonly state: 'limited', readonly url: string }
  | { readonly state: 'other-program', readonly url: string, readonly status: number }
  /** `isTaken`: something has the port, and speaks no HTTP or hangs. */
  | { readonly state: 'silent', readonly url: string, readonly error: string, readonly isTaken: boolean }
  /** PORT=0. */
  | { readonly state: 'no-port' }
  /** The doctor can't read the key file. */
  | { readonly state: 'no-keys' }

/** There is no network between. */
const withinMs = 5000

const asked = new WeakMap<CheckContext, Promise<ServiceAnswer>>()

/** Asks the service of these settings; once for each context. Never rejects. */
export const askService = (context: CheckContext): Promise<ServiceAnswer> => {
  const answer = asked.get(context) ?? ask(context)
  asked.set(context, answer)
  return answer
}

const ask = async (context: CheckContext): Promise<ServiceAnswer> => {
  if (context.config.PORT === 0) return { state: 'no-port' }
  const url = localUrl(context.config)
  const key = readDoctorKey(context)
  if (key === null) return { state: 'no-keys' }
  const { answer, told, nonce } = await askDoctor(url, key, { withinMs })
  if (answer.status === null) return { state: 'silent', url, error: answer.error, isTaken: !answer.error.includes('ECONNREFUSED') }
  if (told?.nonce === nonce) return { state: 'found', url, told, answer }
  if (problemIn(answer) === 'rate-limited') return { state: 'limited', url }
  if (problemIn(answer) !== 'not-found') return { state: 'other-program', url, status: answer.status }
  const health = await call(`${url}/health/live`, { withinMs })
  return { state: health.status === 200 ? 'other-keys' : 'other-path', url }
}
