/** Sessions of browsers, and those of other sites, which have tokens in place of a cookie: opened, found, renewed, listed. How they end is in `session-end.ts`. */
import type { KeyObject } from 'node:crypto'
import { hashSecret, startOf } from '../domain/ids.ts'
import { refusalOf, type Person } from '../domain/person.ts'
import { schema } from '../domain/record.ts'
import { browserFields } from '../domain/step.ts'
import type { Ticket } from '../domain/ticket.ts'
import type { Audit } from '../login/audit.ts'
import type { PersonRegister } from '../login/people-port.ts'
import type { Clock, OpenedSession, PersonalSession, Session, SessionEnder, SessionOpener, SessionOpening } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { createEndedSessions } from './ended-sessions.ts'
import { isCutOff, type SessionIndex, type SessionLists } from './session-lists.ts'
import { createBrowserSessionEnder } from './session-end.ts'
import { cookieSecret, createSessionRecords, idleMsOf, isLater, maxMsOf, sessionId, touchEveryMs, type SessionLife, type SessionRecord } from './session-record.ts'

/** Per person; one more ends the oldest. */
const maxSessions = 100
/** This many of a person's newest sessions may be opening: listed, and not yet stored. */
const maxOpening = 10

export interface BrowserSessions extends SessionOpener, SessionEnder {
  /**
   * Returns the live sessions of one browser's cookies, the last opened one first. Where all are of one person, the first counts as used: its idle end moves.
   * A session whose person may not be here is none, here and below.
   */
  findBySecrets (secrets: readonly string[]): Promise<readonly PersonalSession[]>
  /** Returns a live session, and counts it as used unless it is another site's. The caller has verified the id: it comes from a signed token. */
  findById (id: string): Promise<PersonalSession | undefined>
  /** Returns another site's live session whose token is renewed, and moves its idle end. */
  renew (id: string): Promise<PersonalSession | undefined>
  /** Notes that a site of the OpenID Provider will know the session: from now on its end is queued (ended-sessions.ts). False where it has ended. */
  noteSite (id: string): Promise<boolean>
  /** Whether the session lives. That is no use of it. */
  isLive (id: string): Promise<boolean>
  /** Returns a person's live sessions, newest first, without those that began under an earlier record of theirs. */
  listOf (person: Pick<Person, 'sub' | 'state' | 'recordedAt'>): Promise<readonly Session[]>
}

export interface SessionOptions extends SessionLife {
  /** Key of the cookies' secrets. */
  readonly cookieKey: KeyObject
  readonly people: Pick<PersonRegister, 'read'>
}

interface Found { readonly record: SessionRecord, readonly person: Person }

