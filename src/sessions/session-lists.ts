/** Which sessions each person has, by `sub`, and when they signed out everywhere. */
import { schema } from '../domain/record.ts'
import type { Clock } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'

/** As stored. */
export interface SessionIndex {
  readonly schema: typeof schema
  readonly version: number
  /** Oldest first. Times are milliseconds since 1970. */
  readonly sessions: ReadonlyArray<{ readonly id: string, readonly endsAt: number }>
  /** The cutoff of the last sign-out: a ticket confirmed at this time or before opens no session. Missing without one, and in records of an earlier release. */
  readonly endedAt?: number
}

/** Longer than a ticket lives. */
const cutoffKeptMs = 2 * 3600_000

export interface SessionLists {
  /** Returns the ids of a person's sessions, newest first. Some may have ended. */
  sessionsOf (sub: string): Promise<readonly string[]>
  /** Reads a person's list and last sign-out. */
  readIndex (sub: string): Promise<SessionIndex | undefined>
  /** Returns the ids in a list, as `sessionsOf` does. */
  idsIn (index: SessionIndex | undefined): readonly string[]
  /**
   * Adds a session to a person's list; the same one again changes nothing. False where its ticket was confirmed at the cutoff of a sign-out or before. `reading`
   * is a read of the list that the same request has begun already.
   */
  addSession (sub: string, id: string, endsAt: number, confirmedAt: number, reading?: Promise<SessionIndex | undefined>): Promise<boolean>
  /** Records a sign-out: from now on no ticket confirmed at `cutoff` or before opens a session. Ends none; returns the ids in the list. */
  recordSignOut (sub: string, cutoff: number): Promise<readonly string[]>
  removeSessions (sub: string, ids: readonly string[]): Promise<void>
  /** Removes a person's list, and with it when they signed out. */
  erase (sub: string): Promise<void>
}

export const createSessionLists = (store: Store, clock: Clock): SessionLists => {
  const indexes = createRecords<SessionIndex>(store, { prefix: 'person-sessions:' })

  /** The index without expired sessions; an empty one where none is stored. */
  const current = (index: SessionIndex | undefined): SessionIndex =>
    ({ schema, version: 0, ...index, sessions: (index?.sessions ?? []).filter(({ endsAt }) => endsAt > clock.now()) })

  const ttlOf = ({ endedAt = 0, sessions }: SessionIndex): number =>
    Math.max(1000, endedAt + cutoffKeptMs - clock.now(), ...sessions.map(({ endsAt }) => endsAt - clock.now()))

  const readIndex = (sub: string) => indexes.read(sub)
  const idsIn = (index: SessionIndex | undefined) => current(index).sessions.map(({ id }) => id).reverse()

  return {
    sessionsOf: async (sub) => idsIn(await readIndex(sub)),
    readIndex,
    idsIn,
    addSession: async (sub, id, endsAt, confirmedAt, reading) => {
      const { after } = await indexes.update(sub, (before) => {
        const index = current(before)
        const isListed = index.sessions.some((session) => session.id === id && session.endsAt === endsAt)
        // Nothing is written for a consume that is repeated.
        if (isCutOff(index, confirmedAt) || isListed) return before
        return { ...index, sessions: [...index.sessions.filter((session) => session.id !== id), { id, endsAt }] }
      }, ttlOf, reading)
      return !isCutOff(after, confirmedAt)
    },
    recordSignOut: async (sub, cutoff) => {
      const { before } = await indexes.update(sub, (before) => {
        const index = current(before)
        return { ...index, endedAt: Math.max(index.endedAt ?? 0, cutoff) }
      }, ttlOf)
      return current(before).sessions.map(({ id }) => id)
    },
    removeSessions: async (sub, ids) => {
      await indexes.update(sub, (before) => {
        const index = current(before)
        return { ...index, sessions: index.sessions.filter(({ id }) => !ids.includes(id)) }
      }, ttlOf)
    },
    erase: (sub) => indexes.remove(sub),
  }
}

/** Tells whether a ticket that was confirmed at this time opens no session, because of a sign-out. */
export const isCutOff = (index: SessionIndex | undefined, confirmedAt: number): boolean => confirmedAt <= (index?.endedAt ?? 0)
