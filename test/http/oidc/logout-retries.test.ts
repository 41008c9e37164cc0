/** What becomes of a logout that a site doesn't take, and of one whose instance is killed. */
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { createEndedSessions } from '../../../src/sessions/ended-sessions.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { enter, jarOf, logOut, namesOf, openSites, sessionIdOf } from '../../support/known-sessions.ts'
import { logIn, phoneOf } from '../../support/login.ts'
import type { LogoutAnswer } from '../../support/logout-receiver.ts'
import { tokenCall } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { pass, passUntil } from '../../unit/webhook/harness.ts'

const queued = (store: Store): Promise<number> => store.lengthOfList('ended-sessions')

/** A session that two sites know has ended, and `git` answers in its own way. */
const endAt = async (test: Parameters<typeof openSites>[0], answer: LogoutAnswer) => {
  const world = await openSites(test)
  const { receiver, service, sites } = world
  const mine = await logIn(service)
  const [git, wiki] = await enter(service, jarOf(mine), [sites.git, sites.wiki])
  receiver.answerWith(({ clientId }) => clientId === 'git' ? answer : 204)
  await logOut(service, mine)
  const triesOf = (clientId: string) => receiver.tries.filter((one) => one.clientId === clientId)
  return { ...world, mine, triesOf, git: `git ${git!.sid}`, wiki: `wiki ${wiki!.sid}` } // there are two
}

for (const [name, answer] of Object.entries<LogoutAnswer>({
  'it answers 500': 500,
  'it answers 404': 404,
  'it answers nothing': 'hang',
  'it breaks off': 'reset',
  'it redirects': (response) => { response.writeHead(302, { location: '/wiki' }).end() },
})) {
  await t.test(`logout: a site is told again until it hears, and no other waits for it, when ${name}`, async (t) => {
    const { receiver, service, clock, triesOf, git, wiki } = await endAt(t, answer)
    await passUntil(clock, () => triesOf('git').length === 1 && receiver.heard.length === 1)
    t.strictSame(namesOf(receiver.heard), [wiki])
    await passUntil(clock, () => triesOf('git').length === 3)
    t.match(service.logged(), /"client":"git"[^\n]*"why":"[^"]+"[^\n]*does not take logouts/)
    receiver.answerWith(() => 200)
    await passUntil(clock, () => receiver.heard.length === 2)
    await pass(clock, 60_000)
    t.strictSame(namesOf(receiver.heard), [git, wiki])
    t.equal(triesOf('wiki').length, 1)
    t.strictSame(receiver.invalid, [], 'each try has a token of its own')
    t.equal(await queued(service.store), 0)
  })
}

await t.test('logout: a site that answers 400 is not told again, and the log says so', async (t) => {
  const { receiver, service, clock, triesOf } = await endAt(t, 400)
  await passUntil(clock, () => receiver.tries.length === 2)
  await pass(clock, 600_000, 5000)
  t.equal(triesOf('git').length, 1)
  t.equal(await queued(service.store), 0)
  t.match(service.logged(), /"client":"git","logouts":1[^\n]*refused logouts with 400/)
})

await t.test('logout: a site is given up after a day, and the log says so', async (t) => {
  const { receiver, service, clock } = await endAt(t, 503)
  await passUntil(clock, () => receiver.tries.length > 3)
  t.equal(await queued(service.store), 1)
  clock.sleep(86_400_000)
  await pass(clock, 3000)
  t.equal(await queued(service.store), 0)
  t.match(service.logged(), /"client":"git","logouts":1[^\n]*they are given up/)
  const before = receiver.tries.length
  await pass(clock, 600_000, 5000)
  t.equal(receiver.tries.length, before)
})

for (const [name, [minutes, change]] of Object.entries<[number, (world: Awaited<ReturnType<typeof endAt>>) => void]>({
  'the client is removed from the file': [6, ({ clients, sites }) => { clients.set(sites.wiki) }],
  'its address is removed': [0, ({ clients, sites }) => { clients.set({ ...sites.git, backchannelLogoutUri: null }, sites.wiki) }],
})) {
  await t.test(`logout: it is dropped when ${name}`, async (t) => {
    const world = await endAt(t, 503)
    const { receiver, service, clock, triesOf } = world
    await passUntil(clock, () => receiver.tries.length > 1)
    change(world)
    await pass(clock, 3000)
    t.equal(await queued(service.store), minutes > 0 ? 1 : 0)
    const before = triesOf('git').length
    await pass(clock, minutes * 60_000)
    t.equal(await queued(service.store), 0)
    t.equal(triesOf('git').length, before)
  })
}

await t.test('logout: a client hears that is in the new file of one instance, and not yet in that of the one that tells', async (t) => {
  const { receiver, clients, sites, service, clock } = await openSites(t)
  const mine = await logIn(service)
  await enter(service, jarOf(mine), [sites.git])
  clients.set(sites.wiki)
  await logOut(service, mine)
  await pass(clock, 60_000)
  t.equal(receiver.tries.length, 0)
  clients.set(sites.git, sites.wiki)
  await passUntil(clock, () => receiver.heard.length === 1)
})

