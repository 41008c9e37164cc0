/** Mini-program codes: getwxacodeunlimit with the ticket id as `scene`. They don't expire at WeChat; their tickets do. */
import type { CodeImage, CodeSource } from '../login/ports.ts'
import type { TicketCall, TicketCache } from './ticket-cache.ts'
import type { CallWithToken } from './token-call.ts'

/** Which version of the mini program a code or a link opens. */
export type EnvVersion = 'release' | 'trial' | 'develop'

export interface CodesOptions {
  readonly callWithToken: CallWithToken
  readonly ticketCache: TicketCache<CodeImage>
  readonly envVersion: EnvVersion
}

export const loginPage = 'pages/login/login'
/**
 * 1.5 times the 240 px that the page shows. In a trial with simulated codes (on 480 device pixels, photographed at several sizes, blurred and noisy), 360 was
 * read as often as 480 (156 and 153 of 240), with a quarter fewer bytes. WeChat allows 280 to 1280.
 */
const widthPx = 360

export interface Codes extends CodeSource {
  /** Makes the code of an id that no ticket has yet. Rejects with a `WechatFault` or `store-unavailable`. */
  prefetch (ticketId: string): Promise<CodeImage>
}

export const createCodes = ({ callWithToken, ticketCache, envVersion }: CodesOptions): Codes => {
  const make = (ticketId: string) => (call: TicketCall): Promise<CodeImage> => callWithToken({
    ...call,
    endpoint: 'getwxacodeunlimit',
    // WeChat checks the page in the published version, so with `check_path` it would refuse every code for the other versions.
    json: { scene: ticketId, page: loginPage, env_version: envVersion, check_path: envVersion === 'release', width: widthPx },
    read: ({ image }) => image,
  })
  return {
    codeFor: (ticketId, quotaKey = '') => ticketCache.obtain(ticketId, quotaKey, make(ticketId)),
    prefetch: (ticketId) => ticketCache.prefetch(make(ticketId)),
  }
}
