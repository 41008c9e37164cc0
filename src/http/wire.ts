/** The only conversion from internal names to those on the wire. */
import type { Static } from '@fastify/type-provider-typebox'
import { networkOf } from '../domain/address.ts'
import { handleOf, type Person } from '../domain/person.ts'
import { siteNameOf } from '../domain/site.ts'
import { isFinal, type BrowserInfo, type Ticket } from '../domain/ticket.ts'
import type { Scan } from '../login/scan-ticket.ts'
import type { PollAnswer } from '../login/wait-for-ticket.ts'
import type { Clock, Session } from '../login/ports.ts'
import type * as schemas from './schemas.ts'

/** A person; `name` is null until they choose one. */
export interface User { readonly sub: string, readonly name: string | null }

/** Seconds from now to a moment, rounded up, at least 0. The clock's error is taken off. */
export const secondsUntil = (moment: number, clock: Pick<Clock, 'now' | 'errorMs'>): number => Math.max(0, Math.ceil((moment - clock.now() - clock.errorMs()) / 1000))

const moment = (ms: number): string => new Date(ms).toISOString()

/** A ticket, for its own browser. */
export const ticketView = ({ ticket, pollAfterSeconds }: PollAnswer, clock: Pick<Clock, 'now' | 'errorMs'>): Static<typeof schemas.TicketView> => ({
  ticket: ticket.id,
  state: ticket.state,
  version: ticket.version,
  expires_in: isFinal(ticket.state) ? 0 : secondsUntil(ticket.expiresAt, clock),
  ...(ticket.matchCode !== null && { match_code: ticket.matchCode }),
  ...((ticket.state === 'confirmed' || ticket.state === 'consumed') && confirmer(ticket)),
  ...(pollAfterSeconds !== undefined && { poll_after: pollAfterSeconds }),
})

/** The person who confirmed: the browser may ask its visitor whether that is them before it consumes the ticket. */
const confirmer = ({ person }: Pick<Ticket, 'person'>): Pick<Static<typeof schemas.TicketView>, 'sub' | 'phone'> => ({
  ...(person !== null && { sub: person.sub }),
  ...(person !== null && person.name !== null && { phone: { name: person.name } }),
})

const browserView = ({ name, system, ip, place, placeEn }: BrowserInfo): Static<typeof schemas.BrowserView> => ({
  name,
  system,
  ip,
  network: networkOf(ip),
  place,
  place_en: placeEn ?? null,
})

/** A scanned ticket, for the person who scanned it. */
export const scannedTicket = ({ ticket, phonePlace, isOtherCountry, isSamePhone }: Scan, site: Static<typeof schemas.ScannedTicket>['site'], clock: Pick<Clock, 'now' | 'errorMs'>): Static<typeof schemas.ScannedTicket> => ({
  state: ticket.state,
  version: ticket.version,
  ...sessionOf(ticket),
  expires_in: secondsUntil(ticket.expiresAt, clock),
  site,
  browser: askingBrowser(ticket.browser),
  other_country: isOtherCountry,
  same_phone: isSamePhone,
  phone_place: phonePlace?.zh ?? null,
  phone_place_en: phonePlace?.en ?? null,
  created_at: moment(ticket.createdAt),
  ...matchFields(ticket),
})

/** A ticket, for the person who has confirmed it. */
export const confirmedTicket = (ticket: Ticket): Static<typeof schemas.ConfirmedTicket> => ({ state: ticket.state, version: ticket.version, ...sessionOf(ticket) })

const sessionOf = ({ state, sessionId }: Ticket): Pick<Static<typeof schemas.ConfirmedTicket>, 'session'> =>
  (state === 'confirmed' || state === 'consumed') && sessionId !== undefined ? { session: sessionId } : {}

/** Without the full address: the person who scans may be a stranger who saw the code on somebody's screen. */
const askingBrowser = (browser: BrowserInfo): Static<typeof schemas.ScannedTicket>['browser'] => {
  const { ip, ...shown } = browserView(browser)
  return { ...shown, is_phone: browser.isPhone ?? false }
}

/** A ticket that an earlier release stored has no `matchMode` and offers three numbers. */
const matchFields = ({ match, matchMode = 'tap' }: Ticket): Pick<Static<typeof schemas.ScannedTicket>, 'match' | 'match_choices'> => {
  if (match === null) return { match: 'off', match_choices: null }
  return matchMode === 'tap' ? { match: 'tap', match_choices: [...match.choices] } : { match: 'type', match_choices: null }
}

/** A session, for its own browser. */
export const sessionView = (session: Session, user: User): Static<typeof schemas.SessionView> => ({
  user,
  session: {
    id: session.id,
    created_at: moment(session.createdAt),
    expires_at: moment(session.expiresAt),
    browser: browserView(session.browser),
  },
})

/** A person's sessions, for their phone. */
export const sessionList = (sessions: readonly Session[]): Pick<Static<typeof schemas.SessionList>, 'sessions'> => ({
  sessions: sessions.map((session) => ({
    id: session.id,
    ...(session.site !== null && { site: { name: siteNameOf(session.site), origin: session.site } }),
    browser: browserView(session.browser),
    created_at: moment(session.createdAt),
    last_seen_at: moment(session.lastSeenAt),
    expires_at: moment(session.expiresAt),
  })),
})

/** A person, for an owner. */
export const personView = ({ sub, state, name, groups, firstSeenAt, lastSeenAt }: Person): Static<typeof schemas.PersonView> => ({
  id: sub,
  handle: handleOf(sub),
  name,
  state,
  groups: [...groups],
  first_seen_at: firstSeenAt === null ? null : moment(firstSeenAt),
  last_seen_at: lastSeenAt === null ? null : moment(lastSeenAt),
})
