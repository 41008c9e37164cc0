/**
 * Waiting with a deadline. A timer of ours that fires proves nothing about the other side: when this process itself was stalled (stopped,
 * swapped out, busy), the answer may lie in a socket that nobody has read yet.
 */

/** What a deadline is measured with: a time that nobody sets, and a timer. Both in milliseconds. */
export interface Timer {
  steady (): number
  after (ms: number, call: () => void): () => void
}

/** A timer that is later than this tells of a stall of our own; a busy machine is late by less. Milliseconds. */
const stalledAfterMs = 100
/** What the other side gets after a stall, so that an exchange of several questions and answers can go on. Milliseconds. */
const graceMs = 500
/** Two graces at the most: with a deadline of 2 s the client still hears within 6 s, from a process that stalls again and again. */
const maxGraces = 2

/**
 * Calls back once after `ms`, unless the returned function was called first. Before it calls, it lets the event loop read what lies in the
 * sockets, and after a stall of this process it waits a little longer.
 */
export const afterDeadline = (timer: Timer, ms: number, call: () => void): () => void => {
  let cancel = (): void => {}
  let graces = 0
  const wait = (waitMs: number): void => {
    const dueAt = timer.steady() + waitMs
    cancel = timer.after(waitMs, () => {
      const wasStalled = timer.steady() - dueAt > stalledAfterMs
      // Node runs timers before it reads sockets, and immediates after that.
      const turn = setImmediate(() => {
        if (wasStalled && graces++ < maxGraces) wait(graceMs)
        else call()
      })
      cancel = () => { clearImmediate(turn) }
    })
  }
  wait(ms)
  return () => { cancel() }
}

export interface DeadlineOptions {
  /** Makes the error that tells of an overdue answer. */
  readonly late: () => unknown
  /** Ends the waiting before the deadline, with its reason. */
  readonly signal?: AbortSignal
}

/**
 * Settles as `work` does, or rejects after `ms`, or with the reason of `signal` once that aborts. The signal that `work` is given aborts with
 * the same reason; what it does afterwards is heard by nobody.
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

/** Settles as `work` does, or rejects with the reason of `signal` where that aborts first. */
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
