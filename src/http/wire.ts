/** The only conversion between the names inside and those on the wire. */
import type { Static } from '@fastify/type-provider-typebox'
import { networkOf } from '../domain/address.ts'
import { siteNameOf } from '../domain/site.ts'
import { isFinal, type BrowserInfo, type Ticket } from '../domain/ticket.ts'
import type { Scan } from '../login/scan-ticket.ts'
import type { PollAnswer } from '../login/wait-for-ticket.ts'
import type { Clock, Session } from '../login/ports.ts'
import type * as schemas from './schemas.ts'

/** Who is logged in, and how they want to be called. */
export interface User { readonly sub: string, readonly name: string | null }

/** Seconds from now to a moment, never below 0: what surely is left, rounded up. */
export const secondsUntil = (moment: number, clock: Pick<Clock, 'now' | 'errorMs'>): number => Math.max(0, Math.ceil((moment - clock.now() - clock.errorMs()) / 1000))

const moment = (ms: number): string => new Date(ms).toISOString()

/** What its browser may see of a ticket. */
export const ticketView = ({ ticket, pollAfterSeconds }: PollAnswer, clock: Pick<Clock, 'now' | 'errorMs'>): Static<typeof schemas.TicketView> => ({
  ticket: ticket.id,
  state: ticket.state,
  version: ticket.version,
  expires_in: isFinal(ticket.state) ? 0 : secondsUntil(ticket.expiresAt, clock),
  ...(ticket.state === 'scanned' && ticket.match !== null && { match_code: ticket.match.code }),
  ...((ticket.state === 'confirmed' || ticket.state === 'consumed') && approver(ticket)),
  ...(pollAfterSeconds !== undefined && { poll_after: pollAfterSeconds }),
})

/** Whose yes it was: the browser may ask its visitor whether that is them, before it opens a session. */
const approver = ({ person }: Ticket): Pick<Static<typeof schemas.TicketView>, 'sub' | 'phone'> => ({
  ...(person !== null && { sub: person.sub }),
  ...(person !== null && person.name !== null && { phone: { name: person.name } }),
})

/** What a browser is called, and where it is. */
const browserView = ({ name, system, ip, place, placeEn }: BrowserInfo): Static<typeof schemas.BrowserView> => ({
  name,
  system,
  ip,
  network: networkOf(ip),
  place,
  place_en: placeEn ?? null,
})

/** What the person who scanned is shown. */
export const scannedTicket = ({ ticket, phonePlace, isOtherCountry, isSamePhone }: Scan, site: Static<typeof schemas.ScannedTicket>['site'], clock: Pick<Clock, 'now' | 'errorMs'>): Static<typeof schemas.ScannedTicket> => ({
  state: ticket.state,
  version: ticket.version,
  expires_in: secondsUntil(ticket.expiresAt, clock),
  site,
  browser: askingBrowser(ticket.browser),
  other_country: isOtherCountry,
  same_phone: isSamePhone,
  phone_place: phonePlace?.zh ?? null,
  phone_place_en: phonePlace?.en ?? null,
  created_at: moment(ticket.createdAt),
  ...question(ticket),
})

/** Whoever scans a code may be a stranger who saw it on somebody's screen: the full address is for the one who is logged in. */
const askingBrowser = (browser: BrowserInfo): Static<typeof schemas.ScannedTicket>['browser'] => {
  const { ip, ...shown } = browserView(browser)
  return { ...shown, is_phone: browser.isPhone ?? false }
}

/** What an earlier release scanned offers three numbers. */
const question = ({ match, matchMode = 'tap' }: Ticket): Pick<Static<typeof schemas.ScannedTicket>, 'match' | 'match_choices'> => {
  if (match === null) return { match: 'off', match_choices: null }
  return matchMode === 'tap' ? { match: 'tap', match_choices: [...match.choices] } : { match: 'type', match_choices: null }
}

/** A session for its own browser. */
export const sessionView = (session: Session, user: User): Static<typeof schemas.SessionView> => ({
  user,
  session: {
    id: session.id,
    created_at: moment(session.createdAt),
    expires_at: moment(session.expiresAt),
    browser: browserView(session.browser),
  },
})

/** A person's sessions for their phone. */
export const sessionList = (sessions: readonly Session[]): Static<typeof schemas.SessionList> => ({
  sessions: sessions.map((session) => ({
    id: session.id,
    ...(session.site !== null && { site: { name: siteNameOf(session.site), origin: session.site } }),
    browser: browserView(session.browser),
    created_at: moment(session.createdAt),
    last_seen_at: moment(session.lastSeenAt),
    expires_at: moment(session.expiresAt),
  })),
})
