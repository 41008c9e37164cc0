/** Owns the composition of this room: what the floors above get is codes, links and identities, and one thing to close. */
import type { Dispatcher } from 'undici'
import type { Clock, CodeImage, CodeSupply, LinkSupply, Log, PhoneIdentity, Store } from '../login/ports.ts'
import { createAccessTokens } from './access-token.ts'
import { createWechatApi } from './api.ts'
import { createCodes, type EnvVersion } from './codes.ts'
import { createLinks } from './links.ts'
import { createPhoneIdentity } from './phone-identity.ts'
import { createTicketCache } from './ticket-cache.ts'
import { createTicketSupply } from './ticket-supply.ts'
import { createTokenCall } from './token-call.ts'

export interface WechatOptions {
  readonly appid: string
  readonly secret: string
  /** The official host when left out. */
  readonly apiUrl?: string | undefined
  readonly envVersion: EnvVersion
  /** Stays the caller's: `close` leaves it open. */
  readonly dispatcher: Dispatcher
  readonly store: Pick<Store, 'read' | 'write' | 'remove' | 'claim' | 'admit'>
  readonly clock: Clock
  readonly log: Log
  /** How long a code or a link is kept: the life of a ticket. */
  readonly ticketTtlMs?: number | undefined
  readonly callTimeoutMs?: number | undefined
}

export interface Wechat extends CodeSupply, LinkSupply, PhoneIdentity {
  /** Gives up calls under way and forgets what was kept. */
  close (): void
}

/** Ten seconds' worth of codes at WeChat's own limit of 5 000 a minute. */
const maxCodes = 800
const maxCodeBytes = 64 * 1024 * 1024
/** A minute's worth of links at WeChat's own limit of 100 a second. */
const maxLinks = 6000
const maxLinkBytes = 1024 * 1024

/** Joins this installation to WeChat. Asks WeChat nothing before it is asked itself. */
export const createWechat = (options: WechatOptions): Wechat => {
  const { appid, secret, envVersion, store, clock, log } = options
  const { apiUrl = 'https://api.weixin.qq.com', ticketTtlMs = 240_000, callTimeoutMs = 5_000 } = options
  const api = createWechatApi({ apiUrl, dispatcher: options.dispatcher, clock, log, callTimeoutMs })
  const tokens = createAccessTokens({ api, appid, secret, store, clock, log })
  const callWithToken = createTokenCall({ api, tokens, log })
  const codes = createTicketCache<CodeImage>({ clock, ttlMs: ticketTtlMs, maxCount: maxCodes, maxBytes: maxCodeBytes, bytesOf: ({ bytes }) => bytes.length })
  const links = createTicketCache<string>({ clock, ttlMs: ticketTtlMs, maxCount: maxLinks, maxBytes: maxLinkBytes, bytesOf: ({ length }) => length })
  return {
    ...createCodes({ callWithToken, supply: createTicketSupply(codes, clock), envVersion }),
    ...createLinks({ callWithToken, supply: createTicketSupply(links, clock), envVersion, apiUrl }),
    ...createPhoneIdentity({ api, appid, secret, clock }),
    close: () => {
      api.close()
      codes.clear()
      links.clear()
    },
  }
}
