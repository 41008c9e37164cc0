import type { Audit } from './audit.ts'
import type { PersonRegister, PhoneKeys, SessionEnder, Tickets, WechatIdRegister } from './ports.ts'

export interface ErasureDeps {
  readonly people: Pick<PersonRegister, 'erase'>
  readonly wechatIds: Pick<WechatIdRegister, 'erase'>
  readonly tickets: Pick<Tickets, 'removeOf'>
  readonly sessions: Pick<SessionEnder, 'eraseAll'>
  readonly phoneKeys: Pick<PhoneKeys, 'eraseAll'>
  readonly audit: Audit
}

/**
 * Deletes all that is stored of a person; of a blocked one all but that. The record goes first: from then on nothing that began under it is valid, whatever still
 * finishes at this moment. The phone's keys go last, so that the call can be repeated where it breaks off.
 */
export const erasePerson = async ({ people, wechatIds, tickets, sessions, phoneKeys, audit }: ErasureDeps, { sub, by }: { readonly sub: string, readonly by: 'phone' | 'operator' }): Promise<void> => {
  await tickets.removeOf(sub, await people.erase(sub))
  await wechatIds.erase(sub)
  await sessions.eraseAll(sub, by, audit)
  await phoneKeys.eraseAll(sub)
  audit.record({ event: 'person.erased', sub, by })
}
