/** How often a device may ask whether its code was confirmed (RFC 8628 §3.5): one that asks sooner is told to slow down. */
import type { Adapter } from 'oidc-provider'
import { hashSecret } from '../domain/ids.ts'
import { schema, type StoredRecord } from '../domain/record.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { isDecided } from './entries.ts'

/** What a device is told with its code. */
export const firstIntervalSeconds = 5

/** How much longer the interval gets each time (RFC 8628 §3.5). */
const growthSeconds = 5

/** A device that keeps to its interval may seem quicker by this: calls take different times on their way. */
const toleranceMs = 1000

/** Longer than any code is kept. */
const recordMs = 3600_000

interface PollRecord extends StoredRecord {
  readonly intervalSeconds: number
  /** By the store's clock. */
  readonly nextAt: number
}

export interface DevicePollOptions {
  /** Whether a device is asking. */
  readonly isPoll: () => boolean
  readonly slowDown: () => Error
}

/** Makes the adapter of device codes refuse polls that come too soon. A code that somebody has decided about is answered at any time. */
export const limitPolls = (codes: Adapter, store: Store, { isPoll, slowDown }: DevicePollOptions): Adapter => {
  const polls = createRecords<PollRecord>(store, { prefix: 'oidc:device-poll:' })

  /** Of several polls at once, one is in time. */
  const isInTime = async (id: string): Promise<boolean> => {
    const now = store.now()
    const { before } = await polls.update(hashSecret(id), (poll) => {
      const intervalSeconds = poll === undefined ? firstIntervalSeconds : poll.intervalSeconds + (now < poll.nextAt ? growthSeconds : 0)
      return { schema, intervalSeconds, nextAt: now + intervalSeconds * 1000 - toleranceMs }
    }, () => recordMs)
    return before === undefined || now >= before.nextAt
  }

  return {
    ...codes,
    find: async (id) => {
      const code = await codes.find(id)
      if (code !== undefined && code !== null && isPoll() && !isDecided(code) && !await isInTime(id)) throw slowDown()
      return code
    },
  }
}
