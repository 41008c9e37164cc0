/** Steps that wait in the store for the webhook's receiver. */
import { existsSync } from 'node:fs'
import { randomBytes } from '../../domain/random-pool.ts'
import { createStore } from '../../stores/store.ts'
import { storeFileOf } from '../../stores/file-lock.ts'
import { createStepBatches, timeOf } from '../../webhook/step-batches.ts'
import { untilReady } from '../until-ready.ts'
import type { CheckContext } from './context.ts'
import { notChecked, ok, warning, type Finding } from './finding.ts'
import { noLog } from './no-log.ts'

/** A step is on its way a second after it was made: one that waits for longer has been refused, or nobody delivers it. */
const soonMs = 60_000

export const findWaitingSteps = async ({ config, clock }: CheckContext): Promise<readonly Finding[]> => {
  const file = storeFileOf(config.STORE_URL)
  if (config.STORE_URL.startsWith('sqlite:') && (file === null || !existsSync(file))) return [notChecked('whether steps wait: there is no store that this command can read')]
  let store
  try {
    store = createStore(config.STORE_URL, { clock, log: noLog })
    const batches = createStepBatches(store, { sealingKey: Buffer.alloc(32), random: randomBytes }) // the names alone are read, which aren't sealed
    await untilReady(store)
    const [first] = await batches.listNames(null, 1)
    if (first === undefined || store.now() - timeOf(first) < soonMs) return [ok('no step waits')]
    const count = await batches.count()
    return [warning('webhook-waiting', `steps wait for the receiver since ${new Date(timeOf(first)).toISOString()}, in ${count === 1 ? 'a batch' : `${count} batches`} of at most 20`, 'mend what is said about the receiver. If it takes the test message, look for lines with "webhook:" in the log of the service, and whether the service runs with this WEBHOOK_URL and this KEYS_FILE. A step that has waited for a day is given up')]
  } catch {
    return [notChecked('whether steps wait: the store can not be read')]
  } finally {
    await store?.close()
  }
}
