/**
 * Notifications of values that other processes replace: one subscription to Redis per process, on a connection of its own. A notification is a hint;
 * nothing is decided by it. The process publishes heartbeats to itself through every master: while they don't arrive, notifications may be lost.
 */
import { randomUUID } from 'node:crypto'
import type { Clock, Log } from '../login/ports.ts'
import { createRedisLink, type RedisLink } from './redis-link.ts'

type Listener = (key: string | null) => void

export interface RedisSubscription {
  /** Where a process publishes the key of a value that it replaces. */
  readonly channel: string
  /** What it publishes there. */
  messageFor (key: string): string
  /** As `Store`'s. */
  onChange (listener: Listener): () => void
  close (): void
}

const heartbeatEveryMs = 500
/**
 * Missed heartbeats after which the subscription counts as stale, so that held polls read the store again within 2 s of what was missed. Counted and not
 * timed, as a process that was stalled has sent none.
 */
const staleAfterHeartbeats = 2
/** How often listeners get null while the subscription is stale. */
const emitMissedEveryMs = 1_000
/** Missed heartbeats after which the subscription is replaced by a new one. */
const lostAfterHeartbeats = 6

export const createRedisSubscription = (commandLink: RedisLink, { channel, clock, log }: { channel: string, clock: Clock, log: Log }): RedisSubscription => {
  const processId = randomUUID()
  const heartbeatChannel = `${channel}:${processId}`
  const listeners = new Set<Listener>()
  const emit: Listener = (key) => { for (const listener of listeners) listener(key) }

  const receive = (message: string): void => {
    const [sender, key = null] = message.split(' ')
    if (sender !== processId) emit(key)
  }

  /** Heartbeats in a row that were published through each master and haven't arrived, by the master's index. A master has no entry before its first heartbeat. */
  const missed = new Map<string, number>()
  let missedByAll = 0
  let emittedMissedAt = -Infinity
  let isForbidden = false

  const subscribe = async (signal: AbortSignal) => {
    const connection = await commandLink.connection.openBeside(signal)
    try {
      const [client] = connection.masters
      await client?.subscribe(channel, receive)
      await client?.subscribe(heartbeatChannel, (master) => {
        missed.set(master, 0)
        missedByAll = 0
        isForbidden = false
      })
      missedByAll = 0
      return connection
    } catch (error) {
      connection.close()
      if (/^NOPERM/.test(String((error as Error).message))) forbidden(error) // the library throws Errors
      throw error
    }
  }

  const subscription = createRedisLink({
    clock,
    open: subscribe,
    // A connection may be alive and lead to a server that is no longer anybody's master.
    check: async ({ masters: [client] }) => {
      await client?.sendCommand(['PING'])
      if (listeners.size > 0 && commandLink.isUp && !isForbidden && missedByAll >= lostAfterHeartbeats) throw new Error('No heartbeat arrives over the subscription')
    },
    onUp: () => { emitMissed() },
  })

  const forbidden = (err: unknown): void => {
    if (!isForbidden) log.warn({ code: 'redis-no-pubsub', err }, 'The Redis user may not subscribe or publish, so a poll learns up to 2 s late what another instance did: grant +subscribe, +publish and the channels &scan-login*')
    isForbidden = true
  }

  const emitMissed = (): void => {
    emittedMissedAt = clock.steady()
    if (commandLink.isUp) emit(null)
  }

  let cancelHeartbeat = (): void => {}
  const heartbeat = (): void => {
    cancelHeartbeat = clock.after(heartbeatEveryMs, heartbeat)
    if (!commandLink.isUp || listeners.size === 0) {
      missed.clear()
      return
    }
    const { masters } = commandLink.connection
    const isStale = !masters.every((_master, index) => (missed.get(String(index)) ?? Infinity) < staleAfterHeartbeats)
    if (isStale && clock.steady() - emittedMissedAt >= emitMissedEveryMs) emitMissed()
    missedByAll++
    for (const [index, master] of masters.entries()) {
      const name = String(index)
      missed.set(name, (missed.get(name) ?? staleAfterHeartbeats) + 1)
      master.publish(heartbeatChannel, name).catch((error: Error) => { if (error.message.startsWith('NOPERM')) forbidden(error) })
    }
  }
  heartbeat()

  return {
    channel,
    messageFor: (key) => `${processId} ${key}`,
    onChange (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    close () {
      cancelHeartbeat()
      subscription.close()
    },
  }
}
