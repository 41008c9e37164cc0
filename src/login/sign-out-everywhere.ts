import type { Audit } from './audit.ts'
import type { PhoneKeys, SessionsEnder } from './ports.ts'

export interface SignOutDeps {
  readonly phoneKeys: Pick<PhoneKeys, 'endAll'>
  readonly sessions: SessionsEnder
  readonly audit: Audit
}

export interface SignOut {
  readonly sub: string
  readonly by: 'phone' | 'operator'
  /** The id of the phone key that isn't ended; null to end all. */
  readonly spared: string | null
}

/**
 * Ends every phone key of a person except the spared one, then every session, including those that a ticket approved before could still open.
 * In this order: an ended key can't approve another session. Repeatable: another call finishes what broke off. Rejects with `key-unknown` where the
 * spared key was ended meanwhile.
 */
export const signOutEverywhere = async ({ phoneKeys, sessions, audit }: SignOutDeps, { sub, by, spared }: SignOut): Promise<{ phones: number, browsers: number }> => {
  const { ended, endedAt } = await phoneKeys.endAll(sub, spared)
  for (const id of ended) audit.record({ event: 'phone-key.ended', ended: id, sub, by })
  return { phones: ended.length, browsers: await sessions.endAll(sub, endedAt, by, audit) }
}
