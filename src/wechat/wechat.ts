import { newId, type RandomBytes } from '../domain/ids.ts'
import type { Clock, CodeImage, CodeStock, CodeSupply, LinkSupply, Log, PhoneIdentity } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { createWechatTokens } from './wechat-tokens.ts'
import { createWechatApi } from './api.ts'
import { createCodeStock } from './code-stock.ts'
import { createCodes, type EnvVersion } from './codes.ts'
import type { WechatDispatchers } from './dispatchers.ts'
import { createFairCache } from './fair-cache.ts'
import { createLinks } from './links.ts'
import { createPhoneIdentity } from './phone-identity.ts'
import { createQuietLog } from './quiet-log.ts'
import { createTicketSupply } from './ticket-supply.ts'
import { createTokenCall } from './token-call.ts'

export interface WechatOptions {
  readonly appid: string
  readonly secret: string
  /** The official host by default. */
  readonly apiUrl?: string | undefined
  readonly envVersion: EnvVersion
  /** `close` leaves them open: they belong to the caller. */
  readonly dispatchers: WechatDispatchers
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly random: RandomBytes
  /** How many codes are made ahead; none by default. */
  readonly codeSupply?: number | undefined
  /** How long a code or a link is cached: the life of a ticket. */
  readonly ticketTtlMs?: number | undefined
  readonly callTimeoutMs?: number | undefined
}

export interface Wechat extends CodeSupply, CodeStock, LinkSupply, PhoneIdentity {
  /** Aborts the calls under way and clears the caches. */
  close (): void
}

const maxCodes = 10_000
/** More than a thousand codes of about 50 kB. */
const maxCodeBytes = 64 * 1024 * 1024
/** All that WeChat makes in a minute at its limit of 100 per second. */
const maxLinks = 6000
const maxLinkBytes = 4 * 1024 * 1024
/** How long a code that was made ahead is good: its page or version may change. */
const stockMaxAgeMs = 3_600_000

/** Makes no call to WeChat before one is needed. */
export const createWechat = (options: WechatOptions): Wechat => {
  const { appid, secret, envVersion, store, clock, random } = options
  const { apiUrl = 'https://api.weixin.qq.com', codeSupply = 0, ticketTtlMs = 240_000, callTimeoutMs = 5_000 } = options
  const log = createQuietLog(options.log, clock)
  const api = createWechatApi({ apiUrl, dispatchers: options.dispatchers, clock, log, callTimeoutMs })
  const tokens = createWechatTokens({ api, appid, secret, store, clock, log })
  const callWithToken = createTokenCall({ api, tokens, log })
  const codeCache = createFairCache<CodeImage>({ clock, ttlMs: ticketTtlMs, maxCount: maxCodes, maxBytes: maxCodeBytes, bytesOf: ({ bytes }) => bytes.length })
  const linkCache = createFairCache<string>({ clock, ttlMs: ticketTtlMs, maxCount: maxLinks, maxBytes: maxLinkBytes, bytesOf: ({ length }) => length })
  const supplied = { store, clock, ticketTtlMs }
  const codeTickets = createTicketSupply({ ...supplied, kind: 'code', cache: codeCache })
  const { codeFor, makeAhead } = createCodes({ callWithToken, supply: codeTickets, envVersion })
  const stock = createCodeStock({ size: codeSupply, newTicketId: () => newId(random), make: makeAhead, keep: codeTickets.keep, maxAgeMs: stockMaxAgeMs, clock })
  return {
    codeFor,
    takeTicketId: stock.takeTicketId,
    ...createLinks({ callWithToken, supply: createTicketSupply({ ...supplied, kind: 'link', cache: linkCache }), envVersion, apiUrl }),
    ...createPhoneIdentity({ api, appid, secret, clock }),
    close: () => {
      stock.close()
      api.close()
      codeCache.clear()
      linkCache.clear()
    },
  }
}
