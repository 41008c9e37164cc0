/**
 * One connection to Redis, made in the background, checked every second, and replaced at the first trouble. While there is none every call
 * fails at once (a circuit breaker: a connection counts again only after it has answered in time). Knows no commands.
 */
import { sleep, withDeadline } from '../deadline.ts'
import type { Clock } from '../login/ports.ts'
import type { RedisConnection } from './redis-connection.ts'

/** For a connection to be made, and for each check of it to be answered. Milliseconds. */
const answerWithinMs = 2_000
const checkEveryMs = 1_000
const longestPauseMs = 1_500
/** How long a server that takes no writes is still read from, as what it holds may be out of date: no longer than a client waits for an answer. Milliseconds. */
const usableMs = 6_000
/** Apart from each other, so that a server that comes back isn't met by all instances at once. */
const spreadMs = 500

export interface RedisLink {
  /** The connection as it is now. Throws where there is none. */
  readonly connection: RedisConnection
  readonly isUp: boolean
  /**
   * Makes another connection, as this one is in trouble. One to a single server that is silent or gone is out of use at once. One that still
   * answers stays until there is the next: one to several servers, and for some seconds one `isUsable`, whose server takes no writes any more.
   */
  reconnect (error: unknown, options?: { isUsable?: boolean }): void
  close (): void
}

export interface RedisLinkOptions {
  readonly clock: Clock
  readonly open: (signal: AbortSignal) => Promise<RedisConnection>
  /** Puts a question to a connection; rejects where the answer is not good. What has not answered when the signal aborts is closed by it. */
  readonly check: (connection: RedisConnection, signal: AbortSignal) => Promise<void>
  readonly onUp?: () => void
  /** Once for each time that it goes. */
  readonly onDown?: (error: unknown) => void
}

/** Connects in the background, now and after every loss. */
export const createRedisLink = ({ clock, open, check, onUp, onDown }: RedisLinkOptions): RedisLink => {
  const closing = new AbortController()
  const replaced = new Set<RedisConnection>()
  let isClosed = false
  let current: RedisConnection | undefined
  let isNextWanted = false
  let isOpening = false
  let isDown = false
  let ending: RedisConnection | undefined
  let cancelCheck = (): void => {}

  const within = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => withDeadline(clock, answerWithinMs, work, {
    signal: closing.signal,
    late: () => new Error(`Redis did not answer within ${answerWithinMs} ms`),
  })

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

  const switchTo = (next: RedisConnection): void => {
    if (current !== undefined) replaceLater(current)
    current = next
    isNextWanted = false
    isDown = false
    next.onLost((error) => { if (current === next) reconnect(error) })
    checkLater()
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
    isNextWanted = true
    if (isOpening) return
    isOpening = true
    openUntilGood().catch(tellDown).finally(() => {
      isOpening = false
      if (shouldConnect()) openAnother()
    })
  }

  const shouldConnect = () => isNextWanted && !isClosed

  const openUntilGood = async (): Promise<void> => {
    for (let tries = 0; shouldConnect(); tries++) {
      if (tries > 0) await sleep(clock, pauseMs(tries))
      let next: RedisConnection | undefined
      try {
        next = await openOne()
        await within((signal) => check(next!, signal)) // it was set in the line before
        if (isClosed) throw new Error('The store is closed')
        switchTo(next)
      } catch (error) {
        next?.close()
        if (current === undefined) tellDown(error)
      }
    }
  }

  const checkLater = (): void => {
    cancelCheck()
    cancelCheck = clock.after(checkEveryMs, () => { checkNow().catch(reconnect) })
  }

  const checkNow = async (): Promise<void> => {
    const checked = current
    if (checked === undefined) return
    try {
      await within((signal) => check(checked, signal))
      if (current === checked) checkLater()
    } catch (error) {
      if (current === checked) reconnect(error, { isUsable: checked.isMisplaced(error) })
    }
  }

  const reconnect: RedisLink['reconnect'] = (error, { isUsable = false } = {}) => {
    if (isClosed) return
    tellDown(error)
    cancelCheck()
    const troubled = current
    if (troubled !== undefined && troubled.masters.length > 1) within((signal) => check(troubled, signal)).catch(() => {}) // it closes who is silent
    else if (isUsable) giveUpLater(troubled)
    else giveUp(troubled)
    openAnother()
  }

  const giveUp = (connection: RedisConnection | undefined): void => {
    connection?.close()
    if (current === connection) current = undefined
  }

  /** Each further call that meets the trouble must not put the end off. */
  const giveUpLater = (connection: RedisConnection | undefined): void => {
    if (connection === undefined || connection === ending) return
    ending = connection
    clock.after(usableMs, () => { if (current === connection) giveUp(connection) })
  }

  openAnother()

  return {
    get connection () {
      if (current === undefined) throw new Error('Redis is away')
      return current
    },
    get isUp () { return current !== undefined },
    reconnect,
    close () {
      isClosed = true
      closing.abort(new Error('The store is closed'))
      cancelCheck()
      for (const connection of [...replaced, ...current === undefined ? [] : [current]]) connection.close()
      current = undefined
    },
  }
}

const pauseMs = (tries: number): number => Math.min(50 * 2 ** tries, longestPauseMs) + Math.random() * spreadMs
