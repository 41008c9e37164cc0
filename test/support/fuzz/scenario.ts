/** The two people of the fuzz test: Ming, the victim, whom no request may affect, and Hong, the attacker, who has valid credentials of her own. */
import { openBrowser, sign, type TestBrowser, type TestPhone } from '../clients.ts'
import type { TestService } from '../test-service.ts'
import { confirmedBrowser, logIn, phoneOf } from '../login.ts'
import type { HostileRequest } from './requests.ts'
import type { RawRequest } from './wire.ts'

export interface Scenario {
  /** Replaces placeholders by the current values, and signs the request with Hong's key. */
  address (request: HostileRequest): RawRequest
  /** Returns whether a key of the store is Ming's. Not those of a ticket's cached code and link: anybody who knows the ticket may have them made. */
  belongsToVictim (key: string): boolean
  /** Returns whether Hong's next requests need this key of the store unchanged. */
  isNeeded (key: string): boolean
  /** Creates new tickets and a new session for Hong. */
  renew (): Promise<void>
  /** What only Ming and his browsers may read, by name. */
  readonly secrets: Readonly<Record<string, string>>
  /** Reads what Ming's browsers and phone see; it must never change. */
  victimState (): Promise<unknown>
}

interface Tickets { readonly pending: TestBrowser, readonly scanned: TestBrowser, readonly confirmed: TestBrowser, readonly number: string }

const ticketsOf = async (service: TestService, phone: TestPhone): Promise<Tickets> => {
  const [pending, scanned] = [await openBrowser(service), await openBrowser(service)]
  await phone.scan(scanned.ticket)
  return { pending, scanned, number: await scanned.matchCode(), confirmed: (await confirmedBrowser(service, { phone })).browser }
}

const sessionOf = async (service: TestService, phone: TestPhone) => {
  const login = await logIn(service, { phone })
  return { ...login, id: (await service.call({ path: '/api/session', headers: { cookie: login.cookie } })).json.session.id as string }
}

export const openScenario = async (service: TestService): Promise<Scenario> => {
  const ming = await phoneOf(service, 'ming')
  await ming.rename('小明')
  const victim = { ...await ticketsOf(service, ming), session: await sessionOf(service, ming) }
  let hong = await phoneOf(service, 'hong')
  let own = { ...await ticketsOf(service, hong), session: await sessionOf(service, hong) }

  const victimIds = [ming.sub, ming.key.key_id, victim.session.id, victim.scanned.ticket, victim.confirmed.ticket]
  const valuesByName = (): Record<string, string> => ({
    pending: own.pending.ticket,
    scanned: own.scanned.ticket,
    confirmed: own.confirmed.ticket,
    'pending secret': own.pending.secret,
    'scanned secret': own.scanned.secret,
    'confirmed secret': own.confirmed.secret,
    session: own.session.id,
    cookie: own.session.cookie,
    token: own.session.token,
    'victim scanned': victim.scanned.ticket,
    'victim confirmed': victim.confirmed.ticket,
    'victim session': victim.session.id,
    'victim key': ming.key.key_id,
  })
  const fill = (text: string): string => {
    const known = valuesByName()
    return text.replaceAll(/\{([a-z ]+)\}/g, (whole, name: string) => known[name] ?? whole)
  }
  const withPlaceholders = (body: Buffer): Buffer => {
    const text = body.toString('latin1')
    if (!/\{(?:js_code|number)\}/.test(text)) return body
    return Buffer.from(text.replaceAll('{js_code}', () => service.simulator.jsCode('hong')).replaceAll('{number}', own.number), 'latin1')
  }

  return {
    address: (request) => {
      const { method } = request
      const target = fill(request.target)
      const body = withPlaceholders(request.body)
      const headers = request.headers.map(([name, value]) => [name, fill(value)] as const)
      if (request.signature === 'none') return { method, target, headers, body }
      const signed = sign({ method: method as 'GET', path: target, body: request.signature === 'right' ? body : Buffer.concat([body, Buffer.from('x')]) }, hong.key, { // any method can be signed
        authority: 'login.example.com',
        created: Math.floor(service.clock.now() / 1000),
      })
      if (request.signature === 'garbage') signed.signature = `sig1=:${'A'.repeat(43)}=:`
      return { method, target, headers: [...headers, ...Object.entries(signed)], body }
    },
    belongsToVictim: (key) => !/^wechat-(?:code|link):/.test(key) && victimIds.some((word) => key.includes(word)),
    isNeeded: (key) => [hong.key.key_id, own.pending.ticket, own.scanned.ticket, own.confirmed.ticket, own.session.id].some((word) => key.includes(word)),
    renew: async () => {
      // Otherwise Hong is refused after three wrong numbers, and has no valid credentials any more.
      for (const key of ['match-wait', 'match-typing']) await service.store.remove(`${key}:${hong.sub}`)
      hong = await phoneOf(service, 'hong') // she may have ended her key, or deleted her data
      own = { ...await ticketsOf(service, hong), session: await sessionOf(service, hong) }
    },
    secrets: {
      'secret of the pending': victim.pending.secret,
      'secret of the scanned': victim.scanned.secret,
      'secret of the confirmed': victim.confirmed.secret,
      cookie: victim.session.cookie.replace(/^[^=]*=/, ''),
      token: victim.session.token,
      key: ming.key.key,
    },
    victimState: async () => ({
      pending: (await victim.pending.poll()).json,
      scanned: (await victim.scanned.poll()).json,
      confirmed: (await victim.confirmed.poll()).json,
      session: (await service.call({ path: '/api/session', headers: { cookie: victim.session.cookie } })).json,
      byToken: (await service.call({ path: '/api/session', headers: { authorization: `Bearer ${victim.session.token}` } })).json,
      sessions: (await ming.sessions()).json,
    }),
  }
}
