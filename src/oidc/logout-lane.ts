/** The logouts that one site is to hear of, in no order. Sites don't wait for each other; one that is down gets single calls until it is back. */
import type { Clock, Log } from '../login/ports.ts'
import { createHourlyLine } from '../rare-line.ts'
import { toldForMs, type SiteToTell } from '../sessions/ended-sessions.ts'
import { createReceiverHealth } from '../webhook/receiver-health.ts'
import type { OidcClient } from './client.ts'

/** What came of a call. `refused`: the site will never take it. */
export interface TellOutcome {
  readonly result: 'heard' | 'refused' | 'failed'
  /** For the log; nothing that the site has written. */
  readonly why: string
  readonly retryAfterMs: number
}

/** Tells a site of a logout. Never rejects. */
export type Tell = (site: SiteToTell, uri: string) => Promise<TellOutcome>

export interface Waiting {
  /** In the queue. */
  readonly text: string
  /** When it was queued, by the store's clock. */
  readonly at: number
  readonly site: SiteToTell
}

interface Entry extends Waiting {
  failures: number
  /** On the steady clock. */
  dueAt: number
  isUnderWay: boolean
}

export interface LogoutLaneDeps {
  readonly clientId: string
  readonly mayTell: () => boolean
  readonly tell: Tell
  /** Takes a text that is done. */
  readonly finish: (text: string) => void
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
}

export interface LogoutLane {
  readonly clientId: string
  readonly size: number
  /** Whether the site is down, and so many wait. */
  isFull (most: number): boolean
  add (waiting: Waiting): void
  /** Begins the calls that are due. `client` is what the file says now: without an entry, logouts are dropped after `unknownForMs`; without an address at once. */
  run (client: Pick<OidcClient, 'backchannelLogoutUri'> | undefined, unknownForMs: number): void
  /** Forgets all: another instance goes on. */
  clear (): void
  /** Resolves when the calls under way have ended. */
  settled (): Promise<unknown>
  /** Writes the log lines that wait. */
  flush (): void
}

export const createLogoutLane = ({ clientId: client, mayTell, tell, finish, clock, log, random }: LogoutLaneDeps): LogoutLane => {
  const entries = new Map<string, Entry>()
  const health = createReceiverHealth(clock.steady, random)
  const underWay = new Set<Promise<void>>()
  let uri: string | null = null
  let why = ''

  const failing = createHourlyLine(clock, (tries) => {
    log.warn({ code: 'oidc-logout-failing', client, why, tries, waiting: entries.size }, 'oidc: the app does not take logouts. They wait in the store, and are tried again for a day. See backchannel_logout_uri in OIDC_CLIENTS_FILE')
  })
  const refused = createHourlyLine(clock, (logouts) => {
    log.warn({ code: 'oidc-logout-refused', client, logouts }, 'oidc: the app refused logouts with 400, and they are not repeated. Its own log says why: compare its issuer, client id and clock with those of this service')
  })
  const givenUp = createHourlyLine(clock, (logouts) => {
    log.error({ code: 'oidc-logout-given-up', client, logouts }, 'oidc: the app has not heard of logouts for a day, or too many wait: they are given up. People whose sessions have ended here may still be logged in there')
  })

  const end = ({ text }: Entry): void => {
    entries.delete(text)
    finish(text)
  }

  const call = async (entry: Entry, to: string): Promise<void> => {
    const wasDown = health.isDown()
    entry.isUnderWay = true
    const outcome = await tell(entry.site, to)
    entry.isUnderWay = false
    if (entries.get(entry.text) !== entry) return // forgotten: another instance goes on
    if (outcome.result !== 'failed') {
      if (outcome.result === 'refused') refused.add(1)
      end(entry)
      if (!health.succeed()) return
      log.info({ client, waiting: entries.size }, 'oidc: the app takes logouts again')
      for (const other of entries.values()) other.dueAt = -Infinity
      return
    }
    entry.failures++
    entry.dueAt = clock.steady() + health.lanePauseMs(entry.failures)
    health.fail(outcome, wasDown)
    why = outcome.why
    failing.add(1)
  }

  const isDue = ({ isUnderWay, dueAt }: Entry): boolean => !isUnderWay && (dueAt <= clock.steady() || health.isDown())

  const pump = (): void => {
    if (uri === null) return
    for (const entry of entries.values()) {
      if (!mayTell() || underWay.size >= health.limit()) return
      if (!isDue(entry)) continue
      const attempt = call(entry, uri).finally(() => {
        underWay.delete(attempt)
        pump()
      })
      underWay.add(attempt)
    }
  }

  return {
    clientId: client,
    get size () { return entries.size },
    isFull: (most) => {
      const isFull = health.isDown() && entries.size >= most
      if (isFull) givenUp.add(1)
      return isFull
    },
    add: (waiting) => { entries.set(waiting.text, { ...waiting, failures: 0, dueAt: -Infinity, isUnderWay: false }) },
    run: (found, unknownForMs) => {
      uri = found?.backchannelLogoutUri ?? null
      for (const entry of entries.values()) {
        const age = clock.now() - entry.at
        if (uri === null && (found !== undefined || age >= unknownForMs)) {
          end(entry)
        } else if (age >= toldForMs && !entry.isUnderWay) {
          givenUp.add(1)
          end(entry)
        }
      }
      pump()
    },
    clear: () => { entries.clear() },
    settled: () => Promise.all(underWay),
    flush: () => {
      for (const line of [failing, refused, givenUp]) line.flush()
    },
  }
}