await t.test('logout: hundreds wait for a site that is down, others hear at once, and all hear when it is back', async (t) => {
  const { receiver, sites, service, clock } = await openSites(t)
  const phone = await phoneOf(service)
  const sids: string[] = []
  receiver.answerWith(({ clientId }) => clientId === 'git' ? 502 : 200)
  for (let n = 0; n < 60; n++) {
    const mine = await logIn(service, { phone })
    sids.push(...(await enter(service, jarOf(mine), [sites.git])).map(({ sid }) => sid))
  }
  const other = await logIn(service, { phone: await phoneOf(service, 'lei') })
  await enter(service, jarOf(other), [sites.wiki])
  await phone.signOutEverywhere()
  await passUntil(clock, () => receiver.tries.length >= 8)
  await pass(clock, 20_000)
  const before = receiver.tries.length
  t.ok(before < 20, `single calls find out whether it is back: ${before}`)
  await logOut(service, other)
  const endedAt = clock.now()
  await passUntil(clock, () => receiver.heard.length === 1)
  t.ok(clock.now() - endedAt <= 2000)
  receiver.answerWith(() => 200)
  await passUntil(clock, () => receiver.heard.length === 61)
  t.strictSame(receiver.heard.slice(1).map(({ sid }) => sid).sort(), sids.sort(), 'each once')
})

await t.test('logout: it goes on where another instance takes over, and whoever has heard hears nothing more', async (t) => {
  const clock = createFakeClock(Date.now())
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const keys = withProviderKeys()
  const first = await openSites(t, { store, clock, keys })
  const mine = await logIn(first.service)
  await enter(first.service, jarOf(mine), [first.sites.git, first.sites.wiki])
  first.receiver.answerWith(({ clientId }) => clientId === 'git' ? 503 : 200)
  await logOut(first.service, mine)
  await passUntil(clock, () => first.receiver.tries.length >= 2)
  await pass(clock, 1000)
  await first.service.app.close()
  const second = await openSites(t, { store, clock, keys })
  await passUntil(clock, () => second.receiver.heard.length === 1)
  await pass(clock, 10_000)
  t.strictSame(second.receiver.tries.map(({ clientId }) => clientId), ['git'])
  t.equal(await queued(store), 0)
})

/** A store whose call fails where the test says so, as if the process had been killed there. */
const breaking = (isBroken: (name: string, args: readonly unknown[]) => boolean) => (inner: Store): Store => new Proxy(inner, {
  get: (target, name: keyof Store) => (...args: unknown[]) => {
    if (isBroken(name, args)) throw new Problem('store-unavailable')
    return (target[name] as (...args: unknown[]) => unknown)(...args)
  },
})

await t.test('logout: nobody hears of a session that goes on, as its end failed after it was queued, and all hear when it is repeated', async (t) => {
  let isBroken = false
  const { receiver, sites, service, clock } = await openSites(t, { wrapStore: breaking((name, [key]) => isBroken && name === 'replace' && String(key).startsWith('session:')) })
  const mine = await logIn(service)
  const [git] = await enter(service, jarOf(mine), [sites.git])
  isBroken = true
  t.equal((await logOut(service, mine)).status, 503)
  isBroken = false
  t.equal(await queued(service.store), 1)
  await pass(clock, 70_000)
  t.equal(receiver.tries.length, 0)
  t.equal(await queued(service.store), 0)
  t.equal((await tokenCall(service, sites.git, { grant_type: 'refresh_token', refresh_token: git!.tokens.refresh_token })).status, 200, 'the session lives')
  t.equal((await logOut(service, mine)).status, 204)
  await passUntil(clock, () => receiver.heard.length === 1)
})

await t.test('logout: no session ends while its end can not be queued', async (t) => {
  let isBroken = false
  const { receiver, sites, service, clock } = await openSites(t, { wrapStore: breaking((name, [list]) => isBroken && name === 'addToList' && list === 'ended-sessions') })
  const mine = await logIn(service)
  await enter(service, jarOf(mine), [sites.git])
  isBroken = true
  t.equal((await mine.phone.signOut(sessionIdOf(mine))).status, 503)
  t.equal((await service.call({ path: '/api/session', headers: { cookie: mine.cookie } })).status, 200)
  isBroken = false
  t.equal((await mine.phone.signOut(sessionIdOf(mine))).status, 204)
  await passUntil(clock, () => receiver.heard.length === 1)
})

await t.test('logout: what another cookie key has sealed is told in the log, and ends after a day', async (t) => {
  const { service, clock } = await openSites(t)
  await createEndedSessions(service.store, { clock, sealingKey: Buffer.alloc(32, 3) }).add({ sub: 'ming', sessionId: 'x' })
  await pass(clock, 3000)
  t.match(service.logged(), /"count":1[^\n]*sealed with another cookie key/)
  clock.sleep(86_400_000)
  await pass(clock, 3000)
  t.equal(await queued(service.store), 0)
})

await t.test('logout: a site whose refresh token was stolen and reused hears of the end all the same, and keeps its sid', async (t) => {
  const { receiver, sites, service, clock } = await openSites(t)
  const mine = await logIn(service)
  const jar = jarOf(mine)
  const [git] = await enter(service, jar, [sites.git])
  const refresh = () => tokenCall(service, sites.git, { grant_type: 'refresh_token', refresh_token: git!.tokens.refresh_token })
  t.equal((await refresh()).status, 200)
  clock.advance(11_000)
  t.equal((await refresh()).json.error, 'invalid_grant')
  t.equal((await service.call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${git!.tokens.access_token}` } })).status, 401, 'the grant has ended')
  const [again] = await enter(service, jar, [sites.git])
  t.equal(again!.sid, git!.sid)
  await logOut(service, mine)
  await passUntil(clock, () => receiver.heard.length === 1)
  t.strictSame(namesOf(receiver.heard), [`git ${git!.sid}`])
})
