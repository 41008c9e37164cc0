/** WeChat's access token: one for all callers and, through the store, for all instances. Never logged, and sealed in the store. */
import { sleep } from '../deadline.ts'
import { schema } from '../domain/record.ts'
import { createSeal } from '../domain/seal.ts'
import type { Clock, Log } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import type { WechatApi } from './api.ts'
import { WechatFault } from './fault.ts'

export interface WechatTokens {
  /** Returns a token that, as far as is known, WeChat accepts. `deadlineAt` is by the steady clock. Rejects with a `WechatFault` or `store-unavailable`. */
  current (deadlineAt: number): Promise<string>
  /** Returns another token after WeChat has refused this one. Rejects likewise. */
  refreshRefused (refused: string, deadlineAt: number): Promise<string>
}

export interface WechatTokensOptions {
  readonly api: WechatApi
  readonly appid: string
  readonly secret: string
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

interface Token {
  readonly value: string
  /** Milliseconds since 1970. */
  readonly usableUntil: number
}

/** As stored. */
interface TokenRecord {
  readonly schema: typeof schema
  /** Sealed with the AppSecret, which every instance has. */
  readonly sealedValue: string
  readonly usableUntil: number
}

/** stable_token returns the next token from five minutes before the end of the old one; two minutes before it, a call surely gets the new one. */
const marginMs = 120_000
/** The longest a fetch can take. The claim expires after it: the instance that made the claim may have died. */
const fetchClaimMs = 6_000
/** How often the token of another instance's fetch is read. */
const maxReads = 5
const readEveryMs = 200
/** WeChat allows force_refresh 20 times a day, at least 30 s apart; ten seconds more are for calls that arrive late. */
const forcesPerDay = 20
const forceEveryMs = 40_000
const dayMs = 24 * 60 * 60 * 1000

export const createWechatTokens = ({ api, appid, secret, store, clock, log }: WechatTokensOptions): WechatTokens => {
  const records = createRecords<TokenRecord>(store, { prefix: 'wechat-token:' })
  const tokenKey = records.keyOf(appid)
  const fetchKey = `wechat-token-fetch:${appid}`
  const forceKey = `wechat-token-force:${appid}`
  const seal = createSeal(secret, 'access token')
  let held: Token | undefined
  let refresh: Promise<Token> | undefined
  let refusedValue: string | undefined

  const isUsable = (token: Token | undefined): token is Token =>
    token !== undefined && token.value !== refusedValue && token.usableUntil > clock.now()

  const current = async (deadlineAt: number): Promise<string> => {
    if (isUsable(held)) return held.value
    refresh ??= obtain(deadlineAt).finally(() => { refresh = undefined })
    held = await refresh
    return held.value
  }

  const obtain = async (deadlineAt: number): Promise<Token> => {
    const shared = await readShared()
    if (isUsable(shared)) return shared
    const claimed = await store.claim(fetchKey, clock.now(), fetchClaimMs)
    // Where the other instance is slow, a second fetch does no harm: WeChat returns the same token to both.
    const others = claimed ? undefined : await waitForOthers()
    if (others !== undefined) return others
    try {
      const token = await fetchAccepted(deadlineAt)
      await share(token)
      return token
    } finally {
      if (claimed) await releaseClaim()
    }
  }

  const readShared = async (): Promise<Token | undefined> => {
    const record = await records.read(appid)
    const value = seal.decrypt(record?.sealedValue, tokenKey)
    return record === undefined || value === undefined ? undefined : { value, usableUntil: record.usableUntil }
  }

  const waitForOthers = async (): Promise<Token | undefined> => {
    for (let reads = 0; reads < maxReads; reads++) {
      await sleep(clock, readEveryMs)
      const shared = await readShared()
      if (isUsable(shared)) return shared
    }
  }

  /**
   * After something else forced a refresh, the normal mode may still return the token that WeChat refuses. Only then is force_refresh right: it
   * invalidates at once the token that every other instance uses.
   */
  const fetchAccepted = async (deadlineAt: number): Promise<Token> => {
    const token = await fetchToken(false, deadlineAt)
    if (token.value !== refusedValue) return token
    const mayForce = await store.claim(forceKey, clock.now(), forceEveryMs) &&
      await store.acquirePlainSlot(`wechat-token-forces:${appid}`, String(clock.now()), dayMs, forcesPerDay)
    const forced = mayForce ? await fetchToken(true, deadlineAt) : token
    if (forced.value !== refusedValue) return forced
    log.error({ code: 'wechat-token-refused', endpoint: 'stable_token', forced: mayForce }, 'WeChat returns an access token that it refuses, and a forced refresh is not allowed yet. Find out what else uses this AppID with force_refresh.')
    throw new WechatFault('WeChat returns an access token that it refuses', { retryAfterSeconds: forceEveryMs / 1000 })
  }

  const fetchToken = (force: boolean, deadlineAt: number): Promise<Token> => {
    const calledAt = clock.now()
    return api.call({
      endpoint: 'stable_token',
      json: { grant_type: 'client_credential', appid, secret, force_refresh: force },
      deadlineAt,
      read: ({ json }) => {
        const value = json?.access_token
        const lifeSeconds = json?.expires_in
        if (typeof value !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(value)) return undefined
        if (typeof lifeSeconds !== 'number' || !(lifeSeconds > 0)) return undefined
        return { value, usableUntil: calledAt + Math.min(lifeSeconds, 7200) * 1000 - marginMs }
      },
    })
  }

  /** An error of the store is logged only: the token is good whether or not the others get it. */
  const share = async (token: Token): Promise<void> => {
    const ttlMs = token.usableUntil - clock.now()
    if (ttlMs <= 0) return
    try {
      await records.write(appid, { schema, sealedValue: seal.encrypt(token.value, tokenKey), usableUntil: token.usableUntil }, ttlMs)
    } catch {
      log.warn({ code: 'wechat-token-unshared', endpoint: 'stable_token' }, 'The access token could not be stored, so every instance fetches its own')
    }
  }

  const releaseClaim = async (): Promise<void> => {
    try {
      await store.remove(fetchKey)
    } catch {
      // It expires by itself.
    }
  }

  return {
    current,
    refreshRefused: async (refused, deadlineAt) => {
      if (held?.value === refused) refusedValue = refused
      return await current(deadlineAt)
    },
  }
}
