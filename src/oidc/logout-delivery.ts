/**
 * Tells sites that a session has ended (OpenID Connect Back-Channel Logout 1.0). One instance at a time takes the queue: it finds the sites of each session that has ended,
 * puts them into the queue in its place, and tells each by itself. A site leaves the queue once it has heard: it may hear twice after a crash, and hears for certain.
 */
import type { Clock, Log } from '../login/ports.ts'
import { createHourlyLine } from '../rare-line.ts'
import { startOfTexts, toldForMs, type EndedSession, type EndedSessions, type QueuedEnd, type SiteToTell } from '../sessions/ended-sessions.ts'
import type { Lease } from '../webhook/lease.ts'
import { startRounds } from '../webhook/rounds.ts'
import type { OidcClient } from './client.ts'
import { createLogoutLane, type LogoutLane, type Tell } from './logout-lane.ts'
import type { KnownSite } from './provider-sessions.ts'

/** A site hears within 2 s: this, some calls of the store, and the site's own time. */
const roundMs = 500
const pageSize = 500
/** Texts are read again from so much before the last round: another instance may have stored one late. */
const overlapMs = 30_000
/** All texts are read this often. */
const readAllEveryMs = 60_000
/** A session that still lives this long after it was queued has not ended: the process that was about to end it has failed. */
const endsWithinMs = 60_000
/** A client that isn't in the file yet: instances may read a new file one after the other. */
const unknownForMs = 300_000
/** Texts in memory, about 10 MB. Others wait in the store. */
const maxLoaded = 20_000
/** Of a site that is down; further ones are dropped. */
const maxOfDown = 2000
/** Calls of the store side by side: a database flushes them together. */
const atOnce = 50

export interface LogoutDeliveryDeps {
  readonly queue: EndedSessions
  readonly lease: Lease
  readonly findClient: (clientId: string) => Pick<OidcClient, 'clientId' | 'backchannelLogoutUri'> | undefined
  readonly isLive: (sessionId: string) => Promise<boolean>
  readonly sites: {
    authorizationsOf (sessionId: string): Promise<Readonly<Record<string, KnownSite>>>
    forget (sessionId: string): Promise<void>
  }
  readonly tell: Tell
  /** The store's. */
  readonly clock: Clock
  readonly log: Log
  /** A number from 0 to 1. */
  readonly random: () => number
}

export interface LogoutDelivery {
  /** Ends the calls, and lets another instance go on. Never rejects. */
  close (): Promise<void>
}

/** A session that has ended. Several calls may have queued its end at the same time. */
interface Ending {
  readonly end: EndedSession
  readonly texts: string[]
  /** The latest. */
  at: number
  /** Sites that are in the queue already, where an earlier round has failed. */
  readonly queued: Map<string, QueuedEnd>
}

