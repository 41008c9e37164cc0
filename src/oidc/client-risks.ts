/** What weakens a login at an app, or keeps it from working, though the file may say it. */
import type { Config } from '../config.ts'
import { isPublicSuffix } from '../domain/public-suffix.ts'
import { isLoopback } from './client-uris.ts'
import type { OidcClient } from './client.ts'

type Settings = Pick<Config, 'PUBLIC_URL' | 'REGISTRATION' | 'KEEP_WECHAT_IDS' | 'isSecure'>

/** Lists the risks of clients, one line each with what to do. */
export const risksOf = (clients: readonly OidcClient[], settings: Settings): readonly string[] => [
  ...clients.length > 0 && !settings.isSecure ? [`PUBLIC_URL is ${settings.PUBLIC_URL}: apps on other machines can't reach this service there, and some refuse http`] : [],
  ...clients.flatMap((client) => clientRisks(client, settings).map((risk) => `client ${JSON.stringify(client.clientId)}: ${risk}`)),
  ...sharedUris(clients),
]

const clientRisks = (client: OidcClient, { REGISTRATION, KEEP_WECHAT_IDS, isSecure }: Settings): readonly string[] => {
  const url = new URL(client.url)
  const elsewhere = client.redirectUris.filter((uri) => new URL(uri).host !== url.host)
  return [
    ...client.allow === 'everybody' && REGISTRATION === 'open' ? ['allow is "everybody", and REGISTRATION is "open": whoever has WeChat can log in'] : [],
    ...isSecure && isLoopback(url) ? ['url is on this machine alone: nobody else can open it'] : [],
    ...isPublicSuffix(url.hostname) && !isLoopback(url) ? ['url has no domain of its own: anybody can have a name below it'] : [],
    ...elsewhere.map((uri) => `${uri} is on another host than url: whoever has that host gets the logins`),
    ...client.secretHashes.length > 1 ? ['there are two secrets: take the old one out as soon as the app has the new one'] : [],
    ...client.emailVerified === true ? ['email_verified is true, and the addresses are made up: an app that has other accounts with such addresses would link them'] : [],
    ...client.app === 'discourse' && client.emailVerified === null ? ['email_verified is left out, and Discourse then takes the address for verified: set it to false'] : [],
    ...client.mayReadWechatIds && KEEP_WECHAT_IDS === 'off' ? ['wechat_ids is true, and KEEP_WECHAT_IDS is off: there are no ids to read'] : [],
    ...client.mayUseDeviceFlow ? ['device_flow is true: whoever gets a person to enter a code is logged in as that person'] : [],
    ...client.backchannelLogoutUri?.startsWith('http:') === true && !isLoopback(new URL(client.backchannelLogoutUri)) ? ['backchannel_logout_uri is http: who has logged out crosses that network in clear'] : [],
  ]
}

const sharedUris = (clients: readonly OidcClient[]): readonly string[] => {
  const owners = new Map<string, string>()
  return clients.flatMap(({ clientId, redirectUris }) => redirectUris.flatMap((uri) => {
    const owner = owners.get(uri)
    owners.set(uri, clientId)
    return owner === undefined || owner === clientId ? [] : [`clients ${JSON.stringify(owner)} and ${JSON.stringify(clientId)} have one redirect URI, ${uri}: an app can take the login of one for that of the other`]
  }))
}
