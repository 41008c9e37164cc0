/** A browser and a phone as src/http/README.md, "API", describes them. Written from that text alone: they import nothing of the service. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Answer, Call } from './test-service.ts'

/** An app in this process, or a service at an address. */
export interface Service {
  call (call: Call): Promise<Answer>
}

export interface TestBrowser {
  readonly ticket: string
  readonly secret: string
  readonly created: Answer
  poll (after?: number | string, wait?: number | string): Promise<Answer>
  consume (): Promise<Answer>
  giveUp (): Promise<Answer>
  /** Polls for the number that the screen shows. */
  matchCode (): Promise<string>
}

export const windowsChrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'

/** Creates a ticket as a browser does. */
export const openBrowser = async (service: Service, { body, prefix = '', from }: { body?: unknown, prefix?: string, from?: string } = {}): Promise<TestBrowser> => {
  const at = from === undefined ? {} : { from }
  const created = await service.call({ method: 'POST', path: `${prefix}/api/tickets`, headers: { 'user-agent': windowsChrome }, body, ...at })
  if (created.status !== 201) return { ticket: '', secret: '', created } as TestBrowser // for tests of refusals, which read `created` only
  const { ticket, secret } = created.json as { ticket: string, secret: string }
  const headers = { authorization: `Ticket ${secret}` }
  const path = `${prefix}/api/tickets/${ticket}`
  const poll: TestBrowser['poll'] = (after, wait) => {
    const query = [...(after === undefined ? [] : [`after=${after}`]), ...(wait === undefined ? [] : [`wait=${wait}`])].join('&')
    return service.call({ path: query === '' ? path : `${path}?${query}`, headers, ...at })
  }
  return {
    ticket,
    secret,
    created,
    poll,
    consume: () => service.call({ method: 'POST', path: `${path}/consume`, headers, ...at }),
    giveUp: () => service.call({ method: 'DELETE', path, headers, ...at }),
    matchCode: async () => (await poll()).json.match_code as string,
  }
}

export interface PhoneKeyAnswer {
  readonly key_id: string
  readonly key: string
}

export interface SignOptions {
  /** Host and port of PUBLIC_URL. */
  readonly authority: string
  /** Seconds since 1970. */
  readonly created: number
  readonly nonce?: string
}

/** Signs a call (RFC 9421), as src/http/README.md, "API", says. */
export const sign = ({ method = 'GET', path, body }: Call, { key_id: keyId, key }: PhoneKeyAnswer, { authority, created, nonce = randomBytes(16).toString('base64url') }: SignOptions): Record<string, string> => {
  const bytes = bytesOf(body)
  const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
  const input = `("@method" "@authority" "@path" "@query" "content-digest");created=${created};nonce="${nonce}";keyid="${keyId}";alg="hmac-sha256";tag="scan-login"`
  const [target, query] = path.split(/\?(.*)/s)
  const base = [
    `"@method": ${method}`,
    `"@authority": ${authority}`,
    `"@path": ${target}`,
    `"@query": ?${query ?? ''}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${input}`,
  ].join('\n')
  const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(base).digest('base64')
  return { 'content-digest': digest, 'signature-input': `sig1=${input}`, signature: `sig1=:${mac}:` }
}

const bytesOf = (body: unknown): string | Buffer => {
  if (body === undefined) return ''
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

export interface TestPhone {
  readonly key: PhoneKeyAnswer
  readonly sub: string
  /** Makes any call, signed. */
  signed (call: Call): Promise<Answer>
  scan (ticket: string): Promise<Answer>
  confirm (ticket: string, matchCode?: string): Promise<Answer>
  cancel (ticket: string): Promise<Answer>
  sessions (): Promise<Answer>
  /** With the ticket that led to it also before it has opened. */
  signOut (id: string, ticket?: string): Promise<Answer>
  signOutEverywhere (): Promise<Answer>
  rename (name: string): Promise<Answer>
}

export interface PhoneOptions {
  readonly jsCode: string
  /** PUBLIC_URL without its path. */
  readonly authority?: string
  readonly prefix?: string
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** Logs a phone in; it signs its calls. */
export const openPhone = async (service: Service, { jsCode, authority = 'login.example.com', prefix = '', now = Date.now }: PhoneOptions): Promise<TestPhone> => {
  const login = await service.call({ method: 'POST', path: `${prefix}/api/phone/login`, body: { js_code: jsCode } })
  if (login.status !== 200) throw new Error(`the phone could not log in: ${login.status} ${login.text}`)
  const key = login.json as PhoneKeyAnswer & { user: { sub: string } }
  const signed: TestPhone['signed'] = (call) =>
    service.call({ ...call, headers: { ...call.headers, ...sign(call, key, { authority, created: Math.floor(now() / 1000) }) } })
  const onTicket = (ticket: string, verb: string, body?: unknown): Promise<Answer> =>
    signed({ method: 'POST', path: `${prefix}/api/phone/tickets/${ticket}/${verb}`, body })
  return {
    key,
    sub: key.user.sub,
    signed,
    scan: (ticket) => onTicket(ticket, 'scan'),
    confirm: (ticket, matchCode) => onTicket(ticket, 'confirm', matchCode === undefined ? {} : { match_code: matchCode }),
    cancel: (ticket) => onTicket(ticket, 'cancel'),
    sessions: () => signed({ path: `${prefix}/api/phone/sessions` }),
    signOut: (id, ticket) => signed({ method: 'DELETE', path: `${prefix}/api/phone/sessions/${id}${ticket === undefined ? '' : `?ticket=${ticket}`}` }),
    signOutEverywhere: () => signed({ method: 'DELETE', path: `${prefix}/api/phone/sessions` }),
    rename: (name) => signed({ method: 'PUT', path: `${prefix}/api/phone/profile`, body: { name } }),
  }
}
