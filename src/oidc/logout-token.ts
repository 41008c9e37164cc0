import type { default as Provider } from 'oidc-provider'
import { newId, type RandomBytes } from '../domain/ids.ts'
import type { SiteToTell } from '../sessions/ended-sessions.ts'

/**
 * Makes a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4), signed as the site's ID tokens are. Each try has a token of its own with a `jti` of its own: a site that
 * has failed after it had noted the `jti` would take the same one for a replay.
 */
export const makeLogoutToken = async (provider: Provider, { sub, sid, clientId }: SiteToTell, random: RandomBytes): Promise<string> => {
  const client = await provider.Client.find(clientId)
  if (client === undefined) throw new Error('the client is gone')
  const token = new provider.IdToken({ sub }, { client })
  Object.assign(token, { mask: { sub: null } }) // as the provider does; its types lack it
  token.set('events', { 'http://schemas.openid.net/event/backchannel-logout': {} })
  token.set('jti', newId(random))
  token.set('sid', sid)
  return await token.issue({ use: 'logout' })
}
