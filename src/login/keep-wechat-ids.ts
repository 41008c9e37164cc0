/**
 * When WeChat's ids of a person are kept: at a phone's login, where they become known, and only of people who have a record. Whoever isn't known yet may get one by
 * the scan that follows, which has no js_code: their ids wait for it, and end with the phone's key. Where nobody new is let in, a stranger's aren't stored at all.
 */
import type { Person } from '../domain/person.ts'
import type { WechatIds } from '../domain/wechat-ids.ts'
import type { LoginDeps } from './deps.ts'

type WechatIdDeps = Pick<LoginDeps, 'wechatIds' | 'people' | 'settings'>

export const keepIdsAtLogin = async (deps: WechatIdDeps, { sub, state }: Person, ids: WechatIds): Promise<void> => {
  if (state === 'unknown' && deps.settings.registration !== 'closed') await deps.wechatIds.remember(sub, ids)
  if ((state === 'waiting' || state === 'active') && await deps.wechatIds.keep(sub, ids)) await dropOfErased(deps, sub)
}

/** Called once the person's record is stored. */
export const keepIdsAtAdmission = async (deps: WechatIdDeps, sub: string): Promise<void> => {
  if (await deps.wechatIds.keepRemembered(sub)) await dropOfErased(deps, sub)
}

/** An erasure at the same moment removes the record first, and may have been here before the ids were. */
const dropOfErased = async ({ people, wechatIds }: WechatIdDeps, sub: string): Promise<void> => {
  if ((await people.read(sub)).state === 'unknown') await wechatIds.erase(sub)
}
