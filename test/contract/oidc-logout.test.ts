/** Sessions that sites know, on instances that share a store: whichever instance ends one, each site hears once; and nothing of a person is left who deletes their data. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import type { Store } from '../../src/login/store-port.ts'
import { systemClock } from '../../src/runtime.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'
import { enter, jarOf, logOut, namesOf, openSites, sessionIdOf } from '../support/known-sessions.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { startLogoutReceiver } from '../support/logout-receiver.ts'
import { authorizationPath, visit } from '../support/oidc.ts'
import { withProviderKeys } from '../support/provider-keys.ts'
import { startRedis } from '../support/redis.ts'
import { dumpRedis, dumpSqlite, linesWith } from '../support/store-dump.ts'
import { openStore, temporaryFolder, untilReady } from './store-harness.ts'

interface Stores { readonly stores: readonly [Store, Store], dump (): Promise<string> }

const kinds: Readonly<Record<string, (t: Test) => Promise<Stores>>> = {
  'sqlite in a file': async (t) => {
    const file = join(temporaryFolder(t), 'store.db')
    const open = () => openStore(t, `sqlite:${file}`, systemClock)
    return { stores: [open(), open()], dump: async () => dumpSqlite(file) }
  },
  redis: async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    const open = () => openStore(t, server.url, systemClock)
    return { stores: [open(), open()], dump: () => dumpRedis(server.url) }
  },
}

const onBothStores = async (name: string, test: (t: Test, stores: Stores) => Promise<void>): Promise<void> => {
  for (const [kind, open] of Object.entries(kinds)) {
    await t.test(`${name} (${kind})`, async (t) => {
      const stores = await open(t)
      await Promise.all(stores.stores.map(untilReady))
      await test(t, stores)
    })
  }
}

const openInstances = async (t: Test, { stores }: Stores) => {
  const clock = createFakeClock(Date.now())
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  const keys = withProviderKeys()
  const receiver = await startLogoutReceiver(t, { issuer: 'https://login.example.com/oidc', keys: async () => (await there.service.call({ path: '/oidc/jwks' })).json })
  const open = (index: number) => openSites(t, { store: stores[index]!, clock, keys, simulator }, receiver) // there are two
  const here = await open(0)
  const there = await open(1)
  return { here, there, receiver, clock, sites: here.sites }
}

/** Slowly: a lease of some seconds must not end while the real store flushes what the holder does. */
const passUntil = async (clock: FakeClock, isSo: () => boolean): Promise<void> => {
  while (!isSo()) {
    clock.advance(250)
    await sleep(40)
  }
}

const untilQueueIsEmpty = async (clock: FakeClock, { stores }: Stores): Promise<void> => {
  let left = 1
  while (left > 0) {
    clock.advance(250)
    await sleep(40)
    left = await stores[0].lengthOfList('ended-sessions')
  }
  const until = clock.now() + 1000
  await passUntil(clock, () => clock.now() >= until)
}

await onBothStores('logout: each site hears once of each session, whichever instance ends it, and when the one that tells is closed', async (t, harness) => {
  const { here, there, receiver, clock, sites } = await openInstances(t, harness)
  const phone = await phoneOf(here.service)
  const expected: string[] = []
  const logIns = async (count: number) => {
    const made = []
    for (let n = 0; n < count; n++) {
      const mine = await logIn(here.service, { phone })
      const held = await enter(here.service, jarOf(mine), [sites.git, sites.wiki])
      expected.push(...held.map(({ client, sid }) => `${client.clientId} ${sid}`))
      made.push(mine)
    }
    return made
  }
  const sessions = await logIns(6)
  for (const [index, mine] of sessions.entries()) await logOut([here, there][index % 2]!.service, mine) // there are two
  await passUntil(clock, () => receiver.heard.length === 12)
  const more = await logIns(6)
  await Promise.all(more.map((mine, index) => index % 3 === 0 ? phone.signOut(sessionIdOf(mine)) : logOut([here, there][index % 2]!.service, mine)))
  await here.service.app.close()
  await passUntil(clock, () => receiver.heard.length >= 24)
  await untilQueueIsEmpty(clock, harness)
  t.strictSame(namesOf(receiver.tries), expected.sort())
  t.strictSame(receiver.invalid, [])
})

await onBothStores('logout: of one session that all instances end at once each site hears once', async (t, harness) => {
  const { here, there, receiver, clock, sites } = await openInstances(t, harness)
  const phone = await phoneOf(here.service)
  for (let round = 0; round < 10; round++) {
    const mine = await logIn(here.service, { phone })
    const held = await enter(there.service, jarOf(mine), [sites.git])
    await Promise.all([logOut(here.service, mine), logOut(there.service, mine), phone.signOut(sessionIdOf(mine)), phone.signOutEverywhere()])
    await passUntil(clock, () => receiver.tries.length > round)
    await untilQueueIsEmpty(clock, harness)
    t.strictSame(receiver.tries.map(({ sid }) => sid).slice(round), [held[0]!.sid]) // there is one
  }
})

await onBothStores('logout: no site that a session opens while it ends can use what it got, and none is left in the store', async (t, harness) => {
  const { here, there, receiver, clock, sites } = await openInstances(t, harness)
  const phone = await phoneOf(here.service)
  const seen = { heard: 0, refused: 0 }
  for (let round = 0; round < 12; round++) {
    const mine = await logIn(here.service, { phone })
    const entering = enter(there.service, jarOf(mine), [sites.git]).then((held) => held.length, () => 0)
    for (let turn = 0; turn < round * 8; turn++) await new Promise(setImmediate)
    await logOut(here.service, mine)
    const isIn = await entering
    const before = receiver.tries.length
    await untilQueueIsEmpty(clock, harness)
    const heard = receiver.tries.length - before
    seen[heard > 0 ? 'heard' : 'refused']++
    if (isIn > 0) t.equal(heard, 1, `round ${round}`)
    t.equal(await harness.stores[0].read(`oidc:session:${sessionIdOf(mine)}`), undefined, `round ${round}`)
  }
  t.comment(JSON.stringify(seen))
})

await onBothStores('logout: the provider leaves nothing of a person who deletes their data, also while a site is down', async (t, harness) => {
  const { here, receiver, clock, sites } = await openInstances(t, harness)
  const { service } = here
  receiver.answerWith(() => 503)
  const mine = await logIn(service)
  const jar = jarOf(mine)
  const [git] = await enter(service, jar, [sites.git])
  await visit(service, jar, authorizationPath(sites.wiki, { prompt: 'login', id_token_hint: git!.tokens.id_token })) // a login that is not finished
  await visit(service, jar, `/oidc/session/end?${new URLSearchParams({ id_token_hint: git!.tokens.id_token }).toString()}`)
  const device = await service.call({ method: 'POST', path: '/oidc/device/auth', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `client_id=${sites.git.clientId}&scope=openid` })
  t.ok([200, 400, 401].includes(device.status))
  const traces = [mine.phone.sub, handleOf(mine.phone.sub), git!.tokens.id_token.slice(0, 60)]
  t.equal((await mine.phone.signed({ method: 'DELETE', path: '/api/phone/person' })).status, 204)
  await passUntil(clock, () => receiver.tries.length > 0)
  const dump = await harness.dump()
  t.strictSame(linesWith(dump, traces), [])
  receiver.answerWith(() => 200)
  await passUntil(clock, () => receiver.heard.length > 0)
  t.equal(receiver.heard[0]?.sub, mine.phone.sub)
})
