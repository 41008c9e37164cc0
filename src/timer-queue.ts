/** Many timers on one of the clock's: a held poll has two, and each of Node's takes 400 bytes. */

/** A monotonic clock and a timer, both in milliseconds. */
export interface Timer {
  steady (): number
  after (ms: number, call: () => void): () => void
}

/** An entry of a queue. It is in one queue at a time; the queue alone sets `dueAt` and `place`. */
export interface Timed {
  /** On the steady clock, in whole milliseconds. */
  dueAt: number
  /** Its index in the queue; -1 outside. */
  place: number
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

/** Creates a queue that keeps one timer, for the entry that is due first. Adding and removing take a number of steps that grows with the logarithm of its length. */
export const createTimerQueue = (timer: Timer): TimerQueue => {
  /** A binary heap: no entry is due before the one at half its index. */
  const heap: Timed[] = []
  let armedFor = Infinity
  let disarm = (): void => {}

  const put = (entry: Timed, place: number): void => {
    heap[place] = entry
    entry.place = place
  }

  const moveUp = (entry: Timed): void => {
    let { place } = entry
    for (let parent = heap[(place - 1) >> 1]; place > 0 && parent !== undefined && parent.dueAt > entry.dueAt; parent = heap[(place - 1) >> 1]) {
      const above = parent.place
      put(parent, place)
      place = above
    }
    put(entry, place)
  }

  const moveDown = (entry: Timed): void => {
    let { place } = entry
    for (;;) {
      const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]]
      const child = right !== undefined && left !== undefined && right.dueAt < left.dueAt ? right : left
      if (child === undefined || child.dueAt >= entry.dueAt) break
      const below = child.place
      put(child, place)
      place = below
    }
    put(entry, place)
  }

  const remove = (entry: Timed): void => {
    const { place } = entry
    if (place < 0) return
    entry.place = -1
    const last = heap.pop()
    if (last === undefined || last === entry) return
    put(last, place)
    moveUp(last)
    moveDown(last)
  }

  const arm = (): void => {
    const [first] = heap
    if (first === undefined || first.dueAt >= armedFor) return
    disarm()
    armedFor = first.dueAt
    disarm = timer.after(first.dueAt - timer.steady(), onTimer)
  }

  const onTimer = (): void => {
    const now = Math.max(timer.steady(), armedFor) // a timer may fire a little early by the clock
    armedFor = Infinity
    for (let [first] = heap; first !== undefined && first.dueAt <= now; [first] = heap) {
      remove(first)
      first.onDue()
    }
    arm()
  }

  return {
    now: () => timer.steady(),
    add: (entry, ms) => {
      remove(entry)
      entry.dueAt = Math.ceil(timer.steady() + Math.max(0, ms))
      entry.place = heap.push(entry) - 1
      moveUp(entry)
      arm()
    },
    remove,
  }
}
