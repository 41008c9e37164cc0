import type { Audit } from './audit.ts'
import type { PersonRegister, WechatIdRegister } from './people-port.ts'
import type { PhoneKeys, SessionEnder, Tickets } from './ports.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface ErasureDeps {
  readonly people: Pick<PersonRegister, 'erase'>
  readonly wechatIds: Pick<WechatIdRegister, 'erase'>
  readonly tickets: Pick<Tickets, 'scannedBy' | 'removeOf'>
  readonly sessions: Pick<SessionEnder, 'eraseAll'>
  readonly phoneKeys: Pick<PhoneKeys, 'eraseAll'>
  /** Not for a command, which holds no polls. */
  readonly waitingRoom?: Pick<WaitingRoom, 'wake'>
  readonly audit: Audit
}

export interface Erasure {
  readonly sub: string
  readonly by: 'phone' | 'operator'
  /** The id of the key that signed the call; null for a command. */
  readonly keyId?: string | null
}

/**
 * Deletes all that is stored of a person; of a blocked one all but that. The phone's keys go last, so that the call can be repeated where it breaks off.
 */
export const erasePerson = async ({ people, wechatIds, tickets, sessions, phoneKeys, waitingRoom, audit }: ErasureDeps, { sub, by, keyId = null }: Erasure): Promise<void> => {
  await people.erase(sub, async (ids) => {
    // Before the tickets, which are what tells of a session that is about to open.
    const scanned = await tickets.scannedBy(sub, ids)
    await sessions.eraseAll(sub, scanned.flatMap(({ sessionId }) => sessionId ?? []), by, audit)
    await tickets.removeOf(sub, ids)
    for (const id of ids) waitingRoom?.wake(id)
    await wechatIds.erase(sub)
  })
  await phoneKeys.eraseAll(sub, keyId)
  audit.record({ event: 'person.erased', sub, by })
}
