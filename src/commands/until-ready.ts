import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../login/store-port.ts'
import { systemClock } from '../runtime.ts'

/** Redis is connected to in the background, and calls are refused until then. */
export const connectWithinMs = 5000
export const connectRetryMs = 100

/** Resolves when the store answers; rejects after some seconds. */
export const untilReady = async (store: Store): Promise<void> => {
  const giveUpAt = systemClock.steady() + connectWithinMs
  for (;;) {
    try {
      return await store.check()
    } catch (cause) {
      if (systemClock.steady() >= giveUpAt) throw new Error('the store does not answer: is STORE_URL that of the service, and is it running?', { cause })
    }
    await sleep(connectRetryMs)
  }
}
