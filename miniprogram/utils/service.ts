/** Owns the calls to the service, one function each: signed, mended once where the service says how, answered as an Outcome. Draws nothing. */
import { answerTo, nameRefused, readCancelled, readConfirmed, readOffer, readSessions } from './answers'
import type { Failure, LoggedInBrowser, Offer, Outcome, User } from './answers'
import { base64url, fromBase64url } from './bytes'
import { createPhoneKeys } from './phone-key'
import type { PhoneKey } from './phone-key'
import type { PhoneRequest, Platform, Reply } from './ports'
import { sign } from './signature'

export interface Service {
  /** Who this phone is; undefined until a call has logged it in. */
  user (): User | undefined
  scan (ticket: string): Promise<Outcome<Offer>>
  /** Says yes with the number that was tapped or typed; null where no number was asked for. */
  confirm (ticket: string, number: string | null): Promise<Outcome<'confirmed'>>
  cancel (ticket: string): Promise<Outcome<'cancelled'>>
  sessions (): Promise<Outcome<readonly LoggedInBrowser[]>>
  /** Logs a browser out; fine too where it has been before. */
  signOut (sessionId: string): Promise<Outcome<true>>
  /** Logs out every browser, and every phone of this person's but this one. */
  signOutEverywhere (): Promise<Outcome<true>>
  /** Chooses the name to be shown by; empty takes it away. Gives the name as it is now. */
  rename (name: string): Promise<Outcome<string | null>>
  /** Milliseconds since 1970 by the service's clock, as far as this phone knows it. */
  serverNow (): number
  /** Whether this phone's clock is so far off that the service would have refused its calls. */
  isClockOff (): boolean
}

const done = (): true => true
const tolerated = 120 // seconds; CONTRACT "The signature"

/** `serviceUrl` is the service's PUBLIC_URL; the signature covers it. */
export const createService = (platform: Platform, serviceUrl: string): Service => {
  const keys = createPhoneKeys(platform, (jsCode) => platform.request({
    method: 'POST',
    url: `${serviceUrl}/api/phone/login`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ js_code: jsCode }),
  }))

  const send = async (method: PhoneRequest['method'], path: string, body: string | undefined, key: PhoneKey): Promise<Reply> => {
    const signature = sign({
      method,
      serviceUrl,
      path,
      query: '',
      body: body ?? '',
      key: fromBase64url(key.key) ?? new Uint8Array(0),
      keyId: key.keyId,
      created: Math.floor(platform.now() / 1000) + key.clockOffset,
      nonce: base64url(await platform.randomBytes(16)),
    })
    const type = body === undefined ? {} : { 'Content-Type': 'application/json' }
    return platform.request({ method, url: serviceUrl + path, headers: { ...signature, ...type }, body })
  }

  /** Does what the service's refusal asks a phone to do by itself; tells whether a second try makes sense. */
  const mend = (failure: Failure, key: PhoneKey): boolean => {
    if (failure.code === 'key-unknown') {
      keys.forget(key.keyId)
      return true
    }
    if (failure.code !== 'clock-skew' || failure.serverTime === undefined) return false
    keys.keep({ ...key, clockOffset: failure.serverTime - Math.floor(platform.now() / 1000) })
    return true
  }

  const call = async <T>(
    method: PhoneRequest['method'], path: string, body: object | undefined, read: Parameters<typeof answerTo<T>>[2],
  ): Promise<Outcome<T>> => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const mended = new Set<string>()
    for (;;) {
      const key = await keys.get()
      if (!key.ok) return key
      const outcome = await answerTo(platform, () => send(method, path, text, key.value), read)
      if (outcome.ok || mended.has(outcome.code) || !mend(outcome, key.value)) return outcome
      mended.add(outcome.code)
    }
  }

  const onTicket = (ticket: string, verb: string): string => `/api/phone/tickets/${encodeURIComponent(ticket)}/${verb}`

  return {
    user: () => keys.kept()?.user,
    // An empty object rather than no body: what wx.request sends for none is not the same everywhere, and the bytes are signed.
    scan: (ticket) => call('POST', onTicket(ticket, 'scan'), {}, readOffer),
    confirm: (ticket, number) => call('POST', onTicket(ticket, 'confirm'), number === null ? {} : { match_code: number }, readConfirmed),
    cancel: (ticket) => call('POST', onTicket(ticket, 'cancel'), {}, readCancelled),
    sessions: () => call('GET', '/api/phone/sessions', undefined, readSessions),
    signOut: async (sessionId) => {
      const outcome = await call('DELETE', `/api/phone/sessions/${encodeURIComponent(sessionId)}`, undefined, done)
      return !outcome.ok && outcome.code === 'not-found' ? { ok: true, value: true } : outcome
    },
    signOutEverywhere: () => call('DELETE', '/api/phone/sessions', undefined, done),
    rename: async (name) => {
      const chosen = name.trim()
      const outcome = await call('PUT', '/api/phone/profile', { name: chosen }, done)
      if (!outcome.ok) return outcome.code === 'bad-request' ? nameRefused(outcome.reason) : outcome
      const value = chosen === '' ? null : chosen
      const key = keys.kept()
      if (key !== undefined) keys.keep({ ...key, user: { ...key.user, name: value } })
      return { ok: true, value }
    },
    serverNow: () => platform.now() + keys.clockOffset() * 1000,
    isClockOff: () => Math.abs(keys.clockOffset()) > tolerated,
  }
}