/** Begins at once. */
export const startLogoutDelivery = ({ queue, lease, findClient, isLive, sites, tell, clock, log, random }: LogoutDeliveryDeps): LogoutDelivery => {
  /** By session. */
  const endings = new Map<string, Ending>()
  const lanes = new Map<string, LogoutLane>()
  /** Texts that are known, so that none is taken up twice. */
  const known = new Set<string>()
  /** Texts that are done, and are removed from the store. */
  const done = new Set<string>()
  let readAllAt = -Infinity
  let readFrom: string | null = null

  const unread = createHourlyLine(clock, (count) => {
    log.error({ code: 'oidc-logout-unreadable', count }, 'oidc: logouts in the queue were sealed with another cookie key, and no site hears of them. Give every instance, and npm run people, the same KEYS_FILE')
  })

  const forgetAll = (): void => {
    for (const lane of lanes.values()) lane.clear()
    endings.clear()
    known.clear()
    done.clear()
    readAllAt = -Infinity
  }

  const mayTell = (): boolean => !rounds.isStopped() && lease.isHeld()

  const laneOf = (clientId: string): LogoutLane => {
    const found = lanes.get(clientId)
    if (found !== undefined) return found
    const lane = createLogoutLane({
      clientId,
      mayTell,
      tell,
      finish: (text) => { done.add(text) },
      clock,
      log,
      random,
    })
    lanes.set(clientId, lane)
    return lane
  }

  const size = (): number => [...lanes.values()].reduce((sum, lane) => sum + lane.size, endings.size)

  const take = ({ text, at, end }: QueuedEnd): void => {
    known.add(text)
    if (end === null) {
      unread.add(1)
      if (at < clock.now() - toldForMs) done.add(text)
    } else if ('sessionId' in end) {
      const ending = endings.get(end.sessionId) ?? { end, texts: [] as string[], at, queued: new Map<string, QueuedEnd>() }
      ending.texts.push(text)
      ending.at = Math.max(ending.at, at)
      endings.set(end.sessionId, ending)
    } else {
      laneOf(end.clientId).add({ text, at, site: end })
    }
  }

  /** Reads what is new in the queue, the oldest first, as far as there is room. */
  const load = async (): Promise<void> => {
    const startedAt = clock.now()
    const isWhole = clock.steady() - readAllAt >= readAllEveryMs
    for (let after = isWhole ? null : readFrom; ;) {
      const page = await queue.list(after, pageSize)
      for (const one of page) {
        if (size() >= maxLoaded) return
        if (!known.has(one.text)) take(one)
      }
      after = page.at(-1)?.text ?? null
      if (page.length < pageSize) break
    }
    if (isWhole) readAllAt = clock.steady()
    readFrom = startOfTexts(startedAt - overlapMs)
  }

  /** Whether a site is to hear of it. One that isn't known may be in a file that another instance has read already. */
  const isToHear = (clientId: string): boolean => {
    const client = findClient(clientId)
    return (client === undefined || client.backchannelLogoutUri !== null) && !laneOf(clientId).isFull(maxOfDown)
  }

  /** Puts the sites of a session that has ended into the queue, in the session's place. */
  const resolve = async (ending: Ending): Promise<void> => {
    const { at, end: { sub, sessionId }, queued } = ending
    if (await isLive(sessionId)) {
      if (at < clock.now() - endsWithinMs) drop(ending)
      return
    }
    const toHear = Object.entries(await sites.authorizationsOf(sessionId)).filter(([clientId]) => queued.has(clientId) || isToHear(clientId))
    if (!lease.isHeld()) return // it took too long: another instance goes on
    await Promise.all(toHear.map(async ([clientId, { sid }]) => {
      if (queued.has(clientId)) return
      const one = await queue.add({ sub, sid, clientId }, at)
      known.add(one.text)
      queued.set(clientId, one)
    }))
    await sites.forget(sessionId)
    drop(ending)
    for (const [clientId, { text, end }] of queued) laneOf(clientId).add({ text, at, site: end as SiteToTell }) // as it was added above
  }

  const drop = ({ end: { sessionId }, texts }: Ending): void => {
    endings.delete(sessionId)
    for (const text of texts) done.add(text)
  }

  const sideBySide = async <T>(all: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> => {
    const rest = [...all]
    while (rest.length > 0) await Promise.all(rest.splice(0, atOnce).map(work))
  }

  /** The texts stay known until the next round has begun to read: a page of this one may still have them. */
  const removeDone = async (): Promise<string[]> => {
    const removed: string[] = []
    await sideBySide(done, async (text) => {
      await queue.remove(text)
      done.delete(text)
      removed.push(text)
    })
    return removed
  }

  let removed: string[] = []

  const rounds = startRounds({
    clock,
    lease,
    roundMs,
    forget: forgetAll,
    work: async () => {
      for (const text of removed.splice(0)) known.delete(text)
      await load()
      await sideBySide(endings.values(), resolve)
      for (const lane of lanes.values()) lane.run(findClient(lane.clientId), unknownForMs)
      removed = await removeDone()
    },
    underWay: () => [...lanes.values()].map((lane) => lane.settled()),
    flush: () => { for (const one of [...lanes.values(), unread]) one.flush() },
    finish: async () => { await removeDone() },
  })
  return { close: rounds.close }
}
