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
  /** A token that nobody is known to have been refused with. Rejects with a `WechatFault` or `store-unavailable`. */
  current (deadlineAt: number): Promise<string>
  /** Takes a token that WeChat refused out of use, if it still is the one in use, and gives another. Rejects likewise. */
  replace (refused: string, deadlineAt: number): Promise<string>
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
  /** Sealed under the AppSecret, which every instance has. */
  readonly sealedValue: string
  readonly usableUntil: number
}

/** stable_token hands out the next token from five minutes before the end; two minutes before it, asking gives a fresh one for sure. */
const marginMs = 120_000
/** As long as a fetch can take; ends by itself where the instance that claimed it has died. */
const fetchClaimMs = 6_000
/** How long to wait for another instance's fetch: this many looks, this far apart. */
const looks = 5
const lookEveryMs = 200
/** WeChat takes force_refresh 20 times a day, at least 30 s apart; the ten seconds are for calls that reach it late. */
const forcesADay = 20
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
    // Where another instance fetches but takes its time, asking as well does no harm: WeChat gives both the same token.
    const others = claimed ? undefined : await waitForOthers()
    if (others !== undefined) return others
    try {
      const token = await fetchAnother(deadlineAt)
      await share(token)
      return token
    } finally {
      if (claimed) await giveBackClaim()
    }
  }

  const readShared = async (): Promise<Token | undefined> => {
    const record = await records.read(appid)
    const value = seal.open(record?.sealedValue, tokenKey)
    return record === undefined || value === undefined ? undefined : { value, usableUntil: record.usableUntil }
  }

  const waitForOthers = async (): Promise<Token | undefined> => {
    for (let look = 0; look < looks; look++) {
      await sleep(clock, lookEveryMs)
      const shared = await readShared()
      if (isUsable(shared)) return shared
    }
  }

  /**
   * After somebody else forced a refresh, the normal mode may still hand out the token that WeChat refuses. Only then is force_refresh
   * right: it ends the token of everybody else at once.
   */
  const fetchAnother = async (deadlineAt: number): Promise<Token> => {
    const token = await fetchToken(false, deadlineAt)
    if (token.value !== refusedValue) return token
    const mayForce = await store.claim(forceKey, clock.now(), forceEveryMs) &&
      await store.acquirePlainSlot(`wechat-token-forces:${appid}`, String(clock.now()), dayMs, forcesADay)
    const forced = mayForce ? await fetchToken(true, deadlineAt) : token
    if (forced.value !== refusedValue) return forced
    log.error({ endpoint: 'stable_token', forced: mayForce }, 'WeChat hands out an access token that it refuses, and may not be asked for a forced one just now. See what else uses this AppID with force_refresh.')
    throw new WechatFault('WeChat hands out an access token that it refuses', { retryAfterSeconds: forceEveryMs / 1000 })
  }

  const fetchToken = (force: boolean, deadlineAt: number): Promise<Token> => {
    const askedAt = clock.now()
    return api.call({
      endpoint: 'stable_token',
      json: { grant_type: 'client_credential', appid, secret, force_refresh: force },
      deadlineAt,
      read: ({ json }) => {
        const value = json?.access_token
        const lifeSeconds = json?.expires_in
        if (typeof value !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(value)) return undefined
        if (typeof lifeSeconds !== 'number' || !(lifeSeconds > 0)) return undefined
        return { value, usableUntil: askedAt + Math.min(lifeSeconds, 7200) * 1000 - marginMs }
      },
    })
  }

  /** The token is good whether or not the others get it, so a fault of the store's is told to the operator and not to the visitor. */
  const share = async (token: Token): Promise<void> => {
    const ttlMs = token.usableUntil - clock.now()
    if (ttlMs <= 0) return
    try {
      await records.write(appid, { schema, sealedValue: seal.close(token.value, tokenKey), usableUntil: token.usableUntil }, ttlMs)
    } catch {
      log.warn({ endpoint: 'stable_token' }, 'The access token could not be put into the store, so every instance fetches its own')
    }
  }

  const giveBackClaim = async (): Promise<void> => {
    try {
      await store.remove(fetchKey)
    } catch {
      // It ends by itself.
    }
  }

  return {
    current,
    replace: async (refused, deadlineAt) => {
      if (held?.value === refused) refusedValue = refused
      return await current(deadlineAt)
    },
  }
}
