/** However a session ends: all that sites have of it is over at the next call, and each site with a back-channel address hears once. */
import t from 'tap'
import { enter, jarOf, logOut, namesOf, openSites, sessionIdOf, type Held } from '../../support/known-sessions.ts'
import { logIn, phoneOf, type Login } from '../../support/login.ts'
import { redeem, tokenCall, visit, type CookieJar } from '../../support/oidc.ts'
import type { TestService } from '../../support/test-service.ts'
import { pass, passUntil } from '../../unit/webhook/harness.ts'

const userinfoOf = (service: TestService, { tokens }: Held) => service.call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } })

/** The answers to all that a site could still do. */
const attempts = async (service: TestService, held: Held) => {
  const answers = [
    await userinfoOf(service, held),
    await redeem(service, held.client, held.code),
    await tokenCall(service, held.client, { grant_type: 'refresh_token', refresh_token: held.tokens.refresh_token }),
  ]
  return answers.map(({ status, json }) => `${status} ${json?.error ?? ''}`.trim())
}

const allOver = ['401 invalid_token', '400 invalid_grant', '400 invalid_grant']

interface World extends Awaited<ReturnType<typeof openSites>> {
  readonly mine: Login
  readonly jar: CookieJar
  readonly held: readonly Held[]
}

const asOwner = async ({ service, people }: World) => {
  const owner = await logIn(service, { phone: await phoneOf(service, 'owner') })
  await people.setOwner(owner.phone.sub, true)
  return owner.phone
}

/** Logs a browser in that sends its cookie, as one does in which somebody was logged in already. */
const logInAgain = async (service: TestService, before: Login, person: string): Promise<void> => {
  const browser = { ...service, call: (call: Parameters<TestService['call']>[0]) => service.call({ ...call, headers: { ...call.headers, cookie: before.cookie, 'sec-fetch-site': 'same-origin' } }) }
  const phone = await phoneOf(service, person)
  await logIn(browser, { phone })
}

const ways: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  'the person signs the browser out on the phone': ({ mine }) => mine.phone.signOut(sessionIdOf(mine)),
  'the person signs out everywhere': ({ mine }) => mine.phone.signOutEverywhere(),
  'the person deletes their data': ({ mine }) => mine.phone.signed({ method: 'DELETE', path: '/api/phone/person' }),
  'an owner blocks the person': async (world) => (await asOwner(world)).signed({ method: 'POST', path: `/api/phone/people/${world.mine.phone.sub}/block` }),
  'an owner signs the person out': async (world) => (await asOwner(world)).signed({ method: 'POST', path: `/api/phone/people/${world.mine.phone.sub}/sign-out` }),
  'the browser logs out': ({ service, mine }) => logOut(service, mine),
  'a site logs the browser out': async ({ service, jar, held: [git] }) => {
    const page = await visit(service, jar, `/oidc/session/end?${new URLSearchParams({ id_token_hint: git!.tokens.id_token }).toString()}`) // there is one
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    return await service.call({ method: 'POST', path: '/oidc/session/end/confirm', headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: jar.headerFor('/oidc/session/end/confirm'), 'sec-fetch-site': 'same-origin' }, body: new URLSearchParams({ xsrf, logout: 'yes' }).toString() })
  },
  'another person logs in in the browser': ({ service, mine }) => logInAgain(service, mine, 'hong'),
  'the person logs in again in the browser': ({ service, mine }) => logInAgain(service, mine, 'ming'),
  'the person has a hundred newer sessions': async ({ service, mine }) => {
    for (let n = 0; n < 100; n++) {
      service.clock.advance(100)
      await logIn(service, { phone: mine.phone })
    }
  },
}

for (const [way, end] of Object.entries(ways)) {
  await t.test(`logout: everything of a session is over at once, and its sites hear once, when ${way}`, async (t) => {
    const parts = await openSites(t)
    const { receiver, sites, service, clock } = parts
    const mine = await logIn(service)
    const jar = jarOf(mine)
    const held = await enter(service, jar, [sites.git, sites.wiki, sites.mute])
    const others = await logIn(service, { phone: await phoneOf(service, 'lei') })
    const [otherHeld] = await enter(service, jarOf(others), [sites.git]) as [Held]
    await pass(clock, 3000)
    t.strictSame(receiver.tries, [], 'nobody hears before')
    await end({ ...parts, mine, jar, held })
    for (const one of held) t.strictSame(await attempts(service, one), allOver, one.client.clientId)
    t.equal((await userinfoOf(service, otherHeld)).status, 200, 'of somebody else nothing has ended')

    const [git, wiki] = held as [Held, Held]
    const endedAt = clock.now()
    await passUntil(clock, () => receiver.heard.length >= 2, 10) // short steps, as the calls take real time
    t.ok(clock.now() - endedAt <= 2000, `within 2 s: ${clock.now() - endedAt} ms`)
    await pass(clock, 70_000)
    t.strictSame(receiver.invalid, [])
    t.strictSame(namesOf(receiver.tries), [`git ${git.sid}`, `wiki ${wiki.sid}`], 'each once')
    t.hasStrict([...receiver.tries].sort((a, b) => a.clientId < b.clientId ? -1 : 1), [{ sub: mine.phone.sub, alg: 'RS256' }, { sub: mine.phone.sub, alg: 'ES256' }])
    t.equal(await service.store.lengthOfList('ended-sessions'), 0)
    t.equal(await service.store.read(`oidc:session:${sessionIdOf(mine)}`), undefined, 'nothing is left beside the session')
  })
}
