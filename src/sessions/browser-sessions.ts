/** Owns the sessions of browsers: opening, finding, ending. Knows the secret of a cookie only while it looks at it. */
import { createHash, createHmac } from 'node:crypto'
import { hashSecret, isId, isSecret, sameText, startOf } from '../domain/ids.ts'
import { schema, understood } from '../domain/record.ts'
import type { BrowserInfo, Ticket } from '../domain/ticket.ts'
import { asker, type Audit, type SessionEnder } from '../login/audit.ts'
import type { Clock, OpenedSession, Session, SessionOpener, SessionsEnder, Store } from '../login/ports.ts'
import type { People } from './people.ts'

/** A person has at most so many; one more ends the oldest. */
const maxSessions = 100
/** A use is written down at most so often. Milliseconds. */
const touchEveryMs = 60_000
/** An ended session is remembered for longer than a ticket can ask for it again. Milliseconds. */
const tombstoneMs = 600_000

/** As stored. Times are milliseconds since 1970. */
interface SessionRecord {
  readonly schema: typeof schema
  readonly version: number
  readonly id: string
  readonly secretHash: string
  readonly sub: string
  readonly browser: BrowserInfo
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The absolute end. */
  readonly endsAt: number
  readonly endedAt: number | null
}

export interface BrowserSessions extends SessionOpener, SessionsEnder {
  /** The live session of a cookie's secret; a use, which moves the idle end. */
  findBySecret (secret: string): Promise<OpenedSession | undefined>
  /** The live session with this id; a use, too. The caller has seen to it that the id was proven (a signed token). */
  findById (id: string): Promise<Session | undefined>
  /** Ends a session for good, at once; the caller who did tells the audit. False where this person has no such session. */
  end (sub: string, id: string, by: SessionEnder, audit: Audit): Promise<boolean>
  /** A person's live sessions, newest first. */
  listOf (sub: string): Promise<readonly Session[]>
}

export interface SessionOptions {
  readonly idleMs: number
  readonly maxMs: number
  /** Keys the cookies' secrets. */
  readonly cookieKey: Buffer
}

/** Makes the sessions on a store. */
export const createBrowserSessions = (store: Store, people: People, clock: Clock, options: SessionOptions): BrowserSessions => {
  const keyOf = (id: string): string => `session:${id}`
  const idleEnd = (record: SessionRecord): number => Math.min(record.endsAt, record.lastSeenAt + options.idleMs)
  const isLive = (record: SessionRecord | undefined): record is SessionRecord =>
    record !== undefined && record.endedAt === null && clock.now() < idleEnd(record)
  const ttlOf = (record: SessionRecord): number => Math.max(1, idleEnd(record) - clock.now())

  const asSession = (record: SessionRecord): Session => {
    const { id, sub, browser, createdAt, lastSeenAt } = record
    return { id, sub, browser, createdAt, lastSeenAt, expiresAt: idleEnd(record) }
  }

  const readLive = async (id: string): Promise<SessionRecord | undefined> => {
    const record = understood(await store.read<SessionRecord>(keyOf(id)))
    return isLive(record) ? record : undefined
  }

  /** Notes that the session is in use. Whoever loses the race leaves it to the winner; an ended session stays ended. */
  const touch = async (record: SessionRecord): Promise<SessionRecord> => {
    if (clock.now() - record.lastSeenAt < Math.min(touchEveryMs, options.idleMs / 10)) return record
    const seen = { ...record, version: record.version + 1, lastSeenAt: clock.now() }
    return await store.replace(keyOf(record.id), record.version, seen, ttlOf(seen)) ? seen : record
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
      endsAt: ticket.consumedAt + options.maxMs,
      endedAt: null,
    }
    if (!isLive(record)) return undefined
    await makeRoom(record, audit)
    // Listed before it is usable, as the oldest are ended before they are taken off the list: one that the phone can't see can't be ended there.
    // A ticket of an earlier release doesn't say when the key is from that confirmed it: no later than the ticket counts.
    if (!await people.addSession(record.sub, record.id, record.endsAt, ticket.person.since ?? ticket.createdAt)) return undefined
    const isNew = await store.claim(keyOf(record.id), record, ttlOf(record))
    const stored = isNew ? record : await readLive(record.id)
    if (stored === undefined) {
      await people.removeSessions(record.sub, [record.id])
      return undefined
    }
    audit.tell({ event: 'session.opened', ticket: startOf(ticket.id), sid: stored.id, sub: stored.sub, ...asker(stored.browser), ...(!isNew && { again: true }) })
    return { session: asSession(stored), secret, endsAt: stored.endsAt }
  }

  const makeRoom = async ({ sub, id }: SessionRecord, audit: Audit): Promise<void> => {
    const others = (await people.sessionsOf(sub)).filter((other) => other !== id)
    for (const oldest of others.slice(maxSessions - 1)) {
      if (!await end(sub, oldest, 'newer', audit)) await people.removeSessions(sub, [oldest])
    }
  }

  const endListed: BrowserSessions['end'] = async (sub, id, by, audit) => {
    for (;;) {
      const record = isId(id) ? await readLive(id) : undefined
      if (record === undefined || record.sub !== sub) return false
      const ended = { ...record, version: record.version + 1, endedAt: clock.now() }
      if (!await store.replace(keyOf(id), record.version, ended, tombstoneMs)) continue
      audit.tell({ event: 'session.ended', sid: id, sub, by })
      return true
    }
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
      if (await store.claim(keyOf(id), { schema, version: 1, id, sub, endedAt: clock.now() }, tombstoneMs)) return false
      if ((await readLive(id))?.sub !== sub) return false
    }
  }

  const endAll: BrowserSessions['endAll'] = async (sub, endedAt, by, audit) => {
    const ids = await people.closeSessions(sub, endedAt)
    const ended = await Promise.all(ids.map((id) => endOrPrevent(sub, id, by, audit)))
    if (ids.length > 0) await people.removeSessions(sub, ids)
    return ended.filter(Boolean).length
  }

  return {
    open,
    findBySecret: async (secret) => {
      if (!isSecret(secret)) return undefined
      const record = await readLive(sessionId(secret))
      if (record === undefined || !sameText(record.secretHash, hashSecret(secret))) return undefined
      return { session: asSession(await touch(record)), secret, endsAt: record.endsAt }
    },
    findById: async (id) => {
      const record = isId(id) ? await readLive(id) : undefined
      return record && asSession(await touch(record))
    },
    end,
    endAll,
    listOf: async (sub) => {
      const records = await Promise.all((await people.sessionsOf(sub)).map(readLive))
      return records.filter((record) => record?.sub === sub).map((record) => asSession(record as SessionRecord)) // undefined has no sub
    },
  }
}

/** The secret of a ticket's session: the server can make it again only while the browser shows its own half. */
const cookieSecret = (cookieKey: Buffer, ticketId: string, browserSecret: string): string =>
  createHmac('sha256', cookieKey).update(`session\0${ticketId}\0${browserSecret}`).digest('base64url')

/** The public id of the session with this secret; a one-way street, 128 bits. */
const sessionId = (secret: string): string =>
  createHash('sha256').update(`id\0${secret}`).digest().subarray(0, 16).toString('base64url')
