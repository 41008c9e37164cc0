/** Auth.js on Express, set up as its documents say for a provider of one's own. It can't log people out at the provider, and takes no logout tokens. */
import express from 'express'
import { listenOn } from './listen-on.js'

const authExpress = '@auth/express' // tsc doesn't follow a variable: that package's types would give the types of browsers to all tests
const { ExpressAuth, getSession } = await import(authExpress)

/** @type {import('./party.ts').Party} */
export const authJs = {
  name: 'Auth.js',
  paths: { home: '/', login: '/auth/signin', callback: '/auth/callback/scan-login', logout: null, afterLogout: null, backchannel: null },
  open: async (t, { issuer, url, clientId, clientSecret }) => {
    const config = {
      trustHost: true,
      secret: 'a secret of the website, thirty-two characters',
      logger: { error: () => {} }, // the tests read what the page shows
      providers: [{
        id: 'scan-login',
        name: 'WeChat',
        type: 'oidc',
        issuer,
        clientId,
        clientSecret,
        authorization: { params: { scope: 'openid profile email groups' } },
        profile: (profile) => ({ id: profile.sub, name: profile.name, email: profile.email }),
      }],
      callbacks: {
        jwt: ({ token, profile }) => ({ ...token, ...profile && { profile } }),
        session: ({ session, token }) => ({ ...session, profile: token.profile }),
      },
    }
    const app = express()
    app.use('/auth', ExpressAuth(config))
    app.get('/', async (request, response) => {
      const session = await getSession(request, config)
      response.json({ claims: session?.profile ?? null, userinfo: null, user: session?.user ?? null })
    })
    await listenOn(t, app, url)
  },
}