export const createBrowserSessions = (store: Store, lists: SessionLists, clock: Clock, options: SessionOptions): BrowserSessions => {
  const records = createSessionRecords(store, clock, options)
  const { isLive, readLive, readBySecret, ttlMsOf, asSession } = records
  const endedSessions = createEndedSessions(store, { clock, sealingKey: options.cookieKey.export() })
  const { end, endAll, eraseAll, endOfTicket, hasAny, hasEnded, endOrPrevent, endSuperseded, discard } = createBrowserSessionEnder({ records, lists, endedSessions, clock })

  /** Returns a session with its person; undefined where the person may not be here. */
  const withPerson = async (record: SessionRecord): Promise<Found | undefined> => {
    const person = await options.people.read(record.sub)
    return refusalOf(person, record.recordedAt) === null ? { record, person } : undefined
  }

  /** Stores that the session is in use. The loser of a race returns what the winner stored; undefined where the session has ended meanwhile. */
  const touch = async (record: SessionRecord): Promise<SessionRecord | undefined> => {
    if (clock.now() - record.lastSeenAt < Math.min(touchEveryMs, idleMsOf(record, options) / 10)) return record
    const used = { ...record, lastSeenAt: clock.now() }
    return await records.replace(record.id, record, used, ttlMsOf(used)) ? used : await readLive(record.id)
  }

  /**
   * Ends a person's oldest sessions where there are too many. Sessions that have expired, as those of other sites do within minutes, don't count and are
   * removed from the list. A session that is still opening gets a tombstone, so that opening it fails: it would not be listed. True where the list has changed.
   */
  const endOldestSessions = async ({ sub, id }: SessionRecord, index: SessionIndex | undefined, audit: Audit): Promise<boolean> => {
    const others = lists.idsIn(index).filter((other) => other !== id)
    if (others.length < maxSessions) return false
    const [opening, older] = [others.slice(0, maxOpening), others.slice(maxOpening)]
    const found = await records.readMany(older)
    const live = older.filter((_, index) => isLive(found[index]))
    const leaving = [...older.filter((_, index) => !isLive(found[index])), ...[...opening, ...live].slice(maxSessions - 1)]
    await Promise.all(leaving.map((one) => endOrPrevent(sub, one, 'newer', audit)))
    await lists.removeSessions(sub, leaving)
    return true
  }

  const idFor: SessionOpener['idFor'] = (ticketId, browserSecret) => sessionId(cookieSecret(options.cookieKey, ticketId, browserSecret))

  const open = async (reading: Promise<SessionIndex | undefined>, ticket: Ticket, browserSecret: string, audit: Audit): Promise<OpenedSession | undefined> => {
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
      ...(ticket.person.recordedAt !== undefined && { recordedAt: ticket.person.recordedAt }),
    }
    // The person was told another id if the cookie key was replaced meanwhile, and could not end this one by it.
    if (!isLive(record) || (ticket.sessionId ?? record.id) !== record.id) return undefined
    // A ticket of an earlier release lacks `since`: its confirmation counts as made when the ticket was.
    const confirmedAt = ticket.person.since ?? ticket.createdAt
    const index = await reading
    if (isCutOff(index, confirmedAt)) return undefined
    const isShortened = await endOldestSessions(record, index, audit)
    // Side by side, as nobody has the session's secret before both are done: one that is not listed could not be ended from the phone.
    const [isListed, isNew] = await Promise.all([
      lists.addSession(record.sub, record.id, record.endsAt, confirmedAt, isShortened ? undefined : reading),
      records.claim(record.id, record, ttlMsOf(record)),
    ])
    if (!isListed) {
      if (isNew) await discard(record)
      return undefined
    }
    const stored = isNew ? record : await readLive(record.id)
    if (stored === undefined) {
      await lists.removeSessions(record.sub, [record.id])
      return undefined
    }
    audit.record({ event: 'session.opened', ticket: startOf(ticket.id), sid: stored.id, sub: stored.sub, ...browserFields(stored.browser), ...(!isNew && { again: true }) })
    return { session: asSession(stored), secret, endsAt: stored.endsAt }
  }

  const prepare = (sub: string): SessionOpening => {
    const reading = lists.readIndex(sub)
    reading.catch(() => {}) // `open` rejects with it, if it is called
    return { open: (...call) => open(reading, ...call) }
  }

  const touched = async ({ record, person }: Found): Promise<Found | undefined> => {
    const used = await touch(record)
    return used && { record: used, person }
  }

  const asPersonalSession = ({ record, person }: Found): PersonalSession => ({ ...asSession(record), person })

  const find = async (id: string, isRight: (record: SessionRecord) => boolean, isUse: (record: SessionRecord) => boolean): Promise<PersonalSession | undefined> => {
    const record = await readLive(id)
    const found = record !== undefined && isRight(record) ? await withPerson(record) : undefined
    const used = found && isUse(found.record) ? await touched(found) : found
    return used && asPersonalSession(used)
  }

  return {
    idFor,
    prepare,
    endSuperseded,
    findBySecrets: async (secrets) => {
      const live = (await Promise.all(secrets.map(readBySecret))).filter(isLive)
      const found = (await Promise.all(live.map(withPerson))).filter((one) => one !== undefined)
      const [first, ...others] = found.sort((a, b) => isLater(a.record, b.record) ? -1 : 1)
      if (first === undefined) return []
      const isOnePerson = others.every(({ person }) => person.sub === first.person.sub)
      return [isOnePerson ? await touched(first) : first, ...others].filter((one) => one !== undefined).map(asPersonalSession)
    },
    findById: (id) => find(id, () => true, ({ site }) => site === undefined),
    renew: (id) => find(id, ({ site }) => site !== undefined, () => true),
    noteSite: async (id) => {
      const { after } = await records.update(id, (record) => isLive(record) && record.hasSites !== true ? { ...record, hasSites: true } : record, ttlMsOf)
      return isLive(after)
    },
    isLive: async (id) => isLive(await records.read(id)),
    end,
    endAll,
    eraseAll,
    endOfTicket,
    hasAny,
    hasEnded,
    listOf: async (person) => {
      const found = await Promise.all((await lists.sessionsOf(person.sub)).map(readLive))
      return found.filter((record) => record !== undefined && record.sub === person.sub && refusalOf(person, record.recordedAt) === null).map((record) => asSession(record as SessionRecord)) // not undefined
    },
  }
}
