/** Handwritten histories for tests of the checker: a good login, of which a test changes single calls. */
import type { AnswerRecord, CallKind, CallRecord, HistoryRecord } from './history.ts'

const emptyAnswer: AnswerRecord = {
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

const emptyCall: Omit<CallRecord, 'kind' | 'actor' | 'start' | 'end' | 'answer'> = {
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

/** The parts of a call that matter. `at` is its start; it takes 10 ms unless `end` is given. */
export type CallParts = Partial<Omit<CallRecord, 'answer'>> & { readonly at?: number, readonly answer?: Partial<AnswerRecord> | null }

export const call = (kind: CallKind, { at = 0, answer = {}, ...parts }: CallParts): CallRecord => ({
  ...emptyCall,
  kind,
  actor: 'browser 0',
  start: at,
  end: at + 10,
  ...parts,
  answer: answer && { ...emptyAnswer, ...answer },
})

export const refusal = (status: number, code: string): Partial<AnswerRecord> =>
  ({ status, code, isProblem: true, retryAfter: status === 503 ? 2 : null })

const ticket = 'T'
const secret = 'S'
let nonces = 0

export const byBrowser = (kind: CallKind, parts: CallParts): CallRecord => call(kind, { ticket, secret, ...parts })
export const byPhone = (kind: CallKind, parts: CallParts): CallRecord =>
  call(kind, { actor: 'phone 0', ticket: kind === 'sign-out' ? null : ticket, keyId: 'K1', nonce: `n${nonces++}`, ...parts })
const scanned = { state: 'scanned', version: 2 }
const confirmed = { state: 'confirmed', version: 3 }
export const session = { sid: 'I', sub: 'ming', cookie: 'C' }

/** One login from the first call to the last, 100 ms apart. Each call has a name, so that a test can omit or replace it. */
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
