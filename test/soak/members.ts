/** Attacks by people with a WeChat account: what each does in one round, and what must never be accepted. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../chaos/random.ts'
import { openBrowser, openPhone, sign, type Service, type TestPhone } from '../support/clients.ts'
import type { Answer, Call } from '../support/test-service.ts'
import { cookieOf, verdict } from '../support/login.ts'
import { randomText } from './random-text.ts'

export interface Member {
  readonly authority: string
  readonly random: Random
  readonly signal: AbortSignal
  /** The service behind its proxy, called from an address of this attack's own. */
  readonly client: Service
  /** Returns a person's phone, the same one until its key has ended. */
  phone (person: string): Promise<TestPhone>
  /** Logs in another phone of a person's. */
  otherPhone (person: string): Promise<TestPhone>
  note (answer: Answer, what?: string): void
  violation (text: string): void
}

export interface MemberAttack {
  /** The pause after each round. */
  readonly everyMs: number
  readonly once: (member: Member) => Promise<void>
}

/** An origin on another site that may embed the login. */
export const shop = 'https://shop.example'
/** A call signed this far in the future is refused; 6 s later its time is acceptable. */
const aheadSeconds = 124
const untilGoodMs = 6000
const mimickingNames = ['Admin', 'аdmіn', 'ADM1N', 'ad\u200dmin', '管理员', '【官方】', '微信客服', 'Жora', 'evil.com', 'root@localhost', '138 0013 8000']
const listSessions: Call = { path: '/api/phone/sessions' }

const signedOnce = async ({ authority, random, phone }: Member, aheadBy = 0): Promise<Call> => {
  const headers = sign(listSessions, (await phone('mallory')).key, { authority, created: Math.floor(Date.now() / 1000) + aheadBy, nonce: randomText(random, 16) })
  return { ...listSessions, headers }
}

/** Runs a whole login; undefined if a step was refused. */
const logIn = async ({ note }: Member, site: Service, phone: TestPhone): Promise<Answer | undefined> => {
  const browser = await openBrowser(site)
  if (browser.created.status !== 201) {
    note(browser.created, 'ticket')
    return undefined
  }
  const scan = await phone.scan(browser.ticket)
  if (scan.status !== 200) {
    note(scan, 'scan')
    await browser.giveUp()
    return undefined
  }
  await phone.confirm(browser.ticket, await browser.matchCode())
  const consumed = await browser.consume()
  note(consumed, 'consume')
  return consumed.status === 200 ? consumed : undefined
}

