// The keys of a person's phones: how one is issued, and how all are ended with their sessions.
import t, { type Test } from 'tap'
import { isId, isSecret } from '../../../src/domain/ids.ts'
import { subjectOf } from '../../../src/domain/person.ts'
import { Problem } from '../../../src/errors.ts'
import { logPhoneIn, type PhoneLoginDeps } from '../../../src/login/log-phone-in.ts'
import type { PhoneKeys } from '../../../src/login/ports.ts'
import { signOutEverywhere } from '../../../src/login/sign-out-everywhere.ts'
import { openLoginUseCases } from '../../support/login-use-cases.ts'

const subjectKey = Buffer.alloc(32, 9)
const sub = subjectOf('wx1', 'openid of code', subjectKey)

/** What `add` says of each key that is issued, in turn. */
const openPhoneRules = (t: Test, answers: Array<Awaited<ReturnType<PhoneKeys['add']>>>) => {
  const rules = openLoginUseCases(t)
  const added: Array<Parameters<PhoneKeys['add']>[0]> = []
  const deps: PhoneLoginDeps = {
    ...rules.deps,
    phones: { openidFor: (jsCode) => jsCode === 'code' ? Promise.resolve('openid of code') : Promise.reject(new Problem('js-code-invalid')) },
    phoneKeys: { add: async (key) => { added.push(key); return answers.shift()! } } as Partial<PhoneKeys> as PhoneKeys, // asked for nothing else
    appid: 'wx1',
    subjectKey,
  }
  return { ...rules, deps, added }
}

await t.test('phone login: the phone is given a key of its own for a day, and the audit hears of it, when WeChat knows its js_code', async (t) => {
  const { deps, clock, people, added, told } = openPhoneRules(t, [{ isKept: true, ended: [] }])
  await people.rename(sub, '小雨')
  const { key, name } = await logPhoneIn(deps, 'code')
  t.ok(isId(key.id) && isSecret(key.key))
  t.strictSame(key, { id: key.id, key: key.key, sub, expiresAt: clock.now() + 86_400_000 })
  t.equal(name, '小雨')
  t.strictSame(added, [key])
  t.strictSame(told(), [{ event: 'phone-key.created', key: key.id, sub }])
})

await t.test('phone login: nothing is issued when WeChat does not know the js_code', async (t) => {
  const { deps, added, told } = openPhoneRules(t, [])
  await t.rejects(logPhoneIn(deps, 'other'), { code: 'js-code-invalid' })
  t.strictSame([added, told()], [[], []])
})

await t.test('phone login: another key is issued when the person has signed out everywhere meanwhile, and the audit hears of those that were too many', async (t) => {
  const { deps, added, told } = openPhoneRules(t, [{ isKept: false, ended: ['old-1'] }, { isKept: true, ended: ['old-2'] }])
  const { key } = await logPhoneIn(deps, 'code')
  t.equal(added.length, 2)
  t.not(added[0]?.id, key.id)
  t.equal(added[1]?.id, key.id)
  t.strictSame(told(), [
    { event: 'phone-key.ended', ended: 'old-1', sub, by: 'newer' },
    { event: 'phone-key.ended', ended: 'old-2', sub, by: 'newer' },
    { event: 'phone-key.created', key: key.id, sub },
  ])
})

await t.test('sign out everywhere: keys end first, then the sessions of before, and the audit hears of each key', async (t) => {
  const { deps, told } = openLoginUseCases(t)
  const calls: unknown[] = []
  const phoneKeys = { endAll: async (...args: unknown[]) => { calls.push(['keys', ...args]); return { ended: ['a', 'b'], endedAt: 7 } } }
  const sessions = { endAll: async (...args: unknown[]) => { calls.push(['sessions', ...args.slice(0, 3)]); return 3 } }
  t.strictSame(await signOutEverywhere({ phoneKeys, sessions, audit: deps.audit }, { sub: 'ming', by: 'operator', spared: 'c' }), { phones: 2, browsers: 3 })
  t.strictSame(calls, [['keys', 'ming', 'c'], ['sessions', 'ming', 7, 'operator']])
  t.strictSame(told(), ['a', 'b'].map((ended) => ({ event: 'phone-key.ended', ended, sub: 'ming', by: 'operator' })))
})
