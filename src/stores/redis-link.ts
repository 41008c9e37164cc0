/**
 * Owns that there is a good connection, or none: it makes one, looks after it, and at the first trouble makes another. While there is
 * none every call fails at once (a circuit breaker: a connection counts again only after it has answered in time). Knows no commands.
 */
import type { Clock } from '../login/ports.ts'
import type { RedisConnection } from './redis-connection.ts'

/** A connection is made and answers within so long, or it is no good; the same goes for each look after it. Milliseconds. */
const answerWithinMs = 2_000
const lookEveryMs = 1_000
const longestPauseMs = 1_500
/** Apart from each other, so that a server that comes back isn't met by all instances at once. */
const spreadMs = 500

export interface RedisLink {
  /** The connection as it is now. Throws where there is none. */
  readonly connection: RedisConnection
  readonly isUp: boolean
  /**
   * Hears that the connection is in trouble and makes another. Of one server nothing is left, so it is out of use at once; of several the
   * others may still be good, so it stays until there is the next.
   */
  lose (error: unknown): void
  close (): void
}

export interface RedisLinkOptions {
  readonly clock: Clock
  readonly open: (signal: AbortSignal) => Promise<RedisConnection>
  /** Puts a question to a connection; rejects where the answer is not good. What has not answered when the signal aborts is closed by it. */
  readonly look: (connection: RedisConnection, signal: AbortSignal) => Promise<void>
  readonly onUp?: () => void
  /** Once for each time that it goes. */
  readonly onDown?: (error: unknown) => void
}

/** Connects in the background, now and after every loss. */
export const createRedisLink = ({ clock, open, look, onUp, onDown }: RedisLinkOptions): RedisLink => {
  const underWay = new Set<AbortController>()
  const replaced = new Set<RedisConnection>()
  let isClosed = false
  let current: RedisConnection | undefined
  let isWanted = false
  let isOpening = false
  let isDown = false
  let cancelLook = (): void => {}

  const within = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const giveUp = new AbortController()
    const { signal } = giveUp
    underWay.add(giveUp)
    const cancel = clock.after(answerWithinMs, () => { giveUp.abort(new Error(`Redis did not answer within ${answerWithinMs} ms`)) })
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => { reject(asError(signal.reason)) }, { once: true })
    })
    try {
      return await Promise.race([work(signal), aborted])
    } finally {
      cancel()
      underWay.delete(giveUp)
    }
  }

  const tellDown = (error: unknown): void => {
    if (!isDown && !isClosed) onDown?.(error)
    isDown = true
  }

  const openOne = async (): Promise<RedisConnection> => {
    let opening: Promise<RedisConnection> | undefined
    try {
      return await within((signal) => {
        opening = open(signal)
        return opening
      })
    } catch (error) {
      opening?.then((late) => { late.close() }, () => {})
      throw error
    }
  }

  const use = (next: RedisConnection): void => {
    if (current !== undefined) replaceLater(current)
    current = next
    isWanted = false
    isDown = false
    next.whenLost((error) => { if (current === next) lose(error) })
    lookLater()
    onUp?.()
  }

  /** What was asked over it may still be answered. */
  const replaceLater = (old: RedisConnection): void => {
    replaced.add(old)
    clock.after(answerWithinMs, () => {
      replaced.delete(old)
      old.close()
    })
  }

  const openAnother = (): void => {
    isWanted = true
    if (isOpening) return
    isOpening = true
    openUntilGood().catch(tellDown).finally(() => {
      isOpening = false
      if (isStillWanted()) openAnother()
    })
  }

  const isStillWanted = () => isWanted && !isClosed

  const openUntilGood = async (): Promise<void> => {
    for (let tries = 0; isStillWanted(); tries++) {
      if (tries > 0) await new Promise<void>((resolve) => { clock.after(pauseMs(tries), resolve) })
      let next: RedisConnection | undefined
      try {
        next = await openOne()
        await within((signal) => look(next!, signal)) // it was set in the line before
        if (isClosed) throw new Error('The store is closed')
        use(next)
      } catch (error) {
        next?.close()
        if (current === undefined) tellDown(error)
      }
    }
  }

  const lookLater = (): void => {
    cancelLook()
    cancelLook = clock.after(lookEveryMs, () => { lookNow().catch(lose) })
  }

  const lookNow = async (): Promise<void> => {
    const looked = current
    if (looked === undefined) return
    try {
      await within((signal) => look(looked, signal))
      if (current === looked) lookLater()
    } catch (error) {
      if (current === looked) lose(error)
    }
  }

  const lose = (error: unknown): void => {
    if (isClosed) return
    tellDown(error)
    cancelLook()
    const troubled = current
    if (troubled !== undefined && troubled.masters.length > 1) within((signal) => look(troubled, signal)).catch(() => {}) // it closes who is silent
    else {
      troubled?.close()
      current = undefined
    }
    openAnother()
  }

  openAnother()

  return {
    get connection () {
      if (current === undefined) throw new Error('Redis is away')
      return current
    },
    get isUp () { return current !== undefined },
    lose,
    close () {
      isClosed = true
      for (const giveUp of underWay) giveUp.abort(new Error('The store is closed'))
      cancelLook()
      for (const connection of [...replaced, ...current === undefined ? [] : [current]]) connection.close()
      current = undefined
    },
  }
}

const asError = (reason: unknown): Error => reason instanceof Error ? reason : new Error(String(reason))

const pauseMs = (tries: number): number => Math.min(50 * 2 ** tries, longestPauseMs) + Math.random() * spreadMs
