/** URL Links, which open the login page of the mini program on the phone where they are tapped. Only accounts of organisations get them. */
import type { LinkSource } from '../login/ports.ts'
import { loginPage, type EnvVersion } from './codes.ts'
import type { TicketCache } from './ticket-cache.ts'
import type { CallWithToken } from './token-call.ts'

export interface LinksOptions {
  readonly callWithToken: CallWithToken
  readonly ticketCache: TicketCache<string>
  readonly envVersion: EnvVersion
  /** The base address of WeChat's API. */
  readonly apiUrl: string
}

/** A scan may extend the ticket by a minute, and WeChat refuses an expiry less than a minute ahead. */
const beyondTheTicketMs = 120_000

export const createLinks = ({ callWithToken, ticketCache, envVersion, apiUrl }: LinksOptions): LinkSource => {
  const { origin } = new URL(apiUrl)

  /** Visitors are redirected to this link, so it must be https. The exception is http at the API's own origin, for a simulator. */
  const readLink = (text: unknown): string | undefined => {
    const url = typeof text === 'string' && text.length <= 2048 ? URL.parse(text) : null
    return url?.protocol === 'https:' || url?.origin === origin ? url.href : undefined
  }

  return {
    linkFor: (ticketId, endsAt, quotaKey = '') => ticketCache.obtain(ticketId, quotaKey, (call) => callWithToken({
      ...call,
      endpoint: 'generate_urllink',
      json: {
        path: loginPage,
        query: `scene=${ticketId}`,
        env_version: envVersion,
        expire_type: 0,
        expire_time: Math.ceil((endsAt + beyondTheTicketMs) / 1000),
      },
      read: ({ json }) => readLink(json?.url_link),
    })),
  }
}
