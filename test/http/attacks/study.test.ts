/**
 * The six flaws that "Demystifying the (In)Security of QR Code-based Login in Real-world Deployments" (USENIX Security 2025) looked for in logins by code,
 * under its names: each is tried here by the means of its scanner. F3 and F4 are about the code's id, the others about who may use it for what.
 */
import t, { type Test } from 'tap'
import { openBrowser, type Service } from '../../support/clients.ts'
import { craftSignature } from '../../support/craft-signature.ts'
import { openTestService, type Answer, type Call, type TestService } from '../../support/test-service.ts'
import { confirmedBrowser, cookieOf, phoneOf, verdict } from '../../support/login.ts'

const noLimits = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }
const bearing = (secret: string) => ({ authorization: `Ticket ${secret}` })

/** Returns whether one bit over many ids is as often 1 as 0, within six standard deviations. */
const isEven = (ids: readonly Buffer[], bit: number): boolean => {
  const ones = ids.reduce((sum, id) => sum + (((id[bit >> 3] ?? 0) >> (bit & 7)) & 1), 0)
  return Math.abs(ones - ids.length / 2) < 3 * Math.sqrt(ids.length)
}

const flaws: Record<string, (t: Test, service: TestService) => Promise<void>> = {
  'F1 unbound session id: another browser\'s polls are not-found before the scan, after it and after the confirmation': async (t, service) => {
    const phone = await phoneOf(service)
    const [victim, attacker] = [await openBrowser(service), await openBrowser(service)]
    const tryOut = async (state: string): Promise<void> => {
      for (const headers of [bearing(attacker.secret), { 'x-ticket-secret': attacker.secret }, { cookie: `scan_login=${attacker.secret}` }, {}]) {
        const [poll, consume] = [await service.call({ path: `/api/tickets/${victim.ticket}`, headers }), await service.call({ method: 'POST', path: `/api/tickets/${victim.ticket}/consume`, headers })]
        t.strictSame([verdict(poll), verdict(consume)], ['404 ticket-not-found', '404 ticket-not-found'], `${state}: ${Object.keys(headers).join()}`)
      }
    }
    await tryOut('pending')
    await phone.scan(victim.ticket)
    await tryOut('scanned')
    await phone.confirm(victim.ticket, await victim.matchCode())
    await tryOut('confirmed')
    t.equal((await victim.consume()).status, 200)
    await tryOut('consumed')
  },
  'F2 reusable code: a repeated poll, consume, scan or confirmation gives no second login, and the code expires': async (t, service) => {
    const { browser, phone } = await confirmedBrowser(service)
    const first = await browser.consume()
    t.equal(first.status, 200)
    const again = await browser.consume()
    t.equal(cookieOf(again), cookieOf(first), 'a repeated consume by the same browser gives the same session')
    const before = (await phone.sessions()).json.sessions.length as number
    service.clock.advance(30_000)
    t.equal(verdict(await browser.consume()), '409 ticket-consumed')
    t.equal((await browser.poll()).json.access_token, undefined, 'a poll never brings a token')
    t.equal(verdict(await phone.scan(browser.ticket)), '409 ticket-consumed')
    t.equal(verdict(await (await phoneOf(service, 'hong')).scan(browser.ticket)), '409 ticket-consumed')
    t.equal((await phone.sessions()).json.sessions.length, before)
    const left = await openBrowser(service)
    service.clock.advance(181_000)
    t.equal(verdict(await phone.scan(left.ticket)), '409 ticket-expired')
  },
  'F3 predictable id: two thousand are all different, without order, and even in every bit': async (t, service) => {
    const made = []
    for (let i = 0; i < 2000; i++) {
      const browser = await openBrowser(service, { from: `10.${i % 200}.${i % 7}.1` })
      made.push(browser)
      if (i >= 100) await made[i - 100]?.giveUp()
    }
    const ids = made.map(({ ticket }) => Buffer.from(ticket, 'base64url'))
    t.ok(made.every(({ ticket, secret }) => /^[\w-]{22}$/.test(ticket) && /^[\w-]{43}$/.test(secret)))
    t.equal(new Set(ids.map((id) => id.toString('hex', 0, 8))).size, ids.length, 'even the first halves all differ')
    t.strictSame(Array.from({ length: 128 }, (_, bit) => bit).filter((bit) => !isEven(ids, bit)), [], 'every bit is even')
    const rises = ids.filter((id, index) => index > 0 && Buffer.compare(id, ids[index - 1] ?? id) > 0).length
    t.ok(Math.abs(rises - ids.length / 2) < 3 * Math.sqrt(ids.length), 'they are neither ascending nor descending')
  },
  'F4 controllable id: the service alone chooses id, secret, state and expiry': async (t, service) => {
    const wanted = { ticket: 'A'.repeat(22), id: 'A'.repeat(22), uuid: 'A'.repeat(22), scene: 'A'.repeat(22), secret: 'A'.repeat(43), state: 'confirmed', expires_in: 86_400, match_code: '10' }
    const asks: readonly Call[] = [
      { method: 'POST', path: '/api/tickets', body: wanted },
      { method: 'POST', path: `/api/tickets?${new URLSearchParams({ ...wanted, expires_in: '86400' })}` },
      { method: 'POST', path: '/api/tickets', headers: { 'x-ticket-secret': wanted.secret, ...bearing(wanted.secret), cookie: `ticket=${wanted.ticket}; scan_login=${wanted.secret}` } },
    ]
    for (const ask of asks) {
      const { status, json } = await service.call(ask)
      t.equal(status, 201)
      t.not(json.ticket, wanted.ticket)
      t.not(json.secret, wanted.secret)
      t.equal(json.state, 'pending')
      t.ok(json.expires_in <= 180)
    }
    for (const method of ['PUT', 'PATCH', 'POST'] as const) t.equal(verdict(await service.call({ method, path: `/api/tickets/${wanted.ticket}`, body: {} })), '405 method-not-allowed')
    t.equal(verdict(await (await phoneOf(service)).scan(wanted.ticket)), '404 ticket-not-found')
  },
  'F5 invalid token validation: only a signature with a person\'s own key confirms for that person': async (t, service) => {
    const [ming, evil] = [await phoneOf(service), await phoneOf(service, 'evil')]
    const browser = await openBrowser(service)
    await ming.scan(browser.ticket)
    const number = await browser.matchCode()
    const named = { match_code: number, openid: service.simulator.openidOf('ming'), sub: ming.sub, phone: '13800000000', key_id: ming.key.key_id }
    const confirm: Call = { method: 'POST', path: `/api/phone/tickets/${browser.ticket}/confirm?sub=${ming.sub}`, body: JSON.stringify(named) }
    const now = service.clock.now() / 1000
    const evilsSignature = craftSignature(confirm, evil.key, now)
    const attempts: Record<string, Record<string, string>> = {
      'no signature': {},
      'a bearer in its place': { authorization: `Bearer ${ming.key.key}` },
      'the id of Ming\'s key with another\'s secret': craftSignature(confirm, { key_id: ming.key.key_id, key: evil.key.key }, now),
      'another\'s signature under Ming\'s key id': { ...evilsSignature, 'signature-input': String(evilsSignature['signature-input']).replace(evil.key.key_id, ming.key.key_id) },
      'an empty signature': { ...craftSignature(confirm, ming.key, now), signature: 'sig1=::' },
      'Ming\'s signature of another call': craftSignature({ ...confirm, body: '{}' }, ming.key, now),
    }
    for (const [what, headers] of Object.entries(attempts)) t.equal(verdict(await service.call({ ...confirm, headers })), '401 signature-invalid', what)
    t.equal(verdict(await evil.signed(confirm)), '409 ticket-taken', 'a valid signature is its own person\'s only')
    t.equal((await browser.poll()).json.state, 'scanned')
    t.equal((await ming.confirm(browser.ticket, number)).status, 200)
    t.equal((await browser.consume()).json.user.sub, ming.sub)
  },
  'F6 sensitive data leakage: no answer contains a WeChat id or key, none to the browser shows who scanned before the confirmation, and none to a phone contains the browser\'s secret': async (t, service) => {
    const answersTo: Record<'browser' | 'phone' | 'stranger', Answer[]> = { browser: [], phone: [], stranger: [] }
    const as = (who: keyof typeof answersTo): Service & TestService => {
      const call = async (call: Call): Promise<Answer> => {
        const answer = await service.call(call)
        answersTo[who].push(answer)
        return answer
      }
      return { ...service, call }
    }
    const phone = await phoneOf(as('phone'))
    const browser = await openBrowser(as('browser'))
    await service.call({ path: `/api/tickets/${browser.ticket}/code` })
    await phone.scan(browser.ticket)
    const number = await browser.matchCode()
    const stranger = await phoneOf(as('stranger'), 'hong')
    const keyOfStranger = answersTo.stranger.length
    await stranger.scan(browser.ticket)
    await stranger.confirm(browser.ticket, number)
    await as('stranger').call({ path: `/api/tickets/${browser.ticket}`, headers: bearing('A'.repeat(43)) })
    const toStranger = answersTo.stranger.slice(keyOfStranger).map(textOf).join('\n')
    const beforeConfirmation = answersTo.browser.map(textOf).join('\n')
    await phone.confirm(browser.ticket, number)
    await browser.poll()
    await browser.consume()
    await phone.sessions()
    const openids = ['ming', 'hong'].map((person) => service.simulator.openidOf(person))
    for (const [who, answers] of Object.entries(answersTo)) {
      const text = answers.map(textOf).join('\n')
      t.notMatch(text, /openid|unionid|session_key/i, who)
      for (const secret of [...openids, service.simulator.secret, service.simulator.appid]) t.notOk(text.includes(secret), `${who} gets no secret of WeChat's`)
      t.equal(text.includes(browser.secret), who === 'browser', `${who} and the browser's secret`)
      t.equal(text.includes(phone.key.key), who === 'phone', `${who} and the phone's key`)
    }
    for (const secret of [phone.sub, phone.key.key_id]) {
      t.notOk(beforeConfirmation.includes(secret))
      t.notOk(toStranger.includes(secret))
    }
    t.notMatch(toStranger, /match|"browser"|"user"|"site"/)
    for (const secret of [...openids, browser.secret, phone.key.key, service.simulator.secret]) t.notOk(service.logged().includes(secret), 'nothing of it is logged')
  },
}

const textOf = ({ headers, text }: Answer): string => `${JSON.stringify(headers)}${text}`

t.strictSame(Object.keys(flaws).map((name) => name.split(' ')[0]), Array.from({ length: 6 }, (_, index) => `F${index + 1}`), 'every flaw of the study has a test')
for (const [name, flaw] of Object.entries(flaws)) await t.test(`study ${name}`, async (t) => { await flaw(t, await openTestService(t, { env: noLimits })) })
