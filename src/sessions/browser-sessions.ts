/** Sessions of browsers, and those that carry the tokens of other sites: opening, finding, renewing, ending. The secret of a cookie is known only while it is looked at. */
import { hashSecret, isId, isSecret, sameText, startOf } from '../domain/ids.ts'
import { schema } from '../domain/record.ts'
import type { Ticket } from '../domain/ticket.ts'
import { browserFields, type SessionEnder } from '../domain/step.ts'
import type { Audit } from '../login/audit.ts'
import type { Clock, OpenedSession, Session, SessionOpener, SessionsEnder } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import type { People } from './people.ts'
import { cookieSecret, idleEndOf, idleMsOf, isLater, maxMsOf, sessionId, touchEveryMs, type SessionLife, type SessionRecord } from './session-record.ts'

/** A person has at most so many; one more ends the oldest. */
const maxSessions = 100
/** So many of the newest may be opening just now: they are listed before they can be read. */
const maxOpening = 10
/** An ended session is remembered for longer than a ticket can ask for it again. Milliseconds. */
const tombstoneMs = 600_000
/** Two logins at the same time in one browser find each other by the session that both replace, for so long. Milliseconds. */
const raceMs = 30_000

export interface BrowserSessions extends SessionOpener, SessionsEnder {
  /**
   * The live sessions that the secrets of one browser's cookies open, the one that was opened last first. Where all are the same person's it is a use
   * of the first, which moves its idle end.
   */
  findBySecrets (secrets: readonly string[]): Promise<readonly Session[]>
  /** The live session with this id; a use as well, unless it is another site's. The caller has seen to it that the id was proven (a signed token). */
  findById (id: string): Promise<Session | undefined>
  /** The live session of another site with this id, whose token is being renewed: that moves its idle end. */
  renew (id: string): Promise<Session | undefined>
  /** Ends a session for good, at once; the caller who did tells the audit. False where this person has no such session. */
  end (sub: string, id: string, by: SessionEnder, audit: Audit): Promise<boolean>
  /** A person's live sessions, newest first. */
  listOf (sub: string): Promise<readonly Session[]>
}

export interface SessionOptions extends SessionLife {
  /** Keys the cookies' secrets. */
  readonly cookieKey: Buffer
}

