import { newId, type RandomBytes } from '../domain/ids.ts'
import type { Clock, CodeImage, PrefetchedCodes, CodeSource, LinkSource, Log, PhoneIdentity } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { createWechatTokens } from './wechat-tokens.ts'
import { createWechatApi } from './api.ts'
import { createPrefetchedCodes } from './prefetched-codes.ts'
import { createCodes, type EnvVersion } from './codes.ts'
import type { WechatDispatchers } from './dispatchers.ts'
import { createFairCache } from './fair-cache.ts'
import { watchJsCodes } from './js-code-watch.ts'
import { createLinks } from './links.ts'
import { createPhoneIdentity } from './phone-identity.ts'
import { createQuietLog } from './quiet-log.ts'
import { createTicketCache } from './ticket-cache.ts'
import { createTokenCall } from './token-call.ts'
import type { OnWechatCall } from './watched-attempt.ts'

export interface WechatOptions {
  readonly appid: string
  readonly secret: string
  /** The official host by default. */
  readonly apiUrl?: string | undefined
  readonly envVersion: EnvVersion
  /** `close` leaves them open: they belong to the caller. */
  readonly dispatchers: WechatDispatchers
  /** The HTTP proxy through which the dispatchers call; null or missing for none. */
  readonly proxyHost?: string | null
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly random: RandomBytes
  /** How many codes are prefetched; none by default. */
  readonly codeSupply?: number | undefined
  /** How long a code or a link is cached: the life of a ticket. */
  readonly ticketTtlMs?: number | undefined
  readonly callTimeoutMs?: number | undefined
  readonly onCall?: OnWechatCall | undefined
}

export interface Wechat extends CodeSource, PrefetchedCodes, LinkSource, PhoneIdentity {
  /** Aborts the calls under way and clears the caches. */
  close (): void
}

const maxCodes = 10_000
/** More than a thousand codes of about 50 kB. */
const maxCodeBytes = 64 * 1024 * 1024
/** All that WeChat makes in a minute at its limit of 100 per second. */
const maxLinks = 6000
const maxLinkBytes = 4 * 1024 * 1024
/** How long a prefetched code is good: its page or version may change. */
const prefetchedMaxAgeMs = 3_600_000

/** Makes no call to WeChat before one is needed. */
export const createWechat = (options: WechatOptions): Wechat => {
  const { appid, secret, envVersion, store, clock, random } = options
  const { apiUrl = 'https://api.weixin.qq.com', codeSupply = 0, ticketTtlMs = 240_000, callTimeoutMs = 5_000, proxyHost = null } = options
  const log = createQuietLog(options.log, clock)
  const api = createWechatApi({ apiUrl, dispatchers: options.dispatchers, proxyHost, clock, log, callTimeoutMs, onCall: options.onCall })
  const tokens = createWechatTokens({ api, appid, secret, store, clock, log })
  const callWithToken = createTokenCall({ api, tokens, log })
  const codeCache = createFairCache<CodeImage>({ clock, ttlMs: ticketTtlMs, maxCount: maxCodes, maxBytes: maxCodeBytes, bytesOf: ({ bytes }) => bytes.length })
  const linkCache = createFairCache<string>({ clock, ttlMs: ticketTtlMs, maxCount: maxLinks, maxBytes: maxLinkBytes, bytesOf: ({ length }) => length })
  const shared = { store, clock, ticketTtlMs }
  const codesByTicket = createTicketCache({ ...shared, kind: 'code', cache: codeCache })
  const linksByTicket = createTicketCache({ ...shared, kind: 'link', cache: linkCache })
  const { codeFor, prefetch } = createCodes({ callWithToken, ticketCache: codesByTicket, envVersion })
  const prefetched = createPrefetchedCodes({ size: codeSupply, newTicketId: () => newId(random), prefetch, put: codesByTicket.put, maxAgeMs: prefetchedMaxAgeMs, clock })
  return {
    codeFor,
    takeTicketId: prefetched.takeTicketId,
    ...createLinks({ callWithToken, ticketCache: linksByTicket, envVersion, apiUrl }),
    ...createPhoneIdentity({ api, appid, secret, clock, watch: watchJsCodes({ appid, clock, log }) }),
    close: () => {
      prefetched.close()
      api.close()
      codeCache.clear()
      linkCache.clear()
    },
  }
}
