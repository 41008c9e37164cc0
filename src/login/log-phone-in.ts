import type { KeyObject } from 'node:crypto'
import { newId, newSecret } from '../domain/ids.ts'
import { subjectOf, type Person } from '../domain/person.ts'
import type { LoginDeps } from './deps.ts'
import { keepIdsAtLogin } from './keep-wechat-ids.ts'
import type { NewPhoneKey, PhoneIdentity, PhoneKeys } from './ports.ts'

/** How long a key can sign before the phone has to log in again. */
const keyTtlMs = 24 * 3600_000

export interface PhoneLoginDeps extends LoginDeps {
  readonly phones: PhoneIdentity
  readonly phoneKeys: PhoneKeys
  readonly appid: string
  readonly subjectKey: KeyObject
}

/**
 * Exchanges a js_code from `wx.login` for a signing key of this phone. Only the `sub` derived from the openid is stored, unless
 * KEEP_WECHAT_IDS is on. Rejects with `js-code-invalid`, `wechat-user-blocked` or `wechat-unavailable`.
 */
export const logPhoneIn = async (deps: PhoneLoginDeps, jsCode: string): Promise<{ key: NewPhoneKey, person: Person }> => {
  const ids = await deps.phones.idsFor(jsCode)
  const sub = subjectOf(deps.appid, ids.openid, deps.subjectKey)
  const [key, person] = await Promise.all([issueKey(deps, sub), deps.people.read(sub)])
  await keepIdsAtLogin(deps, person, ids)
  return { key, person }
}

const issueKey = async (deps: PhoneLoginDeps, sub: string): Promise<NewPhoneKey> => {
  for (;;) { // retries only after a concurrent sign-out everywhere
    const key = { id: newId(deps.random), key: newSecret(deps.random), sub, expiresAt: deps.clock.now() + keyTtlMs }
    const { isKept, ended } = await deps.phoneKeys.add(key)
    for (const id of ended) deps.audit.record({ event: 'phone-key.ended', ended: id, sub, by: 'newer' })
    if (!isKept) continue
    deps.audit.record({ event: 'phone-key.created', key: key.id, sub })
    return key
  }
}
