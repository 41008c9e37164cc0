/** The steps that wait, in lanes: those of one person are delivered one after the other, and others go on meanwhile. */
import type { QueuedStep } from './step-batches.ts'

/** A batch of the store, and which of its steps still wait. */
export interface LoadedBatch {
  readonly name: string
  readonly waiting: Set<QueuedStep>
  /** Whether some were delivered since the store was told. */
  isChanged: boolean
}

export interface Waiting { readonly queued: QueuedStep, readonly batch: LoadedBatch }

export interface Lane {
  readonly key: string
  readonly steps: [Waiting, ...Waiting[]]
  /** Tries of the first step that have failed. */
  failures: number
  /** On the steady clock. */
  dueAt: number
  state: 'idle' | 'ready' | 'busy'
}

/** Steps of a person are a lane, those of a ticket without a person as well; any other step is one by itself. */
const laneOf = ({ id, step: { sub, ticket } }: QueuedStep): string => sub !== undefined ? `person ${sub}` : ticket !== undefined ? `ticket ${ticket}` : id

export interface Lanes {
  /** How many steps wait. */
  readonly size: number
  add (queued: QueuedStep, batch: LoadedBatch): void
  /** Takes the first step out of its lane, as it was delivered or given up, and out of its batch. */
  shift (lane: Lane): void
  has (lane: Lane): boolean
  all (): Iterable<Lane>
  clear (): void
}

export const createLanes = (): Lanes => {
  const lanes = new Map<string, Lane>()
  let size = 0
  return {
    get size () { return size },
    add (queued, batch) {
      size++
      batch.waiting.add(queued)
      const key = laneOf(queued)
      const lane = lanes.get(key)
      if (lane === undefined) {
        lanes.set(key, { key, steps: [{ queued, batch }], failures: 0, dueAt: -Infinity, state: 'idle' })
        return
      }
      // Another instance may have stored it late. The step that is under way stays the first.
      let index = lane.steps.length
      while (index > (lane.state === 'busy' ? 1 : 0) && (lane.steps[index - 1]?.queued.at ?? 0) > queued.at) index--
      lane.steps.splice(index, 0, { queued, batch })
    },
    shift (lane) {
      const [{ queued, batch }] = lane.steps
      size--
      batch.waiting.delete(queued)
      batch.isChanged = true
      lane.failures = 0
      if (lane.steps.length === 1) lanes.delete(lane.key)
      else lane.steps.shift()
    },
    has: (lane) => lanes.get(lane.key) === lane,
    all: () => lanes.values(),
    clear () {
      lanes.clear()
      size = 0
    },
  }
}
