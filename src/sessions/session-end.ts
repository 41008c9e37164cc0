/** How sessions end: one, all of a person, those that a new login in the same browser replaces, and those that would open too late. */
import { schema } from '../domain/record.ts'
import type { SessionEnder } from '../domain/step.ts'
import type { Audit } from '../login/audit.ts'
import type { Clock, Session, SessionOpener, SessionsEnder } from '../login/ports.ts'
import type { People } from './people.ts'
import { isLater, type SessionRecord, type SessionRecords } from './session-record.ts'

/** How long an ended session stays stored: longer than its ticket can ask for it again. */
const tombstoneMs = 600_000
/** For this long, simultaneous logins in one browser find each other through the session that all of them replace. */
const raceMs = 30_000

export interface SessionEnds extends SessionsEnder, Pick<SessionOpener, 'replace'> {
  /** Ends a person's session at once and for good, and records that in the audit. False where this call did not end one. */
  end (sub: string, id: string, by: SessionEnder, audit: Audit): Promise<boolean>
  /** As `end`, but leaves the session in the person's list and stores an ended one where none is stored yet: a login that is about to open it fails. */
  endOrPrevent (sub: string, id: string, by: SessionEnder, audit: Audit): Promise<boolean>
}

export const createSessionEnds = (records: SessionRecords, people: People, clock: Clock): SessionEnds => {
  const ended = (record: SessionRecord): SessionRecord => ({ ...record, endedAt: clock.now() })

  const recordEnd = ({ id, sub }: SessionRecord, by: SessionEnder, audit: Audit): void => {
    audit.record({ event: 'session.ended', sid: id, sub, by })
  }

  const endListed: SessionEnds['end'] = async (sub, id, by, audit) => {
    const { before, after } = await records.update(id, (record) => records.isLive(record) && record.sub === sub ? ended(record) : record, () => tombstoneMs)
    if (after === before || after === undefined) return false
    recordEnd(after, by, audit)
    return true
  }

  const end: SessionEnds['end'] = async (sub, id, by, audit) => {
    const isEnded = await endListed(sub, id, by, audit)
    if (isEnded) await people.removeSessions(sub, [id])
    return isEnded
  }

  const endOrPrevent: SessionEnds['endOrPrevent'] = async (sub, id, by, audit) => {
    for (;;) {
      if (await endListed(sub, id, by, audit)) return true
      const tombstone = { schema, version: 1, id, sub, endedAt: clock.now() } as SessionRecord // no other member of an ended record is read
      if (await records.claim(id, tombstone, tombstoneMs)) return false
      if ((await records.readLive(id))?.sub !== sub) return false
    }
  }

  /**
   * Tells whether the session whose cookie the browser sent was opened after our own. Not where both are of the same millisecond: the browser had that cookie
   * already. Nor where it is much later: the clock has been set back since.
   */
  const isOpenedSince = (shown: SessionRecord, own: Session): boolean => shown.createdAt > own.createdAt && shown.createdAt < own.createdAt + raceMs

  /** Returns the session that has just replaced this one. */
  const successorOf = async ({ endedAt, replacedBy }: SessionRecord): Promise<SessionRecord | undefined> => {
    const isRecent = endedAt !== null && clock.now() - endedAt < raceMs
    return isRecent && replacedBy !== undefined ? await records.read(replacedBy) : undefined
  }

  /**
   * Of several sessions of one browser the last opened one stays. `shown` is one whose cookie the browser sent. Where another login has just replaced it, our
   * own is compared with the session of that login: so of any number of simultaneous logins, on any instances, one stays. False where it isn't ours. The
   * loop ends because each replacing session is later than the one before.
   */
  const replaceOne = async (own: Session, shown: SessionRecord, audit: Audit): Promise<boolean> => {
    for (let other: SessionRecord | undefined = shown; other !== undefined && other.id !== own.id;) {
      if (!records.isLive(other)) {
        other = await successorOf(other)
      } else if (other.id === shown.id ? isOpenedSince(other, own) : isLater(other, own)) {
        await end(own.sub, own.id, 'relogin', audit)
        return false
      } else {
        if (await records.replace(other.id, other, { ...ended(other), replacedBy: own.id }, tombstoneMs)) {
          recordEnd(other, 'relogin', audit)
          await people.removeSessions(other.sub, [other.id])
          return true
        }
        other = await records.read(other.id)
      }
    }
    return true
  }

  return {
    end,
    endOrPrevent,
    endAll: async (sub, endedAt, by, audit) => {
      const ids = await people.closeSessions(sub, endedAt)
      const isEnded = await Promise.all(ids.map((id) => endOrPrevent(sub, id, by, audit)))
      if (ids.length > 0) await people.removeSessions(sub, ids)
      return isEnded.filter(Boolean).length
    },
    replace: async (secrets, session, audit) => {
      for (const secret of secrets) {
        const shown = await records.readBySecret(secret)
        if (shown !== undefined && !await replaceOne(session, shown, audit)) return false
      }
      return true
    },
  }
}
