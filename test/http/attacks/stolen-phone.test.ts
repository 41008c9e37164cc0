/** A stolen phone: its owner ends all sessions and other phones' keys from another phone, at once, on every instance, and despite calls under way. */
import t, { type Test } from 'tap'
import { createPhoneKeys } from '../../../src/stores/phone-keys.ts'
import { generateKeys } from '../../../src/sessions/key-set.ts'
import { onEveryStore } from '../../contract/store-harness.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { openBrowser } from '../../support/clients.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { openTestService, type TestService } from '../../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../../support/login.ts'
import { startWechatSimulator } from '../../../src/demo/wechat-simulator.ts'
import { seededBytes } from '../../support/seeded-random.ts'

const env = { LIMIT_CREATE: '100000', LIMIT_PHONE: '100000' }
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

/** Opens two instances on the same data, with one simulator of WeChat. */
const openInstances = async (t: Test, stores: readonly [Store, ...Store[]], clock: FakeClock, wrapStore = (store: Store): Store => store): Promise<readonly [TestService, TestService]> => {
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  const keys = generateKeys()
  const open = (store: Store) => openTestService(t, { store, clock, simulator, keys, env, wrapStore })
  return [await open(stores[0]), await open(stores.at(-1) ?? stores[0])]
}

const whoAmI = (service: TestService, cookie: string) => service.call({ path: '/api/session', headers: { cookie } })

/** A promise that the test resolves. */
const gate = () => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  return { opened, open }
}

await onEveryStore(t, 'E18 stolen phone', async (t, { stores, clock: storeClock }) => {
  const clock = createFakeClock(storeClock.now())

  await t.test('stolen phone: every browser and every other phone is refused on every instance, and the phone that signed goes on, when its person signs out everywhere', async (t) => {
    const [here, there] = await openInstances(t, stores, clock)
    const [mine, stolen, tablet] = [await phoneOf(here), await phoneOf(there), await phoneOf(there)]
    const logins = [await logIn(here, { phone: mine }), await logIn(there, { phone: stolen })]
    const other = await logIn(here, { phone: await phoneOf(here, 'hong') })
    t.equal(verdict(await mine.signOutEverywhere()), '204')
    for (const service of [here, there]) {
      for (const { cookie, token } of logins) {
        t.equal(verdict(await whoAmI(service, cookie)), '401 unauthenticated')
        t.equal(verdict(await service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })), '401 unauthenticated')
        t.equal(verdict(await service.call({ method: 'POST', path: '/api/session/token', headers: { cookie, ...sameOrigin } })), '401 unauthenticated')
      }
      t.equal(verdict(await whoAmI(service, other.cookie)), '200', 'nobody else is signed out')
    }
    for (const phone of [stolen, tablet]) {
      t.equal(verdict(await phone.sessions()), '401 key-unknown')
      t.equal(verdict(await phone.signOutEverywhere()), '401 key-unknown', 'the stolen phone can\'t sign out others')
    }
    t.strictSame((await mine.sessions()).json.sessions, [])
    t.equal(verdict(await mine.signOutEverywhere()), '204', 'repeating it succeeds')
    t.equal(verdict(await whoAmI(there, (await logIn(there, { phone: mine })).cookie)), '200', 'the phone that signed logs browsers in')
    t.equal(verdict(await whoAmI(here, (await logIn(here, { phone: await phoneOf(there) })).cookie)), '200', 'and so does a phone that logs in afterwards')
    const steps = [here, there].flatMap((service) => service.logged().split('\n').filter((line) => line.includes('"audit"')).map((line) => JSON.parse(line)))
    t.strictSame(steps.filter(({ event }) => event === 'phone-key.ended').map(({ ended, by, key }) => [ended, by, key]).sort(),
      [stolen, tablet].map((phone) => [phone.key.key_id, 'phone', mine.key.key_id]).sort(), 'each key is logged once')
    t.equal(steps.filter(({ event, by }) => event === 'session.ended' && by === 'phone').length, 2, 'and each session')
  })

  await t.test('stolen phone: an earlier confirmation opens no session when the browser consumes it after its person has signed out everywhere', async (t) => {
    const [here, there] = await openInstances(t, stores, clock)
    const [mine, stolen] = [await phoneOf(here, 'wu'), await phoneOf(there, 'wu')]
    const late = (await confirmedBrowser(there, { phone: stolen })).browser
    const lost = (await logIn(there, { phone: stolen })).browser
    t.equal(verdict(await mine.signOutEverywhere()), '204')
    t.equal(verdict(await late.consume()), '409 ticket-consumed')
    t.equal(verdict(await lost.consume()), '409 ticket-consumed', 'nor does a repeated consume restore one')
    t.strictSame((await mine.sessions()).json.sessions, [])
  })

  await t.test('stolen phone: no earlier session or key is left when its person signs out everywhere while it logs in and browsers consume tickets', async (t) => {
    const [here, there] = await openInstances(t, stores, clock)
    for (let round = 0; round < 6; round++) {
      const [mine, stolen] = [await phoneOf(here, 'lu'), await phoneOf(there, 'lu')]
      const browsers = [(await confirmedBrowser(there, { phone: stolen })).browser, (await confirmedBrowser(here, { phone: stolen })).browser]
      const open = await openBrowser(there)
      await stolen.scan(open.ticket)
      const number = await open.matchCode()
      const [ended, , , ...consumed] = await Promise.all([
        mine.signOutEverywhere(), phoneOf(there, 'lu'), stolen.confirm(open.ticket, number), ...browsers.map((browser) => browser.consume()),
      ])
      t.equal(verdict(ended), '204')
      for (const { status, json } of consumed) {
        if (status !== 200) continue
        t.equal(verdict(await here.call({ path: '/api/session', headers: { authorization: `Bearer ${json.access_token}` } })), '401 unauthenticated', 'a session that was opened has ended')
      }
      t.not((await open.consume()).status, 200)
      t.equal(verdict(await stolen.sessions()), '401 key-unknown')
      t.strictSame((await mine.sessions()).json.sessions, [])
    }
  })

  await t.test('stolen phone: exactly one goes on when two phones sign each other out at once', async (t) => {
    const [here, there] = await openInstances(t, stores, clock)
    for (let round = 0; round < 6; round++) {
      const phones = [await phoneOf(here, 'qi'), await phoneOf(there, 'qi')]
      const verdicts = (await Promise.all(phones.map((phone) => phone.signOutEverywhere()))).map(verdict)
      t.strictSame(verdicts.sort(), ['204', '401 key-unknown'])
      t.strictSame((await Promise.all(phones.map((phone) => phone.sessions()))).map(({ status }) => status).sort(), [200, 401])
    }
  })

  await t.test('stolen phone: the oldest phone of a person is signed out when there are more than twenty', async (t) => {
    const [here, there] = await openInstances(t, stores, clock)
    const phones = []
    for (let n = 0; n < 21; n++) phones.push(await phoneOf(n % 2 === 0 ? here : there, 'many'))
    t.strictSame((await Promise.all(phones.map((phone) => phone.sessions()))).map(({ status }) => status), [401, ...Array.from({ length: 20 }, () => 200)])
    t.equal(verdict(await phones.at(-1)!.signOutEverywhere()), '204') // there are twenty-one
    t.strictSame((await Promise.all(phones.map((phone) => phone.sessions()))).map(({ status }) => status), [...Array.from({ length: 20 }, () => 401), 200])
  })
})

