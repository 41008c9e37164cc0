// What a new ticket contains, and what happens to an id with a prefetched code.
import t from 'tap'
import { hashSecret, isId, isSecret, newId } from '../../../src/domain/ids.ts'
import { Problem, type ProblemCode } from '../../../src/errors.ts'
import { createTicket } from '../../../src/login/create-ticket.ts'
import { seededBytes } from '../../support/seeded-random.ts'
import { openLoginUseCases } from '../../support/login-use-cases.ts'

const browser = { name: 'Chrome', system: 'Windows', ip: '192.0.2.1' }

await t.test('create: the ticket is stored, and a step recorded, when a browser asks for it', async (t) => {
  const { deps, clock, recorded } = openLoginUseCases(t)
  const { ticket, secret } = await createTicket(deps, { returnTo: '/me', browser, site: 'https://shop.example' })
  t.ok(isId(ticket.id) && isSecret(secret))
  t.strictSame({ ...ticket, match: null, slotOwner: '' }, {
    schema: 1,
    id: ticket.id,
    secretHash: hashSecret(secret),
    state: 'pending',
    version: 1,
    createdAt: clock.now(),
    expiresAt: clock.now() + 180_000,
    returnTo: '/me',
    browser: { ...browser, place: null, placeEn: null, country: null },
    match: null,
    person: null,
    consumedAt: null,
    sessionId: deps.sessions.idFor(ticket.id, secret),
    slotOwner: '',
    site: 'https://shop.example',
  })
  t.ok(ticket.match?.choices.includes(ticket.match.code))
  t.strictSame(await deps.tickets.read(ticket.id), ticket)
  t.strictSame(recorded(), [{ event: 'ticket.created', ticket: ticket.id.slice(0, 8), browser: 'Chrome', system: 'Windows', place: null }])
})

await t.test('create: the ticket has no site and no number when it is for our own site and numbers are off', async (t) => {
  const { make } = openLoginUseCases(t, { settings: { matchNumbers: 'off' } })
  const { ticket } = await make()
  t.equal(ticket.match, null)
  t.notOk('site' in ticket)
})

await t.test('create: the ticket has the place of its browser when that of the address is known', async (t) => {
  const { deps } = openLoginUseCases(t)
  const places = { placeOf: (address: string) => address === browser.ip ? { country: 'CN', zh: '上海', en: 'Shanghai' } : null }
  const { ticket } = await createTicket({ ...deps, places }, { returnTo: null, browser, site: null })
  t.hasStrict(ticket.browser, { place: '上海', placeEn: 'Shanghai', country: 'CN' })
})

await t.test('create: it is refused, and no step recorded, when return_to leads to another origin', async (t) => {
  const { make, recorded } = openLoginUseCases(t)
  await t.rejects(make({ returnTo: 'https://evil.example/' }), { code: 'return-to-not-allowed' })
  t.strictSame(recorded(), [])
  t.equal((await make({ returnTo: 'https://login.example.com/x' })).ticket.returnTo, 'https://login.example.com/x')
})

await t.test('create: tickets have the same slot owner when they are of one network, and only then', async (t) => {
  const { make } = openLoginUseCases(t)
  const ownerOf = async (ip: string) => (await make({ browser: { ...browser, ip } })).ticket.slotOwner
  t.equal(await ownerOf('192.0.2.1'), await ownerOf('192.0.2.254'))
  t.equal(await ownerOf('2001:db8:1:2::1'), await ownerOf('2001:db8:1:ff::2'))
  const owners = await Promise.all(['192.0.2.1', '192.0.3.1', '1.11.1.1', '11.1.1.1', '2001:db8:1::1', '2001:db8:2::1', ''].map(ownerOf))
  t.equal(new Set(owners).size, 7)
  for (const owner of owners) t.match(owner, /^[0-9a-f-]+$|^none$/)
  t.equal(owners.at(-1), 'none')
})

await t.test('create: an id with a prefetched code is used when its ticket is stored, put back when there is no slot, and dropped after another error', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const done: string[] = []
  const id = newId(seededBytes)
  const takePrefetchedId = () => ({ id, use: () => { done.push('use') }, putBack: () => { done.push('put back') } })
  t.equal((await make({ takePrefetchedId })).ticket.id, id)
  t.strictSame(done.splice(0), ['use'])
  const failing = (fault: Error) => createTicket({ ...deps, tickets: { ...deps.tickets, add: () => Promise.reject(fault) } }, { returnTo: null, browser, site: null, takePrefetchedId })
  for (const [code, then] of [['too-many-tickets', ['put back']], ['store-unavailable', []]] as Array<[ProblemCode, string[]]>) {
    await t.rejects(failing(new Problem(code)), { code })
    t.strictSame(done.splice(0), then, code)
  }
  await t.rejects(failing(Object.assign(new Error('no Problem'), { code: 'too-many-tickets' })), { message: 'no Problem' })
  t.strictSame(done, [], 'as the ticket may be stored after an error that is no refusal')
  const { ticket } = await make({ takePrefetchedId: () => undefined })
  t.ok(isId(ticket.id))
  await t.rejects(createTicket({ ...deps, tickets: { ...deps.tickets, add: () => Promise.reject(new Problem('too-many-tickets')) } }, { returnTo: null, browser, site: null }), { code: 'too-many-tickets' }, 'and no such id is needed')
})
