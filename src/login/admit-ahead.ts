import type { WechatIds } from '../domain/wechat-ids.ts'
import { changeGroups } from './change-person.ts'
import { letInWaiting, type DecisionDeps } from './decide-person.ts'
import type { WechatIdRegister } from './people-port.ts'

export interface AdmissionAhead {
  readonly sub: string
  readonly ids: WechatIds
  /** Shown until the person chooses one. */
  readonly name: string | null
  readonly groups: readonly string[]
}

/** `blocked`: the person is, and stays so. */
export type AdmittedAhead = 'new' | 'changed' | 'unchanged' | 'blocked'

/**
 * Makes a person known ahead of their first scan, or lets in who waits. A name that they have chosen and groups that they are in stay. Repeatable: another call
 * finishes what broke off, and one after that changes nothing. Rejects as `changeGroups` does.
 */
export const admitAhead = async (deps: DecisionDeps & { readonly wechatIds: Pick<WechatIdRegister, 'keep'> }, { sub, ids, name, groups }: AdmissionAhead): Promise<AdmittedAhead> => {
  const { people, wechatIds, audit } = deps
  const before = await people.read(sub)
  if (before.state === 'blocked') return 'blocked'
  // Before the record is made, which then lists the person under it.
  const isNamed = name !== null && before.name === null
  if (isNamed) await people.rename(sub, name)
  const isNew = before.state === 'unknown' && await people.create(sub, { state: 'active', groups, isSeen: false }) !== undefined
  if (isNew) audit.record({ event: 'person.allowed', sub, by: 'operator' })
  else if (before.state !== 'active' && !await letInWaiting(deps, { sub, owner: null }) && (await people.read(sub)).state === 'blocked') return 'blocked'
  const isInGroups = isNew || groups.length === 0 ? false : await changeGroups(deps, { sub, add: groups })
  if (isNew && groups.length > 0) audit.record({ event: 'person.changed', sub, by: 'operator', groups })
  const isKept = await wechatIds.keep(sub, ids)
  if (isNew) return 'new'
  return isNamed || isInGroups || isKept || before.state === 'waiting' ? 'changed' : 'unchanged'
}
