/** This phone's signing key, requested with a js_code and stored until it expires, and the offset of the phone's clock. */
import { readGrant } from './answers'
import type { User } from './answers'
import { answerTo, offline, tooOld, wechatUnavailable } from './outcome'
import type { Outcome } from './outcome'
import type { Platform, Reply } from './ports'

export interface PhoneKey {
  readonly keyId: string
  /** The secret, as base64url. */
  readonly key: string
  /** Milliseconds since 1970, by the phone's clock. */
  readonly endsAt: number
  /** Seconds to add to the phone's clock to get the service's. */
  readonly clockOffset: number
  readonly user: User
}

export interface PhoneKeys {
  /** Returns the stored key, or logs in for a fresh one. Concurrent callers share one login. */
  get (): Promise<Outcome<PhoneKey>>
  /** The stored key while it is valid, else undefined. */
  stored (): PhoneKey | undefined
  store (key: PhoneKey): void
  /** Seconds to add to the phone's clock to get the service's, as last learned; 0 before that. */
  clockOffset (): number
  /** Removes this key; a newer one stays. */
  forget (keyId: string): void
  /** Removes whatever key there is. */
  clear (): void
}

const storageKey = 'scan-login-key'
const marginMs = 60_000 // a key in its last minute might expire before the request arrives

export const createPhoneKeys = (platform: Platform, requestKey: (jsCode: string) => Promise<Reply>): PhoneKeys => {
  let pendingLogin: Promise<Outcome<PhoneKey>> | undefined
  // The key is also kept in memory: if storage fails, only the next start has to log in again.
  let current = parsed(platform.getStorage(storageKey))
  let clockOffset = current?.clockOffset ?? 0

  const stored = (): PhoneKey | undefined =>
    current !== undefined && platform.now() < current.endsAt - marginMs ? current : undefined

  const store = (key: PhoneKey): void => {
    current = key
    clockOffset = key.clockOffset
    platform.setStorage(storageKey, JSON.stringify(key))
  }

  const tryOnce = async (): Promise<Outcome<PhoneKey>> => {
    const jsCode = await platform.login().catch(() => undefined)
    if (jsCode === undefined) return await platform.isConnected() ? wechatUnavailable : offline
    const outcome = await answerTo(platform, () => requestKey(jsCode), readGrant)
    if (!outcome.ok) return outcome
    const { keyId, key, expiresIn, serverTime, user } = outcome.value
    const now = platform.now()
    const value = { keyId, key, endsAt: now + expiresIn * 1000, clockOffset: serverTime - Math.floor(now / 1000), user }
    store(value)
    return { ok: true, value }
  }

  /**
   * Tries once more after a cut connection, and once more after a refusal. A js_code works once, and WeChat may have used it up even if no answer came: each
   * try asks for its own, for which WeChat may return the same one if it is soon.
   */
  const logIn = async (): Promise<Outcome<PhoneKey>> => {
    let wasCut = false
    let wasRefused = false
    let wasUsed = false
    for (;;) {
      const outcome = await tryOnce()
      if (outcome.ok) return outcome
      if (outcome.code === 'js-code-invalid') {
        wasUsed ||= outcome.reason === 'used'
        // A code that WeChat knows came from the right mini program: another try may well succeed.
        if (wasRefused) return wasUsed ? wechatUnavailable : outcome
        wasRefused = true
      } else if (outcome.wasCut === true && !wasCut) {
        wasCut = true
      } else {
        return outcome
      }
    }
  }

  return {
    stored,
    store,
    clockOffset: () => clockOffset,
    forget: (keyId) => {
      if (current?.keyId !== keyId) return
      current = undefined
      platform.setStorage(storageKey, undefined)
    },
    clear: () => {
      current = undefined
      platform.setStorage(storageKey, undefined)
    },
    get: async () => {
      if (platform.isTooOld) return tooOld
      const value = stored()
      if (value !== undefined) return { ok: true, value }
      pendingLogin ??= logIn().finally(() => { pendingLogin = undefined })
      return pendingLogin
    },
  }
}

const parsed = (text: string | undefined): PhoneKey | undefined => {
  try {
    return text === undefined ? undefined : JSON.parse(text) as PhoneKey // only `store` writes it
  } catch {
    return undefined
  }
}
