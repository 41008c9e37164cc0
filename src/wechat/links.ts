/** URL Links, which open the login page of the mini program on the phone they are tapped on. Only an organisation's account gets any. */
import type { LinkSupply } from '../login/ports.ts'
import { loginPage, type EnvVersion } from './codes.ts'
import type { TicketSupply } from './ticket-supply.ts'
import type { CallWithToken } from './token-call.ts'

export interface LinksOptions {
  readonly callWithToken: CallWithToken
  readonly supply: TicketSupply<string>
  readonly envVersion: EnvVersion
  /** Where WeChat's API is asked. */
  readonly apiUrl: string
}

/** A scan may move the end of a ticket by a minute, and WeChat takes no end that is nearer than that. */
const beyondTheTicketMs = 120_000

export const createLinks = ({ callWithToken, supply, envVersion, apiUrl }: LinksOptions): LinkSupply => {
  const { origin } = new URL(apiUrl)

  /** A visitor is sent where WeChat says, so it has to be a place on the web; on http only a simulator's own, at the API's origin. */
  const readLink = (text: unknown): string | undefined => {
    const url = typeof text === 'string' && text.length <= 2048 ? URL.parse(text) : null
    return url?.protocol === 'https:' || url?.origin === origin ? url.href : undefined
  }

  return {
    linkFor: (ticketId, endsAt, clientKey = '') => supply.obtain(ticketId, clientKey, (call) => callWithToken({
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
