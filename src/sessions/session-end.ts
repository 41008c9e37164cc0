/** How sessions end: one, all of a person, those that a later login in the same browser replaces, and those that would open after a sign-out. */
import { hash } from 'node:crypto'
import { startOf } from '../domain/ids.ts'
import { schema } from '../domain/record.ts'
import type { EndReason } from '../domain/step.ts'
import type { Audit } from '../login/audit.ts'
import { compareAndSet } from '../login/compare-and-set.ts'
import type { Clock, Session, SessionEnder, SessionOpener } from '../login/ports.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { SessionLists } from './session-lists.ts'
import { isLater, type SessionRecord, type SessionRecords } from './session-record.ts'

/** How long an ended session stays stored: longer than its ticket can ask for it again. */
const tombstoneMs = 600_000
/** For this long, simultaneous logins in one browser find each other through the session that all of them replace. */
const raceMs = 30_000
/** For this long, whoever ends a session once more may be repeating a call whose answer got lost, and whose step was then not recorded. */
const repeatMs = 60_000

/** Stands for a person in what is stored of an ended session: it can be compared, and leads nowhere. */
const formerSub = (sub: string): string => hash('sha256', `former\0${sub}`, 'base64url')

export interface BrowserSessionEnder extends SessionEnder, Pick<SessionOpener, 'endSuperseded'> {
  /** Ends a session that was just stored and is not listed. Nobody was given its secret, so there is nothing to record. */
  discard (record: SessionRecord): Promise<void>
  /**
   * As `end`, but leaves the session in the person's list and stores an ended one where none is stored yet, for `keptMs`: a login that is about to open it
   * fails. Resolves with what this call did; null where the session had ended before, or is somebody else's.
   */
  endOrPrevent (sub: string, id: string, by: EndReason, audit: Audit, keptMs?: number): Promise<'ended' | 'prevented' | null>
}

export interface SessionEndDeps {
  readonly records: SessionRecords
  readonly lists: SessionLists
  readonly endedSessions: Pick<EndedSessions, 'add'>
  readonly clock: Clock
}

