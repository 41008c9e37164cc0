/** Composition of what talks to WeChat: what the floors above get is codes, links and identities, and one thing to close. */
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
  /** The official host when left out. */
  readonly apiUrl?: string | undefined
  readonly envVersion: EnvVersion
  /** Stay the caller's: `close` leaves them open. */
  readonly dispatchers: WechatDispatchers
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly random: RandomBytes
  /** How many codes are made ahead; none when left out. */
  readonly codeSupply?: number | undefined
  /** How long a code or a link is kept: the life of a ticket. */
  readonly ticketTtlMs?: number | undefined
  readonly callTimeoutMs?: number | undefined
}

export interface Wechat extends CodeSupply, CodeStock, LinkSupply, PhoneIdentity {
  /** Gives up calls under way and forgets what was kept. */
  close (): void
}

/** More than a thousand codes of WeChat's, each some 50 kB. */
const maxCodes = 10_000
const maxCodeBytes = 64 * 1024 * 1024
/** A minute's worth of links at WeChat's own limit of 100 a second. */
const maxLinks = 6000
const maxLinkBytes = 4 * 1024 * 1024
/** A code that was made ahead waits an hour at the most for its ticket: what WeChat made it for (page, version) may have changed. */
const aheadMs = 3_600_000

/** Joins this installation to WeChat. Asks WeChat nothing before it is asked itself. */
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
  const codesSupply = createTicketSupply({ ...supplied, kind: 'code', cache: codeCache })
  const { codeFor, makeAhead } = createCodes({ callWithToken, supply: codesSupply, envVersion })
  const stock = createCodeStock({ size: codeSupply, newTicketId: () => newId(random), make: makeAhead, keep: codesSupply.keep, lifeMs: aheadMs, clock })
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
