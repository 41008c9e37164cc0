/** openid-client 6, what new Node.js apps have: client_secret_post, the algorithms of discovery, the issuer in the answer checked. */
import * as oidc from 'openid-client'
import type { Party } from './party.ts'
import { openSite, readLogoutToken } from './site.ts'

export const openidClient6: Party = {
  name: 'openid-client 6',
  paths: { home: '/', login: '/login', callback: '/callback', logout: '/logout', afterLogout: '/', backchannel: '/backchannel' },
  open: async (t, { issuer, url, clientId, clientSecret }) => {
    let config: oidc.Configuration | undefined
    const connect = async (): Promise<oidc.Configuration> => {
      config ??= await oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, { execute: [oidc.allowInsecureRequests] })
      return config
    }
    await openSite(t, url, {
      '/': ({ session }) => ({ json: { claims: session.claims ?? null, userinfo: session.userinfo ?? null } }),
      '/login': async ({ session }) => {
        session.pending = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() }
        const { state, nonce, verifier } = session.pending
        return {
          redirect: oidc.buildAuthorizationUrl(await connect(), {
            redirect_uri: `${url}/callback`, scope: 'openid profile email groups', state, nonce, code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
          }).href,
        }
      },
      '/callback': async ({ url: called, session }) => {
        const config = await connect()
        const { state = '', nonce = '', verifier = '' } = session.pending ?? {}
        const tokens = await oidc.authorizationCodeGrant(config, called, { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true })
        const claims = tokens.claims()
        session.userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')
        session.claims = { ...claims }
        session.idToken = tokens.id_token
        return { redirect: '/' }
      },
      '/logout': async ({ session }) => {
        const { idToken = '' } = session
        session.claims = undefined
        return { redirect: oidc.buildEndSessionUrl(await connect(), { id_token_hint: idToken, post_logout_redirect_uri: `${url}/`, state: 'after' }).href }
      },
      '/backchannel': async ({ form }, site) => {
        const { jwks_uri: jwksUri = '' } = (await connect()).serverMetadata()
        const { sub, sid } = await readLogoutToken(form.get('logout_token') ?? '', { issuer, clientId, jwksUri })
        site.endSessions((claims) => sid === undefined ? claims.sub === sub : claims.sid === sid)
        return { json: {} }
      },
    })
  },
}
