/**
 * Waiting with a deadline. A timer that fires proves nothing about the other side: when this process itself was stalled (stopped, swapped out, busy), the
 * answer may lie in a socket that hasn't been read yet.
 */
import { timerQueueOf, type Timed, type Timer, type TimerQueue } from './timer-queue.ts'

/** A timer that fires later than this shows that this process was stalled; on a busy machine timers are late by less. */
const stalledAfterMs = 100
/** More time for the other side after a stall, enough for an exchange of several messages. */
const graceMs = 500
/** With a deadline of 2 s a client still gets its answer within 6 s, from a process that stalls again and again. */
const maxGraces = 2

/**
 * Calls `call` once after `ms`; the returned function cancels that. The event loop reads the sockets first, and after a stall of this process the deadline
 * moves a little.
 */
export const afterDeadline = (timer: Timer, ms: number, call: () => void): () => void => {
  const deadline = new CallingDeadline(timerQueueOf(timer), call)
  deadline.start(ms)
  return () => { deadline.cancel() }
}

/** A class, and one small object for each: every held poll has one, and every call of the store. `onMissed` is called once, where it is not cancelled first. */
export abstract class Deadline implements Timed {
  readonly #queue: TimerQueue
  #graces = 0
  #turn: NodeJS.Immediate | undefined = undefined
  dueAt = 0
  place = -1

  constructor (queue: TimerQueue) {
    this.#queue = queue
  }

  abstract onMissed (): void

  start (ms: number): void {
    this.#queue.add(this, ms)
  }

  onDue (): void {
    const wasStalled = this.#queue.now() - this.dueAt > stalledAfterMs
    // Node runs timers before it reads sockets, and immediates after that.
    this.#turn = setImmediate(() => {
      if (wasStalled && this.#graces++ < maxGraces) this.start(graceMs)
      else this.onMissed()
    })
  }

  cancel (): void {
    this.#queue.remove(this)
    if (this.#turn !== undefined) clearImmediate(this.#turn)
  }
}

class CallingDeadline extends Deadline {
  readonly onMissed: () => void

  constructor (queue: TimerQueue, onMissed: () => void) {
    super(queue)
    this.onMissed = onMissed
  }
}

export interface DeadlineOptions {
  /** Makes the error for a missed deadline. */
  readonly late: () => unknown
  /** Ends the wait before the deadline, with its reason. */
  readonly signal?: AbortSignal
}

/**
 * Settles as `work` does, or rejects with `late()` after `ms`, or with the reason of `signal` once that aborts. `work` is given a signal that aborts with the
 * same reason; what it returns later is ignored.
 */
export const withDeadline = async <T>(timer: Timer, ms: number, work: (signal: AbortSignal) => Promise<T>, { late, signal }: DeadlineOptions): Promise<T> => {
  signal?.throwIfAborted()
  const over = new AbortController()
  const giveUp = (): void => { over.abort(signal?.reason) }
  signal?.addEventListener('abort', giveUp, { once: true })
  const cancel = afterDeadline(timer, ms, () => { over.abort(late()) })
  try {
    return await unlessAborted(over.signal, work(over.signal))
  } finally {
    cancel()
    signal?.removeEventListener('abort', giveUp)
  }
}

/** Settles as `work` does, or rejects with `late()` after `ms`. Without a signal and a race, which cost more than most calls of a store in this process. */
export const settleWithin = <T>(timer: Timer, ms: number, work: Promise<T>, late: () => unknown): Promise<T> => new Promise((resolve, reject) => {
  const cancel = afterDeadline(timer, ms, () => { reject(late()) })
  work.then((result) => {
    cancel()
    resolve(result)
  }, (error: unknown) => {
    cancel()
    reject(error)
  })
})

/** Settles as `work` does, or rejects with the reason of `signal` if that aborts first. */
export const unlessAborted = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const aborted = Promise.withResolvers<never>()
  const giveUp = (): void => { aborted.reject(signal.reason) }
  if (signal.aborted) giveUp()
  else signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** Resolves after `ms`. */
export const sleep = (timer: Pick<Timer, 'after'>, ms: number): Promise<void> => new Promise((resolve) => { timer.after(ms, resolve) })
