import { hashSecret, equalInConstantTime, newSecret, successorSecret } from '../domain/ids.ts'
import { isPast, type ClockReading, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { ticketOfBrowser, type BrowserCredentials } from './browser-ticket.ts'
import type { CreatedTicket } from './create-ticket.ts'
import type { LoginDeps } from './deps.ts'

/** How long a browser may repeat the call, as the answer may have got lost. */
const repeatMs = 30_000
const underWayRetrySeconds = 2

/** Makes the new ticket by `make`, with this secret; or returns the one that an earlier call made, whose answer got lost. */
export type Renewal = (make: (secret: string) => Promise<CreatedTicket>) => Promise<CreatedTicket>

/**
 * Claims the right to make the ticket that takes this one's place, once for each ticket, for the browser that made it, when nobody has scanned it in time,
 * and not before half of its life. So whoever holds some tickets has twice as many at a time at the most, and a chain of them costs half a life for each.
 * Where `make` rejects the right is given back; where even that fails, it returns by itself in some seconds. Resolves with null where there is nothing to
 * claim. Rejects with `ticket-not-found` as a poll does, and with `rate-limited` while another call makes the new ticket.
 */
export const claimRenewal = async (deps: LoginDeps, credentials: BrowserCredentials): Promise<Renewal | null> => {
  const { tickets, clock, random } = deps
  const old = await ticketOfBrowser(deps, credentials)
  if (!isRenewable(old, { at: clock.now(), errorMs: clock.errorMs() })) return null
  const salt = newSecret(random)
  if (!await tickets.claimSuccessor(old, salt)) return await earlierRenewal(deps, old, credentials.secret)
  return async (make) => {
    try {
      const created = await make(successorSecret(credentials.secret, salt))
      await tickets.keepSuccessor(old, { salt, id: created.ticket.id })
      return created
    } catch (error) {
      await tickets.releaseSuccessor(old, salt).catch(() => {})
      throw error
    }
  }
}

/** The same secret as before, as neither the store's reader, who knows the salt, nor who has the old secret alone can find it out. */
const earlierRenewal = async ({ tickets, clock }: LoginDeps, old: Ticket, oldSecret: string): Promise<Renewal | null> => {
  const successor = await tickets.readSuccessor(old)
  if (successor === undefined || successor.id === null) throw new Problem('rate-limited', { retryAfterSeconds: underWayRetrySeconds })
  const ticket = await tickets.read(successor.id)
  if (ticket?.state !== 'pending' || isPast(ticket.createdAt + repeatMs, { at: clock.now(), errorMs: clock.errorMs() })) return null
  const secret = successorSecret(oldSecret, successor.salt)
  return equalInConstantTime(ticket.secretHash, hashSecret(secret)) ? async () => ({ ticket, secret }) : null
}

const isRenewable = ({ state, createdAt, expiresAt }: Ticket, now: ClockReading): boolean =>
  state === 'expired' || (state === 'pending' && isPast((createdAt + expiresAt) / 2, now))
