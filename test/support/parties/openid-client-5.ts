/** openid-client 5, the long-lived major that most Node.js apps still have: RS256 unless told otherwise, client_secret_basic. */
import { generators, Issuer, type Client } from 'openid-client-5'
import type { Party } from './party.ts'
import { openSite, readLogoutToken } from './site.ts'

export const openidClient5: Party = {
  name: 'openid-client 5',
  paths: { home: '/', login: '/login', callback: '/callback', logout: '/logout', afterLogout: '/', backchannel: '/backchannel' },
  open: async (t, { issuer, url, clientId, clientSecret }) => {
    let client: Client | undefined
    const connect = async (): Promise<Client> => {
      client ??= new (await Issuer.discover(issuer)).Client({ client_id: clientId, client_secret: clientSecret, redirect_uris: [`${url}/callback`], response_types: ['code'] })
      return client
    }
    await openSite(t, url, {
      '/': ({ session }) => ({ json: { claims: session.claims ?? null, userinfo: session.userinfo ?? null } }),
      '/login': async ({ session }) => {
        const client = await connect()
        session.pending = { state: generators.state(), nonce: generators.nonce(), verifier: generators.codeVerifier() }
        const { state, nonce, verifier } = session.pending
        return { redirect: client.authorizationUrl({ scope: 'openid profile email groups', state, nonce, code_challenge: generators.codeChallenge(verifier), code_challenge_method: 'S256' }) }
      },
      '/callback': async ({ request, session }) => {
        const client = await connect()
        const { state = '', nonce = '', verifier = '' } = session.pending ?? {}
        const tokens = await client.callback(`${url}/callback`, client.callbackParams(request), { state, nonce, code_verifier: verifier })
        session.claims = tokens.claims()
        session.userinfo = await client.userinfo(tokens)
        session.idToken = tokens.id_token
        return { redirect: '/' }
      },
      '/logout': async ({ session }) => {
        const client = await connect()
        const { idToken } = session
        session.claims = undefined
        return { redirect: client.endSessionUrl({ ...idToken !== undefined && { id_token_hint: idToken }, post_logout_redirect_uri: `${url}/`, state: 'after' }) }
      },
      '/backchannel': async ({ form }, site) => {
        const client = await connect()
        const { sub, sid } = await readLogoutToken(form.get('logout_token') ?? '', { issuer, clientId, jwksUri: client.issuer.metadata.jwks_uri ?? '' })
        site.endSessions((claims) => sid === undefined ? claims.sub === sub : claims.sid === sid)
        return { json: {} }
      },
    })
  },
}
