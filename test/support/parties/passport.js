/**
 * passport-openidconnect, the version that Wiki.js has: endpoints entered by hand, the secret in the body, claims of both sources. It can't log people out at
 * the provider: Wiki.js has a field for a URL, which is the one below.
 */
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import OpenIDConnectStrategy from 'passport-openidconnect'
import { listenOn } from './listen-on.js'

/** @type {import('./party.ts').Party} */
export const passportOpenidconnect = {
  name: 'passport-openidconnect',
  paths: { home: '/', login: '/login', callback: '/callback', logout: '/logout', afterLogout: null, backchannel: null },
  open: async (t, { issuer, url, clientId, clientSecret }) => {
    const people = new passport.Passport()
    people.use('oidc', new OpenIDConnectStrategy({
      issuer,
      authorizationURL: `${issuer}/auth`,
      tokenURL: `${issuer}/token`,
      userInfoURL: `${issuer}/userinfo`,
      clientID: clientId,
      clientSecret,
      callbackURL: `${url}/callback`,
      scope: ['profile', 'email', 'groups'],
    }, (_issuer, uiProfile, idProfile, _context, _idToken, _accessToken, _refreshToken, _params, done) => {
      done(null, { claims: idProfile, userinfo: uiProfile._json })
    }))
    people.serializeUser((user, done) => { done(null, user) })
    people.deserializeUser((user, done) => { done(null, user) })
    const app = express()
    app.use(session({ secret: 'a secret of the website', resave: false, saveUninitialized: false }))
    app.use(people.initialize())
    app.use(people.session())
    app.get('/', (request, response) => { response.json(request.user ?? { claims: null }) })
    app.get('/login', people.authenticate('oidc'))
    app.get('/callback', (request, response, next) => {
      people.authenticate('oidc', (error, user, info) => {
        if (error || !user) response.status(error ? 500 : 403).json({ failed: true, error: error?.code ?? null, description: info?.message ?? null, message: error?.message ?? info?.message })
        else request.login(user, (failure) => failure ? next(failure) : response.redirect('/'))
      })(request, response, next)
    })
    app.get('/logout', (request, response, next) => { request.logout((error) => error ? next(error) : response.redirect(`${issuer}/session/end`)) })
    await listenOn(t, app, url)
  },
}
