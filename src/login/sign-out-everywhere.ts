import type { Audit } from './audit.ts'
import type { PhoneKeys, SessionsEnder } from './ports.ts'

export interface SignOutDeps {
  readonly phoneKeys: Pick<PhoneKeys, 'endAll'>
  readonly sessions: SessionsEnder
  readonly audit: Audit
}

/** Whose everything ends, by whom, and the id of the phone key that stays; null where all go. */
export interface SignOut {
  readonly sub: string
  readonly by: 'phone' | 'operator'
  readonly spared: string | null
}

/**
 * Ends every phone key of a person but the one that is spared, then every session, and every session that a ticket approved before could still open.
 * In this order: an ended phone can't approve what opens next. Repeatable; it finishes what broke off. Rejects with `key-unknown` where the spared
 * key was ended meanwhile.
 */
export const signOutEverywhere = async ({ phoneKeys, sessions, audit }: SignOutDeps, { sub, by, spared }: SignOut): Promise<{ phones: number, browsers: number }> => {
  const { ended, endedAt } = await phoneKeys.endAll(sub, spared)
  for (const id of ended) audit.record({ event: 'phone-key.ended', ended: id, sub, by })
  return { phones: ended.length, browsers: await sessions.endAll(sub, endedAt, by, audit) }
}