await t.test('E18 stolen phone: it gets a valid key when it logs in while all keys are revoked', async (t) => {
  const listed = gate()
  const goOn = gate()
  let isStalled = false
  const clock = createFakeClock()
  const service = await openTestService(t, {
    clock,
    env,
    wrapStore: (store) => ({
      ...store,
      async claim (key, value, ttlMs) {
        if (isStalled && key.startsWith('phone-key:')) {
          isStalled = false
          listed.open()
          await goOn.opened
        }
        return await store.claim(key, value, ttlMs)
      },
    }),
  })
  const mine = await phoneOf(service)
  isStalled = true
  const loggingIn = phoneOf(service)
  await listed.opened
  t.equal(verdict(await mine.signOutEverywhere()), '204')
  goOn.open()
  const late = await loggingIn
  t.equal(verdict(await late.sessions()), '200', 'it has a later key')
  const { keys } = await service.store.read<{ keys: Array<{ id: string }> }>(`person-phone-keys:${mine.sub}`) ?? { keys: [] }
  t.strictSame(keys.map(({ id }) => id), [mine.key.key_id, late.key.key_id])
})

await t.test('E18 stolen phone: a repeated call completes the sign-out when the store failed in the middle', async (t) => {
  let left = Infinity
  const service = await openTestService(t, {
    env,
    wrapStore: (store) => {
      const mayWrite = <Args extends unknown[], T>(work: (...args: Args) => Promise<T>) => async (...args: Args): Promise<T> => {
        if (!String(args[0]).startsWith('nonce:') && left-- <= 0) throw new Error('away')
        return await work(...args)
      }
      return { ...store, write: mayWrite(store.write), replace: mayWrite(store.replace) }
    },
  })
  for (let steps = 0; steps < 12; steps++) {
    const [mine, stolen] = [await phoneOf(service), await phoneOf(service)]
    const { cookie } = await logIn(service, { phone: stolen })
    left = steps
    const first = await mine.signOutEverywhere()
    left = Infinity
    t.ok(first.status === 204 || first.status >= 500, `${first.status} after ${steps} writes`)
    const again = await mine.signOutEverywhere()
    t.equal(verdict(again), '204', `after ${steps} writes`)
    t.equal(verdict(await stolen.sessions()), '401 key-unknown')
    t.equal(verdict(await whoAmI(service, cookie)), '401 unauthenticated')
  }
})

await t.test('E18 stolen phone: a key of an earlier release is revoked, too, although it is on no list', async (t) => {
  const keys = generateKeys()
  const service = await openTestService(t, { keys, env })
  const [mine, old, oldMine] = [await phoneOf(service), await phoneOf(service), await phoneOf(service)]
  for (const { key } of [old, oldMine]) {
    const record = await service.store.read<Record<string, unknown>>(`phone-key:${key.key_id}`)
    await service.store.write(`phone-key:${key.key_id}`, { ...record, version: undefined, since: undefined }, 86_400_000)
  }
  await service.store.remove(`person-phone-keys:${mine.sub}`)
  t.equal(verdict(await old.sessions()), '200', 'it is valid until then')
  service.clock.advance(1000)
  t.equal(verdict(await oldMine.signOutEverywhere()), '204')
  for (const phone of [old, oldMine]) t.equal(verdict(await phone.sessions()), '401 key-unknown', 'such a phone has to log in again')
})

await t.test('E18 stolen phone: a revoked key stays revoked when a clock is set back', async (t) => {
  const service = await openTestService(t, { env })
  const [mine, stolen] = [await phoneOf(service), await phoneOf(service)]
  t.equal(verdict(await mine.signOutEverywhere()), '204')
  service.clock.shiftWallClock(-1_800_000)
  const phoneKeys = createPhoneKeys(service.store, { clock: service.clock, sealingKey: seededBytes(32) })
  t.equal(await phoneKeys.read(stolen.key.key_id), undefined)
  const after = await phoneOf(service)
  t.equal(verdict(await whoAmI(service, (await logIn(service, { phone: after })).cookie)), '200', 'a login afterwards succeeds')
})
