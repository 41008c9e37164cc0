/** Stored sessions: the record, when it ends, and its id and secret. A cookie's secret itself is not stored, only its hash. */
import { createHmac, hash, type KeyObject } from 'node:crypto'
import { equalInConstantTime, hashSecret, isId, isSecret } from '../domain/ids.ts'
import type { schema } from '../domain/record.ts'
import type { EndReason } from '../domain/step.ts'
import type { BrowserInfo } from '../domain/ticket.ts'
import type { Clock, Session } from '../login/ports.ts'
import { createRecords, type Records } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { accessTokenTtlSeconds } from './access-token.ts'

/** As stored. Times are milliseconds since 1970. */
export interface SessionRecord {
  readonly schema: typeof schema
  readonly version: number
  readonly id: string
  /** Missing where the session was ended before it opened. */
  readonly secretHash?: string
  readonly sub: string
  readonly browser: BrowserInfo
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The absolute end. */
  readonly endsAt: number
  readonly endedAt: number | null
  /** Missing in a session that has not ended, in one that nobody was given, and in records of an earlier release. */
  readonly endedBy?: EndReason
  /** The origin of the other site that it was opened for. Missing for a site of ours, and in records of an earlier release. */
  readonly site?: string
  /** The person's `recordedAt` when it was opened: it is valid for as long as their record is that one. Missing in records of an earlier release. */
  readonly recordedAt?: number
  /** The session of the login that ended this one. Missing where something else did, or nothing. */
  readonly replacedBy?: string
  /** Sites of the OpenID Provider know the session, and hear of its end. */
  readonly hasSites?: true
}

export interface SessionLife {
  readonly idleMs: number
  readonly maxMs: number
}

export interface SessionRecords extends Records<SessionRecord> {
  isLive (record: SessionRecord | undefined): record is SessionRecord
  /** Returns a session that has not ended. */
  readLive (id: string): Promise<SessionRecord | undefined>
  /** Returns the session of a cookie's secret, ended or not. Never one for another site: such a session has no cookie, even if an earlier release set one. */
  readBySecret (secret: string): Promise<SessionRecord | undefined>
  /** How long a live session stays stored. */
  ttlMsOf (record: SessionRecord): number
  asSession (record: SessionRecord): Session
}

/** How often a use is stored at most. */
export const touchEveryMs = 60_000
/** Another site's session ends with the last of its tokens. A renewal within `touchEveryMs` of the one before is not stored. */
const siteIdleMs = accessTokenTtlSeconds * 1000 + touchEveryMs
/** The longest another site's session can be renewed: that site has a session of its own. */
const siteMaxMs = 24 * 3600_000

type Kind = Pick<SessionRecord, 'site'>

/** How long a session lives without a use or, for another site, without a renewal. */
export const idleMsOf = ({ site }: Kind, { idleMs }: SessionLife): number => site === undefined ? idleMs : Math.min(idleMs, siteIdleMs)

/** How long a session lives at most. */
export const maxMsOf = ({ site }: Kind, { maxMs }: SessionLife): number => site === undefined ? maxMs : Math.min(maxMs, siteMaxMs)

/** Tells whether `a` was opened after `b`. All instances agree, even for two sessions of the same millisecond. */
export const isLater = (a: Pick<Session, 'createdAt' | 'id'>, b: Pick<Session, 'createdAt' | 'id'>): boolean =>
  a.createdAt === b.createdAt ? a.id > b.id : a.createdAt > b.createdAt

/** Derives the secret of a ticket's session. The server can do so only while the browser sends its own secret. */
export const cookieSecret = (cookieKey: KeyObject, ticketId: string, browserSecret: string): string =>
  createHmac('sha256', cookieKey).update(`session\0${ticketId}\0${browserSecret}`).digest('base64url')

/** Derives the public id of the session with this secret: 128 bits of a one-way hash. */
export const sessionId = (secret: string): string =>
  hash('sha256', `id\0${secret}`, 'buffer').subarray(0, 16).toString('base64url')

export const createSessionRecords = (store: Store, clock: Clock, life: SessionLife): SessionRecords => {
  const records = createRecords<SessionRecord>(store, { prefix: 'session:', isId })
  /** When the session ends without a further use. */
  const idleEndOf = (record: SessionRecord): number => Math.min(record.endsAt, record.lastSeenAt + idleMsOf(record, life))
  const isLive = (record: SessionRecord | undefined): record is SessionRecord =>
    record !== undefined && record.endedAt === null && clock.now() < idleEndOf(record)

  return {
    ...records,
    isLive,
    readLive: async (id) => {
      const record = await records.read(id)
      return isLive(record) ? record : undefined
    },
    readBySecret: async (secret) => {
      const record = isSecret(secret) ? await records.read(sessionId(secret)) : undefined
      return record !== undefined && record.site === undefined && equalInConstantTime(record.secretHash ?? '', hashSecret(secret)) ? record : undefined
    },
    ttlMsOf: (record) => Math.max(1, idleEndOf(record) - clock.now()),
    asSession: (record) => {
      const { id, sub, browser, createdAt, lastSeenAt, site = null } = record
      return { id, sub, browser, createdAt, lastSeenAt, expiresAt: idleEndOf(record), site }
    },
  }
}
