// A website whose visitors log in with <scan-login>, with sessions of its own. Needs Node.js 20 or newer and jose 6: `npm install jose && node website.mjs`
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

/** The website's origin as visitors see it, and as the service's ALLOWED_ORIGINS has it. */
const site = new URL(process.env.SITE_ORIGIN ?? 'http://localhost:3001').origin
/** The service's PUBLIC_URL. */
const service = (process.env.SERVICE_URL ?? 'http://localhost:3000').replace(/\/$/, '')
const port = Number(process.env.PORT ?? 3001)

// Fetched for the first token, every 10 minutes, and for an unknown key, but then at most every 30 s.
const keys = createRemoteJWKSet(new URL(`${service}/.well-known/jwks.json`))
const rules = { issuer: service, audience: site, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['sub', 'jti', 'exp'], clockTolerance: 5 }
/** What jose throws where the service can't be asked: everything else is a bad token. */
const unreachable = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']

const dayMs = 24 * 60 * 60_000
const maxEntries = 100_000
/** Session id → who it is, and when it ends. In memory, so a restart logs everybody out: put both maps into your database. */
const sessions = new Map()
/** Ids of the tokens that were used, with their end. Several processes need one store that adds an id in one step, like `SET NX` of Redis. */
const usedTokens = new Map()

/** Removes what has ended; entries stand in the order of their ends. */
const removeEnded = (map) => {
  for (const [id, { endsAt }] of map) {
    if (endsAt > Date.now()) return
    map.delete(id)
  }
}

const isSecure = site.startsWith('https:')
const cookieName = isSecure ? '__Host-website' : 'website' // with __Host-, no other subdomain can plant one
const cookieOf = (id, seconds) => `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${isSecure ? '; Secure' : ''}`
const sessionId = ({ headers: { cookie = '' } }) => new RegExp(`(?:^|; )${cookieName}=([\\w-]{43})(?:;|$)`).exec(cookie)?.[1]

/** Returns the status, and the session's cookie where the token is good. */
const logIn = async (request) => {
  const [, token = ''] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(request.headers.authorization ?? '') ?? []
  let claims
  try {
    claims = (await jwtVerify(token, keys, rules)).payload
  } catch (error) {
    return { status: error instanceof errors.JOSEError && !unreachable.includes(error.code) ? 401 : 503 }
  }
  for (const map of [usedTokens, sessions]) removeEnded(map)
  if (usedTokens.has(claims.jti)) return { status: 401 } // a token opens one session
  if (usedTokens.size >= maxEntries || sessions.size >= maxEntries) return { status: 503 }
  usedTokens.set(claims.jti, { endsAt: (claims.exp + 10) * 1000 }) // past clockTolerance
  sessions.delete(sessionId(request))
  const id = randomBytes(32).toString('base64url') // always a new one: an id from before the login may be known to somebody else
  sessions.set(id, { sub: claims.sub, endsAt: Date.now() + dayMs })
  return { status: 204, cookie: cookieOf(id, dayMs / 1000) }
}

const whoIs = (request) => {
  removeEnded(sessions)
  return sessions.get(sessionId(request))
}

const { origin } = new URL(service)
const policy = `default-src 'none'; script-src 'self' ${origin}; style-src 'self'; connect-src 'self' ${origin}; img-src ${origin}; base-uri 'none'; form-action 'none'; frame-ancestors ${origin}` // the demo frames it; better 'none'
const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': policy }
const fileOf = (name) => readFileSync(new URL(`public/${name}`, import.meta.url), 'utf8').replaceAll('https://login.example.com', service)
const files = new Map([['/', ['text/html', fileOf('index.html')]], ['/website.js', ['text/javascript', fileOf('website.js')]], ['/website.css', ['text/css', fileOf('website.css')]]])

createServer(async (request, response) => {
  const answer = (status, body = '', more = {}) => { response.writeHead(status, { ...headers, ...more }).end(body) }
  const { method } = request
  const [url] = request.url.split('?')
  const [type, file] = files.get(url) ?? []
  if (file !== undefined && method === 'GET') return answer(200, file, { 'content-type': `${type}; charset=utf-8` })
  if (url !== '/session') return answer(404)
  if (method === 'GET') {
    const session = whoIs(request)
    return session === undefined ? answer(401) : answer(200, JSON.stringify({ sub: session.sub }), { 'content-type': 'application/json' })
  }
  // Another site's page could log its visitors in here as somebody else, or out. Browsers name the page's origin with both methods.
  if (request.headers.origin !== site) return answer(403)
  if (method === 'POST') {
    const { status, cookie } = await logIn(request)
    return answer(status, '', cookie === undefined ? {} : { 'set-cookie': cookie })
  }
  if (method !== 'DELETE') return answer(405, '', { allow: 'GET, POST, DELETE' })
  sessions.delete(sessionId(request))
  return answer(204, '', { 'set-cookie': cookieOf('', 0) })
}).listen(port, '127.0.0.1')
