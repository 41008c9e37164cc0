/** A session as it is stored, when it ends, and how its id and the secret of its cookie are made. */
import { createHash, createHmac } from 'node:crypto'
import type { schema } from '../domain/record.ts'
import type { BrowserInfo } from '../domain/ticket.ts'
import type { Session } from '../login/ports.ts'
import { accessTokenTtlSeconds } from './access-token.ts'

/** A use is written down at most so often. Milliseconds. */
export const touchEveryMs = 60_000
/** A session for another site lives on only while its tokens are renewed, so it ends with the last of them; a renewal within `touchEveryMs` of another moves no end. Milliseconds. */
const siteIdleMs = accessTokenTtlSeconds * 1000 + touchEveryMs
/** And not for longer than a day, however often they are: such a site keeps a session of its own. Milliseconds. */
const siteMaxMs = 24 * 3600_000

/** As stored. Times are milliseconds since 1970. */
export interface SessionRecord {
  readonly schema: typeof schema
  readonly version: number
  readonly id: string
  /** Missing in what was ended before it opened. */
  readonly secretHash?: string
  readonly sub: string
  readonly browser: BrowserInfo
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The absolute end. */
  readonly endsAt: number
  readonly endedAt: number | null
  /** The origin of the other site that it was opened for. Missing where it is one of ours, and in what an earlier release stored. */
  readonly site?: string
  /** The session of the login that ended this one. Missing where something else did, or nothing. */
  readonly replacedBy?: string
}

export interface SessionLife {
  readonly idleMs: number
  readonly maxMs: number
}

type Kind = Pick<SessionRecord, 'site'>

/** How long a session lives without a use; of another site's, without a renewal. Milliseconds. */
export const idleMsOf = ({ site }: Kind, { idleMs }: SessionLife): number => site === undefined ? idleMs : Math.min(idleMs, siteIdleMs)

/** How long a session lives at the most. Milliseconds. */
export const maxMsOf = ({ site }: Kind, { maxMs }: SessionLife): number => site === undefined ? maxMs : Math.min(maxMs, siteMaxMs)

/** When a session ends if nobody uses it any more. */
export const idleEndOf = (record: SessionRecord, life: SessionLife): number => Math.min(record.endsAt, record.lastSeenAt + idleMsOf(record, life))

/** Tells whether `a` was opened after `b`; all instances agree, in the same millisecond, too. */
export const isLater = (a: Pick<Session, 'createdAt' | 'id'>, b: Pick<Session, 'createdAt' | 'id'>): boolean =>
  a.createdAt === b.createdAt ? a.id > b.id : a.createdAt > b.createdAt

/** The secret of a ticket's session: the server can make it again only while the browser shows its own half. */
export const cookieSecret = (cookieKey: Buffer, ticketId: string, browserSecret: string): string =>
  createHmac('sha256', cookieKey).update(`session\0${ticketId}\0${browserSecret}`).digest('base64url')

/** The public id of the session with this secret; a one-way street, 128 bits. */
export const sessionId = (secret: string): string =>
  createHash('sha256').update(`id\0${secret}`).digest().subarray(0, 16).toString('base64url')
