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

/** Twice in a row unheard is deaf; so who waits is told within two seconds of whatever was missed. Milliseconds. */
const sayEveryMs = 500
const deafAfterMs = 1_100
/** While it is deaf, everybody is told to look by themselves, so often. Milliseconds. */
const lookEveryMs = 1_000
/** A subscription that stays deaf for so long is made anew. Milliseconds. */
const lostAfterMs = 3_000

export const createRedisListener = (data: RedisLink, { channel, clock, log }: { channel: string, clock: Clock, log: Log }): RedisListener => {
  const name = randomUUID()
  const own = `${channel}:${name}`
  const listeners = new Set<Hear>()
  const tell: Hear = (key) => { for (const hear of listeners) hear(key) }

  const receive = (message: string): void => {
    const [speaker, key = null] = message.split(' ')
    if (speaker !== name) tell(key)
  }

  /** When each server's voice was heard for the last time. */
  const heardAt = new Map<string, number>()
  let toldToLookAt = -Infinity
  let subscribedAt = -Infinity
  let isForbidden = false

  const ear = createRedisLink({
    clock,
    open: async (signal) => {
      const connection = await connectBeside(data.connection, signal)
      try {
        const [client] = connection.masters
        await client?.subscribe(channel, receive)
        await client?.subscribe(own, (server) => {
          heardAt.set(server, performance.now())
          isForbidden = false
        })
        subscribedAt = performance.now()
        return connection
      } catch (error) {
        connection.close()
        if (/^NOPERM/.test(String((error as Error).message))) forbidden(error) // the library throws Errors
        throw error
      }
    },
    // A connection may be alive and lead to a server that is nobody's master any more.
    look: async () => {
      const latest = Math.max(subscribedAt, ...heardAt.values())
      if (listeners.size > 0 && data.isUp && !isForbidden && performance.now() - latest > lostAfterMs) throw new Error('The subscription brings nothing')
    },
    onUp: () => { lookByYourselves() },
  })

  const forbidden = (err: unknown): void => {
    if (!isForbidden) log.warn({ err }, 'Redis lets this user not subscribe or not publish: who waits at one instance hears late of what happens at another')
    isForbidden = true
  }

  const lookByYourselves = (): void => {
    toldToLookAt = performance.now()
    if (data.isUp) tell(null)
  }

  let cancel = (): void => {}
  const beat = (): void => {
    cancel = clock.after(sayEveryMs, beat)
    if (!data.isUp || listeners.size === 0) return
    const { masters } = data.connection
    const isDeaf = !masters.every((_master, index) => performance.now() - (heardAt.get(String(index)) ?? -Infinity) < deafAfterMs)
    if (isDeaf && performance.now() - toldToLookAt >= lookEveryMs) lookByYourselves()
    for (const [index, master] of masters.entries()) {
      master.publish(own, String(index)).catch((error: Error) => { if (error.message.startsWith('NOPERM')) forbidden(error) })
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
