/**
 * Puts steps into the queue in the store. They are gathered as long as log lines are, so that a busy service stores many at a time: no call waits for it, and it costs
 * the store at most some writes a second. What is gathered when the process is killed (SIGKILL) is lost, as the lines are.
 */
import type { LoggedStep, StepSink } from '../login/audit.ts'
import type { Clock, Log } from '../login/ports.ts'
import { createHourlyLine } from '../rare-line.ts'
import type { Batch, StepBatches } from './step-batches.ts'

const gatherMs = 250
/** A failed write is repeated after this. */
const retryMs = 1000
const maxBatchSteps = 20
/** Batches that are stored side by side. */
const maxAtOnce = 10
/** Kept while the store fails; further steps are dropped. About 5 MB. */
const maxGathered = 10_000
/** In the store. Further steps are dropped: the newest, so that a person's steps have no gap before one that is delivered. At most about 200 MB. */
export const maxBatches = 25_000
/** How long the number of batches is believed. */
const countedForMs = 5000
/** A clock that is set back by more is followed. */
const maxSetBackMs = 10_000

export interface StepQueue extends StepSink {
  /** Stores what is gathered. Rejects where that fails; the steps stay gathered. */
  flush (): Promise<void>
  /** Stores what is gathered, and writes no more. Rejects as `flush` does. */
  close (): Promise<void>
}

interface StepQueueOptions {
  /** The store's clock, by which the steps of all instances are ordered. */
  readonly clock: Clock
  readonly log: Log
}

interface Gathered { readonly at: number, readonly step: LoggedStep }

export const createStepQueue = (batches: StepBatches, { clock, log }: StepQueueOptions): StepQueue => {
  const gathered: Gathered[] = []
  /** Those that are being stored, under the same names in each try. */
  let pending: readonly Batch[] = []
  let writing: Promise<void> | undefined
  let cancel: (() => void) | undefined
  let lastAt = 0
  let isClosed = false
  let counted = { count: 0, until: -Infinity }
  const dropped = createHourlyLine(clock, (steps) => {
    log.error({ code: 'webhook-queue-full', steps }, 'webhook: the queue is full, and the newest steps are dropped: they are in the log alone. The receiver has not taken steps for long, or the store fails')
  })

  const isFull = async (): Promise<boolean> => {
    if (clock.steady() >= counted.until) counted = { count: await batches.count(), until: clock.steady() + countedForMs }
    return counted.count >= maxBatches
  }

  const nextBatches = (): readonly Batch[] => {
    const next: Batch[] = []
    for (let first = gathered[0]; first !== undefined && next.length < maxAtOnce; first = gathered[0]) {
      const name = batches.newName(first.at)
      const steps = gathered.splice(0, maxBatchSteps).map(({ at, step }, index) => ({ id: `msg_${name}_${index}`, at, step }))
      next.push({ name, steps })
    }
    return next
  }

  const writeAll = async (): Promise<void> => {
    if (pending.length === 0) pending = nextBatches()
    while (pending.length > 0) {
      if (await isFull()) dropped.add(pending.reduce((sum, { steps }) => sum + steps.length, 0))
      else await batches.write(pending)
      pending = nextBatches()
    }
  }

  const flush = async (): Promise<void> => {
    cancel?.()
    cancel = undefined
    writing ??= writeAll().finally(() => { writing = undefined })
    await writing
  }

  const schedule = (ms: number): void => {
    if (!isClosed) cancel ??= clock.after(ms, () => { flush().catch(() => { schedule(retryMs) }) }) // the store has logged its fault
  }

  return {
    add (step) {
      if (gathered.length >= maxGathered) {
        dropped.add(1)
        return
      }
      const now = clock.now()
      lastAt = now < lastAt && lastAt - now < maxSetBackMs ? lastAt : now // one process's steps stay in order while its clock is corrected
      gathered.push({ at: lastAt, step })
      schedule(gatherMs)
    },
    flush,
    async close () {
      await writing?.catch(() => {})
      try {
        await flush()
      } finally {
        isClosed = true
        cancel?.()
        dropped.flush()
      }
    },
  }
}
