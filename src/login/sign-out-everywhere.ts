import type { Audit } from './audit.ts'
import type { PhoneKeys, SessionEnder } from './ports.ts'

export interface SignOutDeps {
  readonly phoneKeys: Pick<PhoneKeys, 'endAll'>
  readonly sessions: Pick<SessionEnder, 'endAll'>
  readonly audit: Audit
}

export interface SignOut {
  readonly sub: string
  readonly by: 'phone' | 'owner' | 'operator'
  /** The id of the phone key that isn't ended; null to end all. */
  readonly exceptKeyId: string | null
}

/**
 * Ends every phone key of a person except one, then every session, including those that a ticket confirmed before could still open. In this order: an
 * ended key can't confirm another ticket. Repeatable: another call finishes what broke off. Rejects with `key-unknown` where the excepted key was ended
 * meanwhile.
 */
export const signOutEverywhere = async ({ phoneKeys, sessions, audit }: SignOutDeps, { sub, by, exceptKeyId }: SignOut): Promise<{ phones: number, browsers: number }> => {
  const { ended, cutoff } = await phoneKeys.endAll(sub, exceptKeyId)
  for (const id of ended) audit.record({ event: 'phone-key.ended', ended: id, sub, by })
  return { phones: ended.length, browsers: await sessions.endAll(sub, cutoff, by, audit) }
}
