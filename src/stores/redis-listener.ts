/**
 * Owns what this process hears of what others replace: on a connection of its own, over one subscription. What it hears is a hint; nothing
 * is decided by it. It says something to itself again and again, and while it doesn't hear that, it says that it may have missed something.
 */
import { randomUUID } from 'node:crypto'
import type { Clock, Log } from '../login/ports.ts'
import { connectBeside } from './redis-connection.ts'
import { createRedisLink, type RedisLink } from './redis-link.ts'

/** Hears a key, or null where keys may have been missed. */
export type Hear = (key: string | null) => void

export interface RedisListener {
  /** Where, and as what, a process says the key of a value that it replaces. */
  readonly channel: string
  messageFor (key: string): string
  add (hear: Hear): () => void
  close (): void
}

const heartbeatEveryMs = 500
/**
 * Missed heartbeats after which the subscription counts as dead, and waiting polls read the store again, within 2 s of what was missed. Heartbeats
 * and not time, as a process that was stalled has sent none.
 */
const staleAfterBeats = 2
/** While it is stale, everybody is told to look by themselves, so often. Milliseconds. */
const lookEveryMs = 1_000
/** Missed heartbeats after which it is made anew. */
const lostAfterBeats = 6

export const createRedisListener = (data: RedisLink, { channel, clock, log }: { channel: string, clock: Clock, log: Log }): RedisListener => {
  const name = randomUUID()
  const own = `${channel}:${name}`
  const listeners = new Set<Hear>()
  const tell: Hear = (key) => { for (const hear of listeners) hear(key) }

  const receive = (message: string): void => {
    const [speaker, key = null] = message.split(' ')
    if (speaker !== name) tell(key)
  }

  /** Heartbeats by way of each server that are not back yet; a server that isn't here was never heard. */
  const missed = new Map<string, number>()
  let missedByAll = 0
  let toldToLookAt = -Infinity
  let isForbidden = false

  const ear = createRedisLink({
    clock,
    open: async (signal) => {
      const connection = await connectBeside(data.connection, signal)
      try {
        const [client] = connection.masters
        await client?.subscribe(channel, receive)
        await client?.subscribe(own, (server) => {
          missed.set(server, 0)
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
    },
    // A connection may be alive and lead to a server that is nobody's master any more.
    check: async ({ masters: [client] }) => {
      await client?.sendCommand(['PING'])
      if (listeners.size > 0 && data.isUp && !isForbidden && missedByAll >= lostAfterBeats) throw new Error('The subscription brings nothing')
    },
    onUp: () => { lookByYourselves() },
  })

  const forbidden = (err: unknown): void => {
    if (!isForbidden) log.warn({ err }, 'Redis lets this user not subscribe or not publish: who waits at one instance hears late of what happens at another')
    isForbidden = true
  }

  const lookByYourselves = (): void => {
    toldToLookAt = clock.steady()
    if (data.isUp) tell(null)
  }

  let cancel = (): void => {}
  const beat = (): void => {
    cancel = clock.after(heartbeatEveryMs, beat)
    if (!data.isUp || listeners.size === 0) {
      missed.clear()
      return
    }
    const { masters } = data.connection
    const isStale = !masters.every((_master, index) => (missed.get(String(index)) ?? Infinity) < staleAfterBeats)
    if (isStale && clock.steady() - toldToLookAt >= lookEveryMs) lookByYourselves()
    missedByAll++
    for (const [index, master] of masters.entries()) {
      const server = String(index)
      missed.set(server, (missed.get(server) ?? staleAfterBeats) + 1)
      master.publish(own, server).catch((error: Error) => { if (error.message.startsWith('NOPERM')) forbidden(error) })
    }
  }
  beat()

  return {
    channel,
    messageFor: (key) => `${name} ${key}`,
    add (hear) {
      listeners.add(hear)
      return () => { listeners.delete(hear) }
    },
    close () {
      cancel()
      ear.close()
    },
  }
}
