/** Owns the signing key of this phone: gets it with a js_code, keeps it until it ends, and remembers how far off the phone's clock is. */
import { answerTo, offline, readGrant, tooOld, wechatSilent } from './answers'
import type { Outcome, User } from './answers'
import type { Platform, Reply } from './ports'

export interface PhoneKey {
  readonly keyId: string
  /** base64url. */
  readonly key: string
  /** Milliseconds by the phone's clock. */
  readonly endsAt: number
  /** Seconds to add to the phone's clock to get the service's. */
  readonly clockOffset: number
  readonly user: User
}

export interface PhoneKeys {
  /** The key that is kept, or a fresh one. Any number of callers at the same time share one login. */
  get (): Promise<Outcome<PhoneKey>>
  /** The key that is kept, if any. */
  kept (): PhoneKey | undefined
  keep (key: PhoneKey): void
  /** Seconds to add to the phone's clock to get the service's, as last learned; 0 until then. */
  clockOffset (): number
  /** Forgets this key; a newer one stays. */
  forget (keyId: string): void
}

const storageKey = 'scan-login-key'
const marginMs = 60_000 // a key in its last minute might end on the way

export const createPhoneKeys = (platform: Platform, askForKey: (jsCode: string) => Promise<Reply>): PhoneKeys => {
  let underWay: Promise<Outcome<PhoneKey>> | undefined
  // In memory as well: a storage that fails must cost a login at the next start, and no more.
  let current = parsed(platform.getStorage(storageKey))
  let clockOffset = current?.clockOffset ?? 0

  const kept = (): PhoneKey | undefined =>
    current !== undefined && platform.now() < current.endsAt - marginMs ? current : undefined

  const keep = (key: PhoneKey): void => {
    current = key
    clockOffset = key.clockOffset
    platform.setStorage(storageKey, JSON.stringify(key))
  }

  const askOnce = async (): Promise<Outcome<PhoneKey>> => {
    const jsCode = await platform.login().catch(() => undefined)
    if (jsCode === undefined) return await platform.isConnected() ? wechatSilent : offline
    const outcome = await answerTo(platform, () => askForKey(jsCode), readGrant)
    if (!outcome.ok) return outcome
    const { keyId, key, expiresIn, serverTime, user } = outcome.value
    const now = platform.now()
    const value = { keyId, key, endsAt: now + expiresIn * 1000, clockOffset: serverTime - Math.floor(now / 1000), user }
    keep(value)
    return { ok: true, value }
  }

  const logIn = async (): Promise<Outcome<PhoneKey>> => {
    const outcome = await askOnce()
    return !outcome.ok && outcome.code === 'js-code-invalid' ? askOnce() : outcome
  }

  return {
    kept,
    keep,
    clockOffset: () => clockOffset,
    forget: (keyId) => {
      if (current?.keyId !== keyId) return
      current = undefined
      platform.setStorage(storageKey, undefined)
    },
    get: async () => {
      if (platform.isTooOld) return tooOld
      const value = kept()
      if (value !== undefined) return { ok: true, value }
      underWay ??= logIn().finally(() => { underWay = undefined })
      return underWay
    },
  }
}

const parsed = (text: string | undefined): PhoneKey | undefined => {
  try {
    return text === undefined ? undefined : JSON.parse(text) as PhoneKey // only `keep` writes it
  } catch {
    return undefined
  }
}
