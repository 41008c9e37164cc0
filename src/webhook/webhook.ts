/** The webhook: a queue of steps in the store, and the delivery from there to the receiver. */
import { createSecretKey } from 'node:crypto'
import { readWebhookSecrets } from '../domain/webhook-secret.ts'
import { newId, type RandomBytes } from '../domain/ids.ts'
import type { Audit, StepSink } from '../login/audit.ts'
import type { Clock, Log } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { settleWithin } from '../deadline.ts'
import { createFreshDispatcher, createKeptDispatcher } from '../outgoing/dispatcher.ts'
import { startDelivery } from './delivery.ts'
import { createLease, leaseMs } from './lease.ts'
import { createPost } from './post.ts'
import { maxUnderWay } from './receiver-health.ts'
import { createStepBatches } from './step-batches.ts'
import { createStepQueue, type StepQueue } from './step-queue.ts'

export interface QueueOptions {
  /** Seals what is in the store. */
  readonly sealingKey: Buffer
  /** The store's clock. */
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
}

export interface WebhookOptions extends QueueOptions {
  readonly url: string
  /** As in WEBHOOK_SECRET. */
  readonly secret: string
  readonly proxy: string | null
}

export interface Webhook extends StepSink {
  /** Stores what is gathered, and ends the delivery. Never rejects. */
  close (): Promise<void>
}

/** How long the service waits at its end for the store to take the last steps. */
const flushWithinMs = 600

/** Opens the queue alone, for a command beside the service: an instance of that delivers. */
export const openStepQueue = (store: Store, options: QueueOptions): StepQueue => createStepQueue(createStepBatches(store, options), options)

/** Returns an audit whose steps are put into the queue, too. A command flushes the queue before it ends. */
export const withStepQueue = (audit: Audit, queue: StepSink): Audit => ({
  record: (step) => {
    audit.record(step)
    queue.add(step)
  },
})

/** Opens the queue and begins to deliver. */
export const openWebhook = (store: Store, { url, secret, proxy, ...options }: WebhookOptions): Webhook => {
  const { clock, random, log } = options
  const batches = createStepBatches(store, options)
  const queue = createStepQueue(batches, options)
  const fresh = createFreshDispatcher({ proxy })
  const kept = createKeptDispatcher({ proxy }, maxUnderWay, fresh)
  const delivery = startDelivery({
    batches,
    lease: createLease(store, clock, { key: 'webhook-lease', holder: newId(random), leaseMs }),
    post: createPost({ url, keys: (readWebhookSecrets(secret) ?? []).map((bytes) => createSecretKey(bytes)), dispatcher: kept, clock }), // config.ts has checked them
    clock,
    log,
    random: () => random(1).readUInt8() / 255,
    host: new URL(url).host,
  })
  return {
    add: queue.add,
    async close () {
      const lost = (): Error => new Error('the store did not answer in time')
      const flushed = settleWithin(clock, flushWithinMs, queue.close(), lost).catch((err: unknown) => { log.error({ code: 'webhook-lost', err }, 'webhook: the last steps are in the log alone, as the store did not take them') })
      await Promise.all([flushed, delivery.close()])
      await Promise.all([kept.destroy(), fresh.destroy()])
    },
  }
}