/** Makes the sessions on a store. */
export const createBrowserSessions = (store: Store, people: People, clock: Clock, options: SessionOptions): BrowserSessions => {
  const records = createRecords<SessionRecord>(store, { prefix: 'session:', isId })
  const idleEnd = (record: SessionRecord): number => idleEndOf(record, options)
  const isOver = (record: SessionRecord): boolean => record.endedAt !== null || clock.now() >= idleEnd(record)
  const isLive = (record: SessionRecord | undefined): record is SessionRecord => record !== undefined && !isOver(record)
  const ttlOf = (record: SessionRecord): number => Math.max(1, idleEnd(record) - clock.now())

  const asSession = (record: SessionRecord): Session => {
    const { id, sub, browser, createdAt, lastSeenAt, site = null } = record
    return { id, sub, browser, createdAt, lastSeenAt, expiresAt: idleEnd(record), site }
  }

  const readLive = async (id: string): Promise<SessionRecord | undefined> => {
    const record = await records.read(id)
    return isLive(record) ? record : undefined
  }

  /** What the secret of a cookie opened, ended or not. A session for another site has no cookie, whatever an earlier release may have set. */
  const readBySecret = async (secret: string): Promise<SessionRecord | undefined> => {
    const record = isSecret(secret) ? await records.read(sessionId(secret)) : undefined
    return record !== undefined && record.site === undefined && sameText(record.secretHash ?? '', hashSecret(secret)) ? record : undefined
  }

  /** Notes that the session is in use. Whoever loses the race takes what the winner left; an ended session stays ended. */
  const touch = async (record: SessionRecord): Promise<SessionRecord> => {
    if (clock.now() - record.lastSeenAt < Math.min(touchEveryMs, idleMsOf(record, options) / 10)) return record
    const seen = { ...record, lastSeenAt: clock.now() }
    return await records.replace(record.id, record, seen, ttlOf(seen)) ? seen : await readLive(record.id) ?? record
  }

  const open = async (ticket: Ticket, browserSecret: string, audit: Audit): Promise<OpenedSession | undefined> => {
    if (ticket.person === null || ticket.consumedAt === null) throw new Error('a session opens from a consumed ticket only')
    const secret = cookieSecret(options.cookieKey, ticket.id, browserSecret)
    const record: SessionRecord = {
      schema,
      version: 1,
      id: sessionId(secret),
      secretHash: hashSecret(secret),
      sub: ticket.person.sub,
      browser: ticket.browser,
      createdAt: ticket.consumedAt,
      lastSeenAt: ticket.consumedAt,
      endsAt: ticket.consumedAt + maxMsOf(ticket, options),
      endedAt: null,
      ...(ticket.site !== undefined && { site: ticket.site }),
    }
    if (!isLive(record)) return undefined
    await makeRoom(record, audit)
    // Listed before it is usable, as the oldest are ended before they are taken off the list: one that the phone can't see can't be ended there.
    // A ticket of an earlier release doesn't say when the key is from that confirmed it: no later than the ticket counts.
    if (!await people.addSession(record.sub, record.id, record.endsAt, ticket.person.since ?? ticket.createdAt)) return undefined
    const isNew = await records.claim(record.id, record, ttlOf(record))
    const stored = isNew ? record : await readLive(record.id)
    if (stored === undefined) {
      await people.removeSessions(record.sub, [record.id])
      return undefined
    }
    audit.record({ event: 'session.opened', ticket: startOf(ticket.id), sid: stored.id, sub: stored.sub, ...browserFields(stored.browser), ...(!isNew && { again: true }) })
    return { session: asSession(stored), secret, endsAt: stored.endsAt }
  }

  const ended = (record: SessionRecord): SessionRecord => ({ ...record, endedAt: clock.now() })

  const recordEnd = ({ id, sub }: SessionRecord, by: SessionEnder, audit: Audit): void => {
    audit.record({ event: 'session.ended', sid: id, sub, by })
  }

  const endListed: BrowserSessions['end'] = async (sub, id, by, audit) => {
    const { before, after } = await records.update(id, (record) => isLive(record) && record.sub === sub ? ended(record) : record, () => tombstoneMs)
    if (after === before || after === undefined) return false
    recordEnd(after, by, audit)
    return true
  }

  const end: BrowserSessions['end'] = async (sub, id, by, audit) => {
    const isOurs = await endListed(sub, id, by, audit)
    if (isOurs) await people.removeSessions(sub, [id])
    return isOurs
  }

  /** Ends a session that is listed, or one that is about to open: in the place of that is put one that has ended. */
  const endOrPrevent = async (sub: string, id: string, by: SessionEnder, audit: Audit): Promise<boolean> => {
    for (;;) {
      if (await endListed(sub, id, by, audit)) return true
      const tombstone = { schema, version: 1, id, sub, endedAt: clock.now() } as SessionRecord // of what has ended nothing else is read
      if (await records.claim(id, tombstone, tombstoneMs)) return false
      if ((await readLive(id))?.sub !== sub) return false
    }
  }

  /**
   * Ends the oldest where a person has too many. What has ended by itself, as another site's does within minutes, takes nobody's room and is taken off the
   * list; should one of it be opening just now, it is prevented, as it would not be listed.
   */
  const makeRoom = async ({ sub, id }: SessionRecord, audit: Audit): Promise<void> => {
    const others = (await people.sessionsOf(sub)).filter((other) => other !== id)
    if (others.length < maxSessions) return
    const [opening, older] = [others.slice(0, maxOpening), others.slice(maxOpening)]
    const found = await records.readMany(older)
    const live = older.filter((_, index) => isLive(found[index]))
    const leaving = [...older.filter((_, index) => !isLive(found[index])), ...[...opening, ...live].slice(maxSessions - 1)]
    await Promise.all(leaving.map((one) => endOrPrevent(sub, one, 'newer', audit)))
    await people.removeSessions(sub, leaving)
  }

  const endAll: BrowserSessions['endAll'] = async (sub, endedAt, by, audit) => {
    const ids = await people.closeSessions(sub, endedAt)
    const ended = await Promise.all(ids.map((id) => endOrPrevent(sub, id, by, audit)))
    if (ids.length > 0) await people.removeSessions(sub, ids)
    return ended.filter(Boolean).length
  }

  /** In the same millisecond the one that the browser showed was there before. So was one that is much later: the clock was set back since. */
  const isOpenedSince = (shown: SessionRecord, own: Session): boolean => shown.createdAt > own.createdAt && shown.createdAt < own.createdAt + raceMs

  /**
   * Of the sessions of one browser only the one that was opened last stays. Where another login has replaced the shown one just now, that login's
   * session is the one to compare with. So of any number of logins at once, each of which shows the same session, one stays, on whichever
   * instance. False where it isn't this one. Ends, as each that replaces is later than the one before.
   */
  const replaceOne = async (own: Session, shown: SessionRecord, audit: Audit): Promise<boolean> => {
    for (let other: SessionRecord | undefined = shown; other !== undefined && other.id !== own.id;) {
      if (isOver(other)) {
        const isRecent: boolean = other.endedAt !== null && clock.now() - other.endedAt < raceMs
        other = isRecent && other.replacedBy !== undefined ? await records.read(other.replacedBy) : undefined
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
    open,
    replace: async (secrets, session, audit) => {
      for (const secret of secrets) {
        const shown = await readBySecret(secret)
        if (shown !== undefined && !await replaceOne(session, shown, audit)) return false
      }
      return true
    },
    findBySecrets: async (secrets) => {
      const found = (await Promise.all(secrets.map(readBySecret))).filter(isLive)
      const [first, ...others] = found.sort((a, b) => isLater(a, b) ? -1 : 1)
      if (first === undefined) return []
      const isOnePerson = others.every(({ sub }) => sub === first.sub)
      return [isOnePerson ? await touch(first) : first, ...others].map(asSession)
    },
    findById: async (id) => {
      const record = await readLive(id)
      return record && asSession(record.site === undefined ? await touch(record) : record)
    },
    renew: async (id) => {
      const record = await readLive(id)
      return record?.site === undefined ? undefined : asSession(await touch(record))
    },
    end,
    endAll,
    listOf: async (sub) => {
      const found = await Promise.all((await people.sessionsOf(sub)).map(readLive))
      return found.filter((record) => record?.sub === sub).map((record) => asSession(record as SessionRecord)) // undefined has no sub
    },
  }
}
