/** Owns histories made by hand, for tests of the checker: a good login, told call by call, and changed where a test wants it otherwise. */
import type { AnswerRecord, CallKind, CallRecord, HistoryRecord } from './history.ts'

const nothing: AnswerRecord = {
  status: 200,
  isProblem: false,
  code: null,
  retryAfter: null,
  ticket: null,
  secret: null,
  state: null,
  version: null,
  matchCode: null,
  sid: null,
  sub: null,
  cookie: null,
  keyId: null,
}

const silence: Omit<CallRecord, 'kind' | 'actor' | 'start' | 'end' | 'answer'> = {
  type: 'call',
  instance: 0,
  ticket: null,
  sid: null,
  secret: null,
  cookie: null,
  keyId: null,
  nonce: null,
  matchCode: null,
  waitMs: 0,
  error: null,
}

/** What is said of a call: only what matters. `at` is when it starts, and it takes ten milliseconds unless `end` is given. */
export type Told = Partial<Omit<CallRecord, 'answer'>> & { readonly at?: number, readonly answer?: Partial<AnswerRecord> | null }

export const call = (kind: CallKind, { at = 0, answer = {}, ...told }: Told): CallRecord => ({
  ...silence,
  kind,
  actor: 'browser 0',
  start: at,
  end: at + 10,
  ...told,
  answer: answer && { ...nothing, ...answer },
})

/** A refusal as the contract has it. */
export const refusal = (status: number, code: string): Partial<AnswerRecord> =>
  ({ status, code, isProblem: true, retryAfter: status === 503 ? 2 : null })

const ticket = 'T'
const secret = 'S'
let nonces = 0

export const byBrowser = (kind: CallKind, told: Told): CallRecord => call(kind, { ticket, secret, ...told })
export const byPhone = (kind: CallKind, told: Told): CallRecord =>
  call(kind, { actor: 'phone 0', ticket: kind === 'sign-out' ? null : ticket, keyId: 'K1', nonce: `n${nonces++}`, ...told })
const scanned = { state: 'scanned', version: 2 }
const confirmed = { state: 'confirmed', version: 3 }
export const session = { sid: 'I', sub: 'ming', cookie: 'C' }

/** One login from the first call to the last, a hundred milliseconds apart; each call by a name, so that it can be left out or told otherwise. */
export const goodLogin = (): Record<string, HistoryRecord> => ({
  run: { type: 'run', seed: 1, ticketTtlMs: 30_000, browsers: 1 },
  create: call('create', { at: 0, answer: { status: 201, ticket, secret, state: 'pending', version: 1 } }),
  phoneLogin: call('phone-login', { at: 100, actor: 'phone 0', answer: { keyId: 'K1', sub: 'ming' } }),
  otherLogin: call('phone-login', { at: 110, actor: 'rival 0', answer: { keyId: 'K2', sub: 'hong' } }),
  pending: byBrowser('poll', { at: 200, answer: { state: 'pending', version: 1 } }),
  scan: byPhone('scan', { at: 300, answer: scanned }),
  scanned: byBrowser('poll', { at: 400, answer: { ...scanned, matchCode: '47' } }),
  confirm: byPhone('confirm', { at: 500, matchCode: '47', answer: confirmed }),
  confirmed: byBrowser('poll', { at: 600, answer: confirmed }),
  consume: byBrowser('consume', { at: 700, answer: session }),
  consumeAgain: byBrowser('consume', { at: 800, answer: session }),
  consumed: byBrowser('poll', { at: 900, answer: { state: 'consumed', version: 4 } }),
  fault: { type: 'fault', kind: 'instance killed', instance: 1, start: 950, end: 990 },
  session: call('session', { at: 3_000, cookie: 'C', answer: { sid: 'I', sub: 'ming' } }),
  end: { type: 'end', actor: 'browser 0', how: 'logged-in', ticket, cookie: 'C' },
})
