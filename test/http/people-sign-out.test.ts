// An owner logs another person out everywhere, from their phone.
import t from 'tap'
import { createPeople } from '../../src/people/people.ts'
import { openBrowser, openPhone, type TestPhone } from '../support/clients.ts'
import { openTestService } from '../support/test-service.ts'

const setUp = async (t: Parameters<typeof openTestService>[0]) => {
  const service = await openTestService(t)
  const people = createPeople(service.store, service.clock)
  const open = (name: string): Promise<TestPhone> => openPhone(service, { jsCode: service.simulator.jsCode(name), now: service.clock.now })
  /** Logs a browser in; returns its access token. */
  const logIn = async (phone: TestPhone): Promise<string> => {
    const browser = await openBrowser(service)
    await phone.scan(browser.ticket)
    await phone.confirm(browser.ticket, await browser.matchCode())
    return (await browser.consume()).json.access_token as string
  }
  const statusOf = async (token: string): Promise<number> => (await service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })).status
  const owner = await open('owner')
  const ownToken = await logIn(owner)
  await people.setOwner(owner.sub, true)
  const signOut = (by: TestPhone, id: string) => by.signed({ method: 'POST', path: `/api/phone/people/${id}/sign-out` })
  return { service, people, open, logIn, statusOf, owner, ownToken, signOut }
}

await t.test('sign-out by an owner: ends all browsers and phone keys of that person alone, and leaves them let in', async (t) => {
  const { service, open, logIn, statusOf, owner, ownToken, signOut } = await setUp(t)
  const mei = await open('mei')
  const tokens = [await logIn(mei), await logIn(mei)]
  const answer = await signOut(owner, mei.sub)
  t.hasStrict(answer, { status: 200, json: { id: mei.sub, state: 'active' } })
  t.strictSame(await Promise.all(tokens.map(statusOf)), [401, 401])
  t.equal((await mei.sessions()).json.code, 'key-unknown')
  t.equal(await statusOf(ownToken), 200)
  t.equal((await owner.sessions()).status, 200)
  t.match(service.logged(), /"event":"session\.ended"[^\n]*"by":"owner"/)
  t.equal(await statusOf(await logIn(await open('mei'))), 200, 'they may log in again')
})

await t.test('sign-out by an owner: their own phone goes on where they log themselves out', async (t) => {
  const { statusOf, owner, ownToken, signOut } = await setUp(t)
  t.equal((await signOut(owner, owner.sub)).status, 200)
  t.equal(await statusOf(ownToken), 401)
  t.equal((await owner.sessions()).status, 200)
})

await t.test('sign-out by an owner: is refused to everybody else, and of whoever is not known', async (t) => {
  const { service, people, open, logIn, statusOf, owner, ownToken, signOut } = await setUp(t)
  const mei = await open('mei')
  const token = await logIn(mei)
  t.hasStrict(await signOut(mei, owner.sub), { status: 403, json: { code: 'not-owner' } })
  t.hasStrict(await signOut(await open('stranger'), mei.sub), { status: 403, json: { code: 'not-owner' } })
  t.equal((await service.call({ method: 'POST', path: `/api/phone/people/${mei.sub}/sign-out` })).json.code, 'signature-invalid')
  for (const id of ['x', (await open('stranger')).sub]) t.hasStrict(await signOut(owner, id), { status: 404, json: { code: 'not-found' } })
  const other = await open('other')
  await logIn(other)
  await people.setOwner(other.sub, true)
  await people.setState(other.sub, ['active'], 'blocked')
  t.hasStrict(await signOut(other, mei.sub), { status: 403, json: { code: 'person-blocked' } })
  t.strictSame([await statusOf(token), await statusOf(ownToken)], [200, 200])
})
