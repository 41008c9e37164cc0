/** Many timers on one of the clock's: a held poll has two, and each of Node's takes 400 bytes. */
import { createHeap, type Placed } from './heap.ts'

/** A monotonic clock and a timer, both in milliseconds. */
export interface Timer {
  steady (): number
  after (ms: number, call: () => void): () => void
}

/** An entry of a queue, which alone sets `dueAt`. */
export interface Timed extends Placed {
  /** On the steady clock, in whole milliseconds. */
  dueAt: number
  /** Called once, after it has left the queue. */
  onDue (): void
}

export interface TimerQueue {
  /** The steady clock. */
  now (): number
  /** Calls `onDue` once after `ms`, unless the entry is removed first. */
  add (entry: Timed, ms: number): void
  /** Does nothing where the entry isn't in the queue. */
  remove (entry: Timed): void
}

const queues = new WeakMap<Timer, TimerQueue>()

/** The queue of all that waits by this timer. */
export const timerQueueOf = (timer: Timer): TimerQueue => {
  const known = queues.get(timer)
  if (known !== undefined) return known
  const queue = createTimerQueue(timer)
  queues.set(timer, queue)
  return queue
}

/** Creates a queue that keeps one timer, for the entry that is due first. */
export const createTimerQueue = (timer: Timer): TimerQueue => {
  const heap = createHeap<Timed>((one, other) => one.dueAt < other.dueAt)
  let armedFor = Infinity
  let disarm = (): void => {}

  const arm = (): void => {
    const first = heap.first()
    if (first === undefined || first.dueAt >= armedFor) return
    disarm()
    armedFor = first.dueAt
    disarm = timer.after(first.dueAt - timer.steady(), onTimer)
  }

  const onTimer = (): void => {
    const now = Math.max(timer.steady(), armedFor) // a timer may fire a little early by the clock
    armedFor = Infinity
    for (let first = heap.first(); first !== undefined && first.dueAt <= now; first = heap.first()) {
      heap.remove(first)
      first.onDue()
    }
    arm()
  }

  return {
    now: () => timer.steady(),
    add: (entry, ms) => {
      entry.dueAt = Math.ceil(timer.steady() + Math.max(0, ms))
      heap.put(entry)
      arm()
    },
    remove: heap.remove,
  }
}
