/**
 * The current connection to Redis: opened in the background, checked every second, and replaced at its first fault. While there is none every call fails
 * at once (a circuit breaker: a new connection is used only after it has answered a check in time).
 */
import { sleep, withDeadline } from '../deadline.ts'
import type { Clock } from '../login/ports.ts'
import type { RedisConnection } from './redis-connection.ts'

/** For opening a connection, and for each check. */
const answerWithinMs = 2_000
const checkEveryMs = 1_000
const longestPauseMs = 1_500
/** How long a server that refuses writes is still read from: no longer than a client waits for an answer, as what it holds may be out of date. */
const usableMs = 6_000
/** Jitter, so that not all instances connect at the same moment to a server that comes back. */
const jitterMs = 500

export interface RedisLink {
  /** The current connection. Throws where there is none. */
  readonly connection: RedisConnection
  readonly isUp: boolean
  /**
   * Opens another connection because of `error`. The current one is closed at once, unless parts of it still answer; then it is used until the next one is
   * open: a connection to several servers, and for 6 s one `isUsable`, whose server only refuses writes.
   */
  reconnect (error: unknown, options?: { isUsable?: boolean }): void
  close (): void
}

export interface RedisLinkOptions {
  readonly clock: Clock
  readonly open: (signal: AbortSignal) => Promise<RedisConnection>
  /** Rejects where a connection doesn't work. When the signal aborts, it closes the clients that haven't answered. */
  readonly check: (connection: RedisConnection, signal: AbortSignal) => Promise<void>
  readonly onUp?: () => void
  /** Called once per outage. */
  readonly onDown?: (error: unknown) => void
}

/** Makes a link, which starts to connect. `connection` throws until that has succeeded. */
export const createRedisLink = ({ clock, open, check, onUp, onDown }: RedisLinkOptions): RedisLink => {
  const closing = new AbortController()
  const replaced = new Set<RedisConnection>()
  let isClosed = false
  let current: RedisConnection | undefined
  let isNextNeeded = false
  let isOpening = false
  let isDown = false
  let closingLater: RedisConnection | undefined
  let cancelCheck = (): void => {}

  const within = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => withDeadline(clock, answerWithinMs, work, {
    signal: closing.signal,
    late: () => new Error(`Redis did not answer within ${answerWithinMs} ms`),
  })

  const emitDown = (error: unknown): void => {
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
    if (current !== undefined) closeReplaced(current)
    current = next
    isNextNeeded = false
    isDown = false
    next.onLost((error) => { if (current === next) reconnect(error) })
    checkLater()
    onUp?.()
  }

  /** Calls over the old connection may still be answered. */
  const closeReplaced = (old: RedisConnection): void => {
    replaced.add(old)
    clock.after(answerWithinMs, () => {
      replaced.delete(old)
      old.close()
    })
  }

  const openAnother = (): void => {
    isNextNeeded = true
    if (isOpening) return
    isOpening = true
    openUntilGood().catch(emitDown).finally(() => {
      isOpening = false
      if (shouldConnect()) openAnother()
    })
  }

  const shouldConnect = () => isNextNeeded && !isClosed

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
        if (current === undefined) emitDown(error)
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
      if (current === checked) reconnect(error, { isUsable: checked.isFailoverError(error) })
    }
  }

  const reconnect: RedisLink['reconnect'] = (error, { isUsable = false } = {}) => {
    if (isClosed) return
    emitDown(error)
    cancelCheck()
    const faulty = current
    // With several masters, one may fail while the others answer: the check closes the clients of those that are silent, and the rest is used meanwhile.
    if (faulty !== undefined && faulty.masters.length > 1) within((signal) => check(faulty, signal)).catch(() => {})
    else if (isUsable) dropLater(faulty)
    else drop(faulty)
    openAnother()
  }

  const drop = (connection: RedisConnection | undefined): void => {
    connection?.close()
    if (current === connection) current = undefined
  }

  /** Further calls that meet the same fault must not postpone the end. */
  const dropLater = (connection: RedisConnection | undefined): void => {
    if (connection === undefined || connection === closingLater) return
    closingLater = connection
    clock.after(usableMs, () => { if (current === connection) drop(connection) })
  }

  openAnother()

  return {
    get connection () {
      if (current === undefined) throw new Error('Redis is unreachable')
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

const pauseMs = (tries: number): number => Math.min(50 * 2 ** tries, longestPauseMs) + Math.random() * jitterMs
