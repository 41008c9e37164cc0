/**
 * Delivers the queue: one instance at a time, several people side by side, each person's steps in order of the time at which they were recorded. What fails is tried
 * again for a day. A step leaves the store after it was delivered, so that it may be repeated, with the same id, and is never lost.
 */
import type { Clock, Log } from '../login/ports.ts'
import { createHourlyLine } from '../rare-line.ts'
import { createLanes, type Lane, type LoadedBatch } from './lanes.ts'
import type { Lease } from './lease.ts'
import type { Post } from './post.ts'
import { createReceiverHealth } from './receiver-health.ts'
import { startRounds } from './rounds.ts'
import { timeOf, triedForMs, type StepBatches } from './step-batches.ts'

const roundMs = 1000
/**
 * A step is delivered when it is this old: by then all instances have stored what was recorded before it, unless the store was slow. They gather for 250 ms.
 */
const settleMs = 1000
/** By the clock of another instance a step may be recorded in the future; by one that was set wrong, far in it, and then it doesn't wait. */
const farFutureMs = 60_000
/** Steps kept in memory, about 4 MB. Others wait in the store; so while so many steps fail, no others are tried. */
const maxLoaded = 4000
const namesAtOnce = 500
const batchesAtOnce = 50
/** What is left of a batch is stored when some of its steps have waited for so long: after a crash the others aren't repeated. */
const storeRestAfterMs = 5000

interface DeliveryOptions {
  readonly batches: StepBatches
  readonly lease: Lease
  readonly post: Post
  /** The store's. */
  readonly clock: Clock
  readonly log: Log
  /** A number from 0 to 1. */
  readonly random: () => number
  /** The receiver's, for the log. */
  readonly host: string
}

export interface Delivery {
  /** Ends the tries, stores what was delivered, and lets another instance go on. Never rejects. */
  close (): Promise<void>
}

interface Batch extends LoadedBatch { readonly loadedAt: number }

