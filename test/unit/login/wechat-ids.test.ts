/** KEEP_WECHAT_IDS: whose ids are kept, when, and for how long. */
import { createSecretKey } from 'node:crypto'
import t, { type Test } from 'tap'
import { subjectOf } from '../../../src/domain/person.ts'
import { admitPerson } from '../../../src/login/admit-person.ts'
import { blockPerson } from '../../../src/login/decide-person.ts'
import { erasePerson } from '../../../src/login/erase-person.ts'
import { logPhoneIn } from '../../../src/login/log-phone-in.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { createWechatIds } from '../../../src/people/wechat-ids.ts'
import { createPhoneKeys } from '../../../src/stores/phone-keys.ts'
import { openLoginUseCases, type LoginUseCaseOptions } from '../../support/login-use-cases.ts'

const openid = 'oABCDEF-openid-of-ming'
const unionid = 'oU-unionid-of-ming'
const subjectKey = createSecretKey(Buffer.alloc(32, 9))
const sub = subjectOf('wx1', openid, subjectKey)
const key = `person-wechat-ids:${sub}`
const day = 86_400_000

const open = (t: Test, options: LoginUseCaseOptions = {}) => {
  const written: string[] = []
  const removed: string[] = []
  /** Called before ids are stored. */
  let before = async () => {}
  const login = openLoginUseCases(t, {
    keepsWechatIds: true,
    ...options,
    wrapStore: (inner) => Object.assign(Object.create(inner) as Store, {
      claim: async (...call: Parameters<Store['claim']>) => { if (call[0] === key) { await before(); written.push(JSON.stringify(call[1])) } return await inner.claim(...call) },
      replace: async (...call: Parameters<Store['replace']>) => { if (call[0] === key) written.push(JSON.stringify(call[2])); return await inner.replace(...call) },
      remove: async (name: string) => { if (name === key) removed.push(name); return await inner.remove(name) },
    }),
  })
  const phoneKeys = createPhoneKeys(login.store, { clock: login.clock, sealingKey: Buffer.alloc(32, 8) })
  const deps = { ...login.deps, phoneKeys, appid: 'wx1', subjectKey }
  const logIn = (given: string | null = null) => logPhoneIn({ ...deps, phones: { idsFor: async () => ({ openid, unionid: given }) } }, 'code')
  return {
    ...login,
    deps,
    written,
    removed,
    kept: () => deps.wechatIds.read(sub),
    logIn,
    scan: async () => { await admitPerson(deps, await deps.people.read(sub), (await login.make()).ticket) },
    onWrite: (call: () => Promise<void>) => { before = call },
  }
}

await t.test('WeChat ids: they are kept, sealed, when a person logs in for the first time and then scans', async (t) => {
  const { logIn, scan, kept, written, clock } = open(t)
  await logIn(unionid)
  clock.advance(day - 1000)
  await scan()
  clock.advance(2 * day)
  t.strictSame(await kept(), { openid, unionid })
  t.equal(written.length, 2)
  for (const text of written) for (const secret of [openid, unionid]) t.notOk(text.includes(secret))
})

await t.test('WeChat ids: they are gone after a day when the person never scans, and not stored at all when a stranger comes where REGISTRATION is closed', async (t) => {
  const { logIn, kept, clock } = open(t)
  await logIn()
  await logIn()
  t.strictSame(await kept(), { openid, unionid: null })
  clock.advance(day)
  t.equal(await kept(), undefined)
  const closed = open(t, { settings: { registration: 'closed' } })
  await closed.logIn()
  t.strictSame(closed.written, [])
})

await t.test('WeChat ids: a login writes nothing when they are kept already, and a unionid that comes later joins them and stays', async (t) => {
  const { logIn, people, kept, written } = open(t, { settings: { registration: 'closed' } })
  await people.create(sub, { state: 'waiting', isSeen: false })
  await logIn()
  await logIn()
  t.equal(written.length, 1)
  await logIn(unionid)
  await logIn()
  t.strictSame(await kept(), { openid, unionid })
  t.equal(written.length, 2)
})

await t.test('WeChat ids: none are stored when KEEP_WECHAT_IDS is off, or the person is blocked', async (t) => {
  const off = open(t, { keepsWechatIds: false })
  await off.logIn()
  await off.scan()
  await off.logIn()
  t.strictSame(off.written, [])
  const on = open(t)
  await blockPerson(on.deps, { sub, owner: null })
  await on.logIn()
  t.strictSame(on.written, [])
})

await t.test('WeChat ids: they go when the person is erased, also when KEEP_WECHAT_IDS is off by then', async (t) => {
  const { logIn, scan, kept, deps, store } = open(t)
  await logIn()
  await scan()
  const off = createWechatIds(store, { subjectKey: Buffer.alloc(32, 9), isKept: false })
  t.strictSame(await off.read(sub), { openid, unionid: null })
  await erasePerson({ ...deps, wechatIds: off }, { sub, by: 'operator' })
  t.equal(await kept(), undefined)
})

await t.test('WeChat ids: none stay when the person is erased just before a login would store them', async (t) => {
  const { logIn, people, kept, deps, written, onWrite } = open(t)
  await people.create(sub, { state: 'active', isSeen: true })
  onWrite(() => erasePerson(deps, { sub, by: 'phone' }))
  await logIn()
  t.equal(written.length, 1)
  t.equal(await kept(), undefined)
})

await t.test('WeChat ids: reading them fails when the subject key is another one, and the next login keeps them anew', async (t) => {
  const { logIn, scan, store } = open(t)
  await logIn()
  await scan()
  const other = createWechatIds(store, { subjectKey: Buffer.alloc(32, 7), isKept: true })
  await t.rejects(other.read(sub), /KEYS_FILE/)
  t.equal(await other.keep(sub, { openid, unionid: null }), true)
  t.strictSame(await other.read(sub), { openid, unionid: null })
})
