/** The outcome of a call: a value, or the code of a failure. */
import type { Platform, Reply } from './ports'

/** The error codes that a phone can get (src/http/README.md, "Errors"); any other counts as `internal`. */
export const serverCodes = [
  'bad-request', 'signature-invalid', 'clock-skew', 'replayed', 'key-unknown', 'js-code-invalid', 'match-wrong', 'wechat-user-blocked',
  'not-owner', 'person-waiting', 'person-unknown', 'person-blocked',
  'not-found', 'ticket-not-found', 'method-not-allowed', 'ticket-not-scanned', 'ticket-taken', 'ticket-confirmed', 'ticket-consumed',
  'ticket-cancelled', 'ticket-expired', 'payload-too-large', 'unsupported-media-type', 'rate-limited', 'internal', 'wechat-unavailable',
  'store-unavailable',
] as const

export type ServerCode = typeof serverCodes[number]

/**
 * The service's codes, and what the phone finds out itself: `offline`, there is no network; `no-answer`, there is one, but nothing came, or something that is
 * not the service's, and the call may or may not have been carried out; `not-set-up`, WeChat forbids this mini program to call the service's address; `too-old`, this WeChat lacks a needed interface;
 * `name-…`, the service refuses the name for this reason, and `name-refused` for any other.
 */
export type FailureCode = ServerCode | 'offline' | 'no-answer' | 'not-set-up' | 'too-old' | `name-${NameReason}` | 'name-refused'

/** The service's reasons to refuse a name. */
const nameReasons = ['unreadable', 'mixed-scripts', 'office', 'address'] as const

type NameReason = typeof nameReasons[number]

export interface Success<T> { readonly ok: true, readonly value: T }
export interface Failure {
  readonly ok: false
  readonly code: FailureCode
  /** The service's clock in seconds, if the answer has it. */
  readonly serverTime?: number
  /** Seconds to wait before another try, if the answer has them. */
  readonly retryAfter?: number
  /** The reason, if the code alone doesn't tell it. */
  readonly reason?: string
  /** The session of a login that this person has confirmed, if the call came too late for it. */
  readonly session?: string
  /** With `no-answer`: the connection turned out to be gone, so the same call over a new one may well succeed. */
  readonly wasCut?: true
}
export type Outcome<T> = Success<T> | Failure

export const offline: Failure = { ok: false, code: 'offline' }
export const wechatUnavailable: Failure = { ok: false, code: 'wechat-unavailable' }
export const tooOld: Failure = { ok: false, code: 'too-old' }
export const nameRefused = (reason: string | undefined): Failure => {
  const known = nameReasons.find((one) => one === reason)
  return { ok: false, code: known === undefined ? 'name-refused' : `name-${known}` }
}

/**
 * A phone keeps connections that the network or a proxy may have dropped meanwhile, while it slept or moved to another network, and iOS fails the first call
 * over such a one. That takes a moment; what takes longer is slow or away, and a second call would only make the person wait twice.
 */
const cutWithinMs = 5_000

/** Sends a call and reads the answer. Never rejects: no answer is a failure, too. */
export const answerTo = async <T>(platform: Platform, send: () => Promise<Reply>, read: Read<T>): Promise<Outcome<T>> => {
  const startedAt = platform.now()
  let reply: Reply
  try {
    reply = await send()
  } catch (reason) {
    const message = reason instanceof Error ? reason.message : ''
    // WeChat's text: `request:fail url not in domain list`.
    if (/domain list/i.test(message)) return { ok: false, code: 'not-set-up' }
    const wasCut = !/timeout/i.test(message) && platform.now() - startedAt < cutWithinMs
    if (!await platform.isConnected()) return offline
    return { ok: false, code: 'no-answer', ...(wasCut && { wasCut }) }
  }
  return outcomeOf(reply, read)
}

/** Returns the value of a 2xx answer; undefined if it isn't as the service sends it. */
export type Read<T> = (body: Body, status: number) => T | undefined

/**
 * Reads a reply. Only the service's own problems count as its word: a proxy answers 404 of its own while the service is replaced, and the login page of a Wi-Fi
 * any status at all.
 */
const outcomeOf = <T>(reply: Reply, read: Read<T>): Outcome<T> => {
  const body = bodyOf(reply.body)
  if (reply.status >= 200 && reply.status < 300) {
    const value = read(body, reply.status)
    if (value !== undefined) return { ok: true, value }
    return { ok: false, code: body === nothing ? 'no-answer' : 'internal' }
  }
  const code = problemCodeOf(body)
  if (code === undefined) return { ok: false, code: 'no-answer' }
  return {
    ok: false,
    code,
    ...(typeof body.server_time === 'number' && { serverTime: body.server_time }),
    ...(reply.retryAfter !== undefined && { retryAfter: reply.retryAfter }),
    ...(typeof body.reason === 'string' && { reason: body.reason }),
    ...(typeof body.session === 'string' && { session: body.session }),
  }
}

const problemType = 'urn:scan-login:problem:'

/** The code of a problem, `internal` for one that this version doesn't know; undefined if the body is no problem of the service's. */
const problemCodeOf = ({ type }: Body): ServerCode | undefined => {
  if (typeof type !== 'string' || !type.startsWith(problemType)) return undefined
  return serverCodes.find((code) => type === problemType + code) ?? 'internal'
}

export type Body = Readonly<Record<string, unknown>>

const nothing: Body = {}

/** The body as an object; empty if it is none. */
export const bodyOf = (value: unknown): Body => typeof value === 'object' && value !== null ? value as Body : nothing
