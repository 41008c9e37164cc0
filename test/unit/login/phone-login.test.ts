import { createSecretKey } from 'node:crypto'
import t, { type Test } from 'tap'
import { isId, isSecret } from '../../../src/domain/ids.ts'
import { subjectOf } from '../../../src/domain/person.ts'
import { Problem } from '../../../src/errors.ts'
import { logPhoneIn, type PhoneLoginDeps } from '../../../src/login/log-phone-in.ts'
import type { PhoneKeys } from '../../../src/login/ports.ts'
import { signOutEverywhere } from '../../../src/login/sign-out-everywhere.ts'
import { openLoginUseCases } from '../../support/login-use-cases.ts'

const subjectKey = createSecretKey(Buffer.alloc(32, 9))
const sub = subjectOf('wx1', 'openid of code', subjectKey)

/** `answers` are those of `add`, for each key in turn. */
const openPhoneLogin = (t: Test, answers: Array<Awaited<ReturnType<PhoneKeys['add']>>>) => {
  const login = openLoginUseCases(t)
  const added: Array<Parameters<PhoneKeys['add']>[0]> = []
  const deps: PhoneLoginDeps = {
    ...login.deps,
    phones: { idsFor: (jsCode) => jsCode === 'code' ? Promise.resolve({ openid: 'openid of code', unionid: null }) : Promise.reject(new Problem('js-code-invalid')) },
    phoneKeys: { add: async (key) => { added.push(key); return answers.shift()! } } as Partial<PhoneKeys> as PhoneKeys, // nothing else is called
    appid: 'wx1',
    subjectKey,
  }
  return { ...login, deps, added }
}

await t.test('phone login: a key for a day is issued, and a step recorded, when WeChat accepts the js_code', async (t) => {
  const { deps, clock, people, added, recorded } = openPhoneLogin(t, [{ isKept: true, ended: [] }])
  await people.rename(sub, '小雨')
  const { key, person } = await logPhoneIn(deps, 'code')
  t.ok(isId(key.id) && isSecret(key.key))
  t.strictSame(key, { id: key.id, key: key.key, sub, expiresAt: clock.now() + 86_400_000 })
  t.equal(person.name, '小雨')
  t.strictSame(added, [key])
  t.strictSame(recorded(), [{ event: 'phone-key.created', key: key.id, sub }])
})

await t.test('phone login: no key is issued when WeChat refuses the js_code', async (t) => {
  const { deps, added, recorded } = openPhoneLogin(t, [])
  await t.rejects(logPhoneIn(deps, 'other'), { code: 'js-code-invalid' })
  t.strictSame([added, recorded()], [[], []])
})

await t.test('phone login: another key is issued when the person signed out everywhere meanwhile, and a step is recorded for each key that ended', async (t) => {
  const { deps, added, recorded } = openPhoneLogin(t, [{ isKept: false, ended: ['old-1'] }, { isKept: true, ended: ['old-2'] }])
  const { key } = await logPhoneIn(deps, 'code')
  t.equal(added.length, 2)
  t.not(added[0]?.id, key.id)
  t.equal(added[1]?.id, key.id)
  t.strictSame(recorded(), [
    { event: 'phone-key.ended', ended: 'old-1', sub, by: 'newer' },
    { event: 'phone-key.ended', ended: 'old-2', sub, by: 'newer' },
    { event: 'phone-key.created', key: key.id, sub },
  ])
})

await t.test('sign out everywhere: keys end first, then sessions, and a step is recorded for each key, when a person signs out', async (t) => {
  const { deps, recorded } = openLoginUseCases(t)
  const calls: unknown[] = []
  const phoneKeys = { endAll: async (...args: unknown[]) => { calls.push(['keys', ...args]); return { ended: ['a', 'b'], cutoff: 7 } } }
  const sessions = { endAll: async (...args: unknown[]) => { calls.push(['sessions', ...args.slice(0, 3)]); return 3 } }
  t.strictSame(await signOutEverywhere({ phoneKeys, sessions, audit: deps.audit }, { sub: 'ming', by: 'operator', exceptKeyId: 'c' }), { phones: 2, browsers: 3 })
  t.strictSame(calls, [['keys', 'ming', 'c'], ['sessions', 'ming', 7, 'operator']])
  t.strictSame(recorded(), ['a', 'b'].map((ended) => ({ event: 'phone-key.ended', ended, sub: 'ming', by: 'operator' })))
})