/** Begins at once. */
export const startDelivery = ({ batches, lease, post, clock, log, random, host }: DeliveryOptions): Delivery => {
  const lanes = createLanes()
  const loaded = new Map<string, Batch>()
  const unreadable = new Set<string>()
  const health = createReceiverHealth(clock.steady, random)
  const underWay = new Set<Promise<void>>()
  let ready: Lane[] = []
  /** Steps recorded until then may be delivered. */
  let horizon = -Infinity
  let isGone = false
  let why = ''

  const failing = createHourlyLine(clock, (tries) => {
    log.warn({ code: 'webhook-failing', host, why, tries, waiting: lanes.size }, 'webhook: the receiver fails. Steps wait in the store, and are tried again for a day: see WEBHOOK_URL and the log of the receiver')
  })
  const unread = createHourlyLine(clock, (count) => {
    log.error({ code: 'webhook-unreadable', batches: count }, 'webhook: batches in the queue were sealed with another cookie key, or by another release, and are not posted. Give every instance, and npm run people, the same KEYS_FILE')
  })
  const givenUp = createHourlyLine(clock, (steps) => {
    log.error({ code: 'webhook-given-up', host, steps }, 'webhook: steps were given up after a day: they are in the log alone')
  })

  const isOver = (at: number): boolean => at < clock.now() - triedForMs

  const dropOver = (lane: Lane): void => {
    while (lanes.has(lane) && isOver(lane.steps[0].queued.at)) {
      lanes.shift(lane)
      givenUp.add(1)
    }
  }

  const forget = (): void => {
    lanes.clear()
    loaded.clear()
    unreadable.clear()
    ready = []
    horizon = -Infinity
  }

  const loadBatches = async (names: readonly string[]): Promise<void> => {
    const found = await batches.read(names)
    for (const [index, name] of names.entries()) {
      const steps = found[index]
      if (steps === null && !isOver(timeOf(name))) {
        unreadable.add(name)
        unread.add(1)
        continue
      }
      unreadable.delete(name)
      const batch = { name, waiting: new Set<never>(), isChanged: false, loadedAt: clock.steady() }
      loaded.set(name, batch)
      for (const queued of steps ?? []) lanes.add(queued, batch)
    }
  }

  /** Reads what is new in the queue, oldest first, as far as there is room. */
  const load = async (): Promise<void> => {
    const startedAt = clock.now()
    for (let after: string | null = null, isWhole = false; !isWhole;) {
      const names: readonly string[] = await batches.listNames(after, namesAtOnce)
      isWhole = names.length < namesAtOnce
      after = names.at(-1) ?? null
      const fresh = names.filter((name) => !loaded.has(name) && (!unreadable.has(name) || isOver(timeOf(name))))
      while (fresh.length > 0) {
        if (lanes.size >= maxLoaded) {
          horizon = Math.min(startedAt - settleMs, timeOf(fresh[0] as string)) // there is one
          return
        }
        await loadBatches(fresh.splice(0, batchesAtOnce))
      }
    }
    horizon = startedAt - settleMs
  }

  /** Removes delivered batches from the store, and stores the rest of those that wait. `isLast` does the latter for all. */
  const tidy = async (isLast: boolean): Promise<void> => {
    const isDue = ({ isChanged, loadedAt }: Batch): boolean => isChanged && (isLast || clock.steady() - loadedAt >= storeRestAfterMs)
    const due = [...loaded.values()].filter((batch) => batch.waiting.size === 0 || isDue(batch))
    while (due.length > 0) {
      await Promise.all(due.splice(0, batchesAtOnce).map(async (batch) => {
        if (batch.waiting.size > 0) {
          batch.isChanged = false
          await batches.write([{ name: batch.name, steps: [...batch.waiting] }])
          return
        }
        await batches.remove(batch.name)
        loaded.delete(batch.name)
      }))
    }
  }

  const mayBeSent = (lane: Lane): boolean => {
    const { at } = lane.steps[0].queued
    return at <= horizon || at > clock.now() + farFutureMs
  }

  const queue = (lane: Lane): void => {
    lane.state = 'ready'
    ready.push(lane)
  }

  const fillReady = (): void => {
    for (const lane of lanes.all()) {
      if (lane.state === 'busy') continue
      dropOver(lane)
      if (lane.state === 'idle' && lanes.has(lane) && mayBeSent(lane) && (lane.dueAt <= clock.steady() || health.isDown())) queue(lane)
    }
  }

  const deliver = async (lane: Lane): Promise<void> => {
    const wasDown = health.isDown()
    const outcome = await post(lane.steps[0].queued)
    if (!lanes.has(lane)) return // forgotten: another instance has the lease
    lane.state = 'idle'
    if (outcome.isDelivered) {
      lanes.shift(lane)
      if (health.succeed()) {
        log.info({ host, waiting: lanes.size }, 'webhook: the receiver takes steps again')
        for (const other of lanes.all()) other.dueAt = -Infinity
      }
      if (lanes.has(lane) && mayBeSent(lane)) queue(lane)
      return
    }
    lane.failures++
    lane.dueAt = clock.steady() + health.lanePauseMs(lane.failures)
    health.fail(outcome, wasDown)
    why = outcome.why
    failing.add(1)
    if (!outcome.isGone || isGone) return // calls beside it get the same answer
    isGone = true
    log.error({ code: 'webhook-gone', host, waiting: lanes.size }, 'webhook: the receiver answered 410, which means that it wants no more. Nothing is posted until the service starts again: remove WEBHOOK_URL, or name another')
  }

  const mayTry = (): boolean => !rounds.isStopped() && !isGone && lease.isHeld() && underWay.size < health.limit()

  const pump = (): void => {
    while (mayTry()) {
      const lane = ready.shift()
      if (lane === undefined) return
      if (!lanes.has(lane)) continue
      lane.state = mayBeSent(lane) ? 'busy' : 'idle'
      if (lane.state === 'idle') continue
      const attempt = deliver(lane).finally(() => {
        underWay.delete(attempt)
        pump()
      })
      underWay.add(attempt)
    }
  }

  const rounds = startRounds({
    clock,
    lease,
    roundMs,
    forget,
    work: async () => {
      await load()
      fillReady()
      pump()
      await tidy(false)
    },
    underWay: () => underWay,
    flush: () => { for (const line of [failing, givenUp, unread]) line.flush() },
    finish: () => tidy(true),
  })
  return { close: rounds.close }
}
