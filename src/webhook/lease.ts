/** Which instance delivers: one at a time holds the lease, and renews it. One that was stalled may go on for one step, which is a repetition with the same id. */
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

const key = 'webhook-lease'
export const leaseMs = 15_000
const renewAfterMs = 5000
/** The holder stops this much before its lease ends. */
const marginMs = 1000

export interface Lease {
  isHeld (): boolean
  /** Takes the lease where nobody has it, or renews it in time. Resolves with whether this instance holds it without a break; rejects as the store does. */
  keep (): Promise<'kept' | 'taken' | 'missed'>
  /** Lets another instance take it at once. */
  release (): Promise<void>
}

interface LeaseRecord { readonly schema: 1, readonly holder: string, readonly version: number }

/** `holder` is another one for each instance. */
export const createLease = (store: Store, clock: Clock, holder: string): Lease => {
  let record: LeaseRecord = { schema: 1, holder, version: 0 }
  let askedAt = -Infinity
  let heldUntil = -Infinity
  const isHeld = (): boolean => clock.steady() < heldUntil

  return {
    isHeld,
    async keep () {
      const now = clock.steady()
      const wasHeld = isHeld()
      if (now - askedAt < renewAfterMs) return wasHeld ? 'kept' : 'missed'
      const next = { ...record, version: record.version + 1 }
      const isMine = wasHeld ? await store.replace(key, record.version, next, leaseMs) : await store.claim(key, next, leaseMs)
      askedAt = now // of a call that failed another one follows at once
      heldUntil = isMine ? now + leaseMs - marginMs : -Infinity
      if (isMine) record = next
      if (!isMine) return 'missed'
      return wasHeld ? 'kept' : 'taken'
    },
    async release () {
      if (!isHeld()) return
      heldUntil = -Infinity
      await store.removeClaim(key, record)
    },
  }
}