export const members: Readonly<Record<string, MemberAttack>> = {
  'wrong numbers': {
    everyMs: 500,
    once: async ({ client, random, phone, note, violation }) => {
      const guesser = await phone('mallory')
      const browser = await openBrowser(client)
      if (browser.created.status !== 201) return note(browser.created, 'ticket')
      const scan = await guesser.scan(browser.ticket)
      if (scan.status !== 200) {
        note(scan, 'scan')
        await browser.giveUp()
        return
      }
      const number = await browser.matchCode()
      const answer = await guesser.confirm(browser.ticket, String((Number(number) - 10 + random.integer(1, 89)) % 90 + 10))
      note(answer)
      if (answer.status === 200) violation('a wrong number was accepted')
    },
  },
  replays: {
    everyMs: 500,
    once: async (member) => {
      const call = await signedOnce(member)
      const answers = await Promise.all(Array.from({ length: 10 }, () => member.client.call(call)))
      for (const answer of answers) member.note(answer)
      if (answers.filter(({ status }) => status === 200).length > 1) member.violation('one signed call was accepted more than once')
    },
  },
  'signed ahead': {
    everyMs: 500,
    once: async (member) => {
      const call = await signedOnce(member, aheadSeconds)
      const early = await member.client.call(call)
      member.note(early, 'at first')
      await sleep(untilGoodMs, undefined, { signal: member.signal })
      const late = await member.client.call(call)
      member.note(late, 'later')
      if (early.json?.code === 'clock-skew' && late.status === 200) member.violation('a signed call was refused as too early and accepted 6 s later')
    },
  },
  'mimicking names': {
    everyMs: 1000,
    once: async ({ random, phone, note, violation }) => {
      const name = random.pick(mimickingNames)
      const answer = await (await phone('mallory')).rename(name)
      note(answer)
      if (answer.status === 200) violation(`the name ${encodeURIComponent(name)} was accepted`)
    },
  },
  'tokens of another site': {
    everyMs: 3000,
    once: async (member) => {
      const { client, phone, note, violation } = member
      const site: Service = { call: (call) => client.call({ ...call, headers: { ...call.headers, origin: shop, 'sec-fetch-site': 'cross-site' } }) }
      const approver = await phone('buyer')
      const consumed = await logIn(member, site, approver)
      if (consumed === undefined) return
      const token = String(consumed.json.access_token)
      if (consumed.headers['set-cookie'] !== undefined) violation('a login of another site set a cookie')
      if (audienceOf(token) !== shop) violation('the token of another site has another audience')
      const headers = { authorization: `Bearer ${token}` }
      note(await client.call({ path: '/api/session', headers }), 'its own session')
      for (const call of [{ path: '/api/session/verify' }, { path: '/api/forward-auth?bearer=on' }, { method: 'DELETE', path: '/api/session' }] as const) {
        const answer = await client.call({ ...call, headers })
        note(answer, call.path)
        if (answer.status < 300) violation(`the token of another site is accepted for ${call.path}`)
      }
      await approver.signOutEverywhere()
    },
  },
  'cookies of two people': {
    everyMs: 3000,
    once: async (member) => {
      const { client, random, phone, note, violation } = member
      const logins = [await logIn(member, client, await phone('mallory')), await logIn(member, client, await phone('victim'))]
      const cookies = logins.flatMap((consumed) => consumed === undefined ? [] : [cookieOf(consumed)])
      if (random.chance(0.5)) cookies.reverse()
      for (const path of cookies.length === 2 ? ['/api/session', '/api/session/verify', '/api/forward-auth'] : []) {
        const answer = await client.call({ path, headers: { cookie: cookies.join('; ') } })
        note(answer, path)
        if (answer.status === 200) violation('somebody is logged in by the cookies of two people')
      }
      for (const cookie of cookies) await client.call({ method: 'DELETE', path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    },
  },
  'a stolen phone': {
    everyMs: 3000,
    once: async (member) => {
      const { client, phone, otherPhone, note, violation } = member
      const [mine, stolen] = [await phone('owner'), await otherPhone('owner')]
      const consumed = await logIn(member, client, stolen)
      const ended = await mine.signOutEverywhere()
      note(ended, 'sign out everywhere')
      if (ended.status !== 204) return
      const after = [await stolen.sessions()]
      if (consumed !== undefined) for (const headers of [{ cookie: cookieOf(consumed) }, { authorization: `Bearer ${consumed.json.access_token}` }]) after.push(await client.call({ path: '/api/session', headers }))
      for (const answer of after) {
        note(answer, 'after it')
        if (answer.status === 200) violation('a phone or a browser is accepted after its person has signed out everywhere')
      }
    },
  },
}

const audienceOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).aud

export interface MemberOptions {
  /** The service behind its proxy. */
  readonly proxy: Service
  readonly authority: string
  readonly random: Random
  /** Multiplies pauses. */
  readonly pace: number
  readonly signal: AbortSignal
  jsCode (person: string): string
  note (name: string, answer: string): void
  violation (text: string): void
}

/** Runs one attack until the signal aborts; `n` is its number. */
export const attackAsMember = async (name: string, n: number, { proxy, authority, random, pace, signal, jsCode, note, violation }: MemberOptions): Promise<void> => {
  const { everyMs, once } = members[name] ?? { everyMs: 0, once: () => Promise.reject(new Error(`no attack is called ${name}`)) }
  const client: Service = { call: (call) => proxy.call({ ...call, headers: { ...call.headers, 'x-forwarded-for': `198.18.${n}.5` } }) }
  const phones = new Map<string, TestPhone>()
  const otherPhone = (person: string): Promise<TestPhone> => openPhone(client, { jsCode: jsCode(`${person}-${n}`), authority })
  const member: Member = {
    authority,
    random: random.fork(n),
    signal,
    client,
    otherPhone,
    phone: async (person) => {
      const phone = phones.get(person) ?? await otherPhone(person)
      phones.set(person, phone)
      return phone
    },
    note: (answer, what) => {
      note(name, what === undefined ? verdict(answer) : `${what}: ${verdict(answer)}`)
      if (answer.json?.code === 'key-unknown') phones.clear() // they log in again
    },
    violation,
  }
  while (!signal.aborted) {
    try {
      await once(member)
    } catch (error) {
      if (!signal.aborted) note(name, `broke off: ${error instanceof Error ? error.message.slice(0, 60) : String(error)}`)
      phones.clear()
    }
    await sleep(everyMs * pace, undefined, { signal }).catch(() => {}) // aborted
  }
}
