/** Owns the second connection to Redis: on it this process hears what others replace. What it hears is a hint; nothing is decided by it. */
import { randomUUID } from 'node:crypto'
import type { createClient } from '@keyv/redis'
import type { Log } from '../login/ports.ts'

/** Hears a key, or null where keys may have been missed. */
export type Hear = (key: string | null) => void

export interface RedisListener {
  /** What a process says when it replaces a value; `name` tells its own voice from others'. */
  readonly channel: string
  readonly name: string
  add (hear: Hear): () => void
  close (): void
}

/** Connects in the background, now and after every loss; then everybody hears null. */
export const createRedisListener = (client: ReturnType<typeof createClient<{}, {}, {}, 2>>, { channel, log }: { channel: string, log: Log }): RedisListener => {
  const name = randomUUID()
  const listeners = new Set<Hear>()
  const tell: Hear = (key) => { for (const hear of listeners) hear(key) }

  const receive = (message: string): void => {
    const [speaker, key = null] = message.split(' ')
    if (speaker !== name) tell(key)
  }

  /** Only when there is something to look at: the other connection may take longer. */
  const tellToLook = (): void => {
    if (client.isReady) tell(null)
    else client.once('ready', () => { tell(null) })
  }

  const connection = client.duplicate()
  let closing = false
  // The other connection tells the operator that Redis is away.
  connection.on('error', () => {})
  connection.on('ready', () => {
    if (closing) return connection.destroy()
    // After a loss it is subscribed already, and this only says so.
    connection.subscribe(channel, receive).then(
      tellToLook,
      (err: unknown) => { log.warn({ err }, 'Redis lets nobody subscribe: who waits at one instance hears late of what happens at another') },
    )
  })
  connection.connect().catch(() => {})

  return {
    channel,
    name,
    add (hear) {
      listeners.add(hear)
      return () => { listeners.delete(hear) }
    },
    close () {
      closing = true
      if (connection.isReady) connection.destroy()
    },
  }
}