export const createBrowserSessionEnder = ({ records, lists, endedSessions, clock }: SessionEndDeps): BrowserSessionEnder => {
  /** What is kept of an ended session: enough to tell its person that it has ended, and nothing about them. */
  const ended = ({ schema, version, id, secretHash, sub, site }: SessionRecord, by?: EndReason): SessionRecord => ({
    schema,
    version,
    id,
    sub: formerSub(sub),
    endedAt: clock.now(),
    ...(secretHash !== undefined && { secretHash }),
    ...(site !== undefined && { site }),
    ...(by !== undefined && { endedBy: by }),
  } as SessionRecord) // no other member of an ended record is read

  const recordEnd = ({ id, sub }: Pick<SessionRecord, 'id' | 'sub'>, by: EndReason, audit: Audit): void => {
    audit.record({ event: 'session.ended', sid: id, sub, by })
  }

  /** Returns a session that this person ended just now, in the same way: whether it had been opened, or was prevented. */
  const justEnded = (record: SessionRecord | undefined, sub: string, by: EndReason): 'ended' | 'prevented' | null => {
    const isRepeat = record !== undefined && [sub, formerSub(sub)].includes(record.sub) && record.endedBy === by && record.endedAt !== null && clock.now() - record.endedAt < repeatMs
    return isRepeat ? record.secretHash === undefined ? 'prevented' : 'ended' : null
  }

  /**
   * Stores the end of a live session; true for the one caller who did. The end is queued for the sites that know the session before it is stored: where the process is
   * killed in between, nothing has ended, and the delivery sees that. Every end is stored here.
   */
  const storeEnd = async (live: SessionRecord, end: SessionRecord): Promise<boolean> => {
    if (live.hasSites === true) await endedSessions.add({ sub: live.sub, sessionId: live.id })
    return await records.replace(live.id, live, end, tombstoneMs)
  }

  /** Resolves with the session as it is now, and whether this call ended it. */
  const endListed = async (sub: string, id: string, by: EndReason, audit: Audit): Promise<{ isEnded: boolean, record: SessionRecord | undefined }> => {
    const decide = (record: SessionRecord | undefined) => records.isLive(record) && record.sub === sub ? ended(record, by) : record
    const { before, after } = await compareAndSet(() => records.read(id), decide, async (live, end) => await storeEnd(live as SessionRecord, end as SessionRecord)) // a live one was read
    if (after === before || after === undefined) return { isEnded: false, record: after }
    recordEnd({ id, sub }, by, audit)
    return { isEnded: true, record: after }
  }

  const end: BrowserSessionEnder['end'] = async (sub, id, by, audit) => {
    const { isEnded, record } = await endListed(sub, id, by, audit)
    if (isEnded) await lists.removeSessions(sub, [id])
    else if (justEnded(record, sub, by) === 'ended') audit.record({ event: 'session.ended', sid: id, sub, by, again: true })
    return isEnded
  }

  const endOrPrevent: BrowserSessionEnder['endOrPrevent'] = async (sub, id, by, audit, keptMs = tombstoneMs) => {
    for (;;) {
      if ((await endListed(sub, id, by, audit)).isEnded) return 'ended'
      const tombstone = ended({ schema, version: 1, id, sub } as SessionRecord, by)
      if (await records.claim(id, tombstone, keptMs)) return 'prevented'
      if ((await records.readLive(id))?.sub !== sub) return null
    }
  }

  const endOfTicket: BrowserSessionEnder['endOfTicket'] = async ({ id: ticketId, sessionId, person, expiresAt }, audit) => {
    if (person === null || sessionId === undefined) throw new Error('only a confirmed ticket leads to a session')
    // A ticket may live longer than tombstones do: this one outlives the ticket.
    const keptMs = tombstoneMs + Math.max(0, expiresAt - clock.now())
    const done = await endOrPrevent(person.sub, sessionId, 'phone', audit, keptMs)
    const step = { event: 'session.prevented', ticket: startOf(ticketId), sid: sessionId, sub: person.sub, by: 'phone' } as const
    if (done === 'prevented') audit.record(step)
    else if (done === 'ended') await lists.removeSessions(person.sub, [sessionId])
    else if (justEnded(await records.read(sessionId), person.sub, 'phone') === 'prevented') audit.record({ ...step, again: true })
  }

  /**
   * Tells whether a session whose cookie the browser sent is of a later login than our own. Of the same millisecond it isn't: the browser had that cookie
   * before. Nor is it where its time is much later: the clock was set back since.
   */
  const isOfLaterLogin = (presented: SessionRecord, own: Session): boolean => presented.createdAt > own.createdAt && presented.createdAt < own.createdAt + raceMs

  /** Returns the session that replaced this one less than `raceMs` ago. */
  const successorOf = async ({ endedAt, replacedBy }: SessionRecord): Promise<SessionRecord | undefined> => {
    const isRecent = endedAt !== null && clock.now() - endedAt < raceMs
    return isRecent && replacedBy !== undefined ? await records.read(replacedBy) : undefined
  }

  /**
   * The latest login of a browser wins: where that is our own, `presented` ends, a session whose cookie the browser sent; otherwise our own ends. Resolves with
   * whether our own stays.
   *
   * Simultaneous logins, on any instances, all send the same cookie, and only one of them replaces `presented`. The others find the winner's session through its
   * `replacedBy` and compare their own with that, so that one session stays. Terminates: each replacing session is later than the one before.
   */
  const keepLatest = async (own: Session, presented: SessionRecord, audit: Audit): Promise<boolean> => {
    for (let other: SessionRecord | undefined = presented; other !== undefined && other.id !== own.id;) {
      if (!records.isLive(other)) {
        other = await successorOf(other)
      } else if (other.id === presented.id ? isOfLaterLogin(other, own) : isLater(other, own)) {
        await end(own.sub, own.id, 'relogin', audit)
        return false
      } else {
        if (await storeEnd(other, { ...ended(other, 'relogin'), replacedBy: own.id })) {
          recordEnd(other, 'relogin', audit)
          await lists.removeSessions(other.sub, [other.id])
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
    endOfTicket,
    hasAny: async (sub) => (await records.readMany(await lists.sessionsOf(sub))).some((record) => records.isLive(record) && record.sub === sub && record.recordedAt === undefined),
    hasEnded: async ({ sessionId }) => typeof (sessionId === undefined ? undefined : await records.read(sessionId))?.endedAt === 'number',
    discard: async (record) => { await storeEnd(record, ended(record)) },
    endAll: async (sub, cutoff, by, audit) => {
      const ids = await lists.recordSignOut(sub, cutoff)
      const outcomes = await Promise.all(ids.map((id) => endOrPrevent(sub, id, by, audit)))
      if (ids.length > 0) await lists.removeSessions(sub, ids)
      return outcomes.filter((outcome) => outcome === 'ended').length
    },
    eraseAll: async (sub, opening, by, audit) => {
      const ids = new Set([...await lists.sessionsOf(sub), ...opening])
      await Promise.all([...ids].map((id) => endOrPrevent(sub, id, by, audit)))
      await lists.erase(sub)
    },
    endSuperseded: async (secrets, session, audit) => {
      let isReplaced = false
      for (const secret of secrets) {
        const presented = await records.readBySecret(secret)
        if (presented === undefined) continue
        if (!await keepLatest(session, presented, audit)) return false
        isReplaced = true
      }
      // Its person may have been signed out everywhere in the time that this took.
      return !isReplaced || await records.readLive(session.id) !== undefined
    },
  }
}
