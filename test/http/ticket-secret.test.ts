/** A ticket's secret in `X-Ticket-Secret`, for browsers whose `Authorization` a proxy on the way needs for itself. */
import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import { confirmedBrowser, logIn, verdict } from '../support/login.ts'
import { openTestService } from '../support/test-service.ts'

const basic = 'Basic bWluZzpwYXNzd29yZA=='
const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }

await t.test('X-Ticket-Secret: a ticket is polled, consumed and cancelled when Authorization is absent or of another scheme', async (t) => {
  const service = await openTestService(t)
  for (const others of [{}, { authorization: basic }, { authorization: 'Bearer x' }, { authorization: 'Ticketing x' }, { cookie: '__Host-scan_login=x', ...elsewhere }] as Array<Record<string, string>>) {
    const { browser, phone } = await confirmedBrowser(service)
    const headers = { 'x-ticket-secret': browser.secret, ...others }
    const path = `/api/tickets/${browser.ticket}`
    t.hasStrict((await service.call({ path, headers })).json, { state: 'confirmed', version: 3 }, JSON.stringify(others))
    const consumed = await service.call({ method: 'POST', path: `${path}/consume`, headers })
    t.equal(consumed.json.user?.sub, phone.sub)
    t.match(consumed.headers['set-cookie'], /^__Host-scan_login=/)
    t.equal((await service.call({ method: 'DELETE', path, headers })).status, 204)
    const other = await openBrowser(service)
    t.equal((await service.call({ method: 'DELETE', path: `/api/tickets/${other.ticket}`, headers: { ...others, 'x-ticket-secret': other.secret } })).status, 204)
    t.hasStrict((await other.poll()).json, { state: 'cancelled' })
  }
})

await t.test('X-Ticket-Secret: it is answered like a wrong secret when it is one, or when Authorization has another', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_GUESS: '1000' } })
  const { browser } = await confirmedBrowser(service)
  const own = browser.secret
  const other = (await openBrowser(service)).secret
  const path = `/api/tickets/${browser.ticket}`
  const wrong: Array<Record<string, string | string[]>> = [
    ...[other, '', own.slice(1), `${own}=`, `${own}, ${own}`, `Ticket ${own}`, `"${own}"`].map((secret) => ({ 'x-ticket-secret': secret })),
    ...[own, other, ''].map((secret) => ({ 'x-ticket-secret': secret, authorization: `Ticket ${secret === own ? other : own}` })),
    ...['Ticket', 'ticket ', `Ticket ${own} ${own}`, `Ticket,${own}`].map((authorization) => ({ 'x-ticket-secret': own, authorization })),
    { 'x-ticket-secret': [own, own] },
    { 'x-ticket-secret': [own, own], authorization: `Ticket ${own}` },
    { 'x-ticket-secret': own, authorization: [`Ticket ${own}`, `Ticket ${own}`] },
    { 'x-ticket-secret': own, authorization: [basic, basic] },
  ]
  for (const headers of wrong) {
    for (const [method, url] of [['GET', path], ['POST', `${path}/consume`], ['DELETE', path]] as const) {
      const { statusCode, body } = await service.app.inject({ method, url, headers: headers as never }) // its types allow one header of a name
      t.equal(`${statusCode} ${JSON.parse(body).code}`, '404 ticket-not-found', JSON.stringify(headers))
    }
  }
  const both = { 'x-ticket-secret': own, authorization: `ticket  ${own}` }
  t.equal(verdict(await service.call({ path, headers: both })), '200', 'the same secret twice')
  t.equal(verdict(await service.call({ method: 'POST', path: `${path}/consume`, headers: both })), '200')
})

await t.test('X-Ticket-Secret: it opens nothing when a call needs no ticket secret', async (t) => {
  const service = await openTestService(t)
  const { browser } = await logIn(service)
  t.equal(verdict(await service.call({ path: '/api/session', headers: { 'x-ticket-secret': browser.secret } })), '401 unauthenticated')
  t.equal(verdict(await service.call({ method: 'DELETE', path: '/api/session', headers: { 'x-ticket-secret': browser.secret, ...elsewhere } })), '403 cross-site')
  t.equal(verdict(await service.call({ method: 'POST', path: '/api/tickets', headers: { 'x-ticket-secret': browser.secret, ...elsewhere } })), '403 cross-site')
})

await t.test('X-Ticket-Secret: a poll with parameters that the service doesn\'t know is answered as without them', async (t) => {
  const service = await openTestService(t)
  const { ticket, secret } = await openBrowser(service)
  const headers = { 'x-ticket-secret': secret }
  const plain = await service.call({ path: `/api/tickets/${ticket}?after=0&wait=5`, headers })
  for (const extra of ['&poll=kQ3_-x', '&_=1', '&', '&x', '&x=1&x=2', '&x[]=1', '&__proto__=1', '&constructor=1', '&%00=%00', `&x=${'a'.repeat(4000)}`]) {
    const { status, text } = await service.call({ path: `/api/tickets/${ticket}?after=0&wait=5${extra}`, headers })
    t.strictSame([status, text], [200, plain.text], extra)
  }
  t.equal((await service.call({ method: 'POST', path: `/api/tickets/${ticket}/consume?poll=1`, headers })).json.code, 'ticket-not-confirmed')
  t.equal((await service.call({ method: 'DELETE', path: `/api/tickets/${ticket}?poll=1`, headers })).status, 204)
})
