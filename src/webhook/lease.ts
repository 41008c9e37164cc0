/** Which instance delivers: one at a time holds the lease, and renews it. One that was stalled may go on for one delivery, which is a repetition. */
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

/** The webhook's. */
export const leaseMs = 15_000
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

export interface LeaseTerms {
  readonly key: string
  /** Another one for each instance. */
  readonly holder: string
  /** After a crash of the holder another instance takes it this much later at the latest. Renewed after a third of it. */
  readonly leaseMs: number
}

export const createLease = (store: Store, clock: Clock, { key, holder, leaseMs }: LeaseTerms): Lease => {
  let record: LeaseRecord = { schema: 1, holder, version: 0 }
  let askedAt = -Infinity
  let heldUntil = -Infinity
  const isHeld = (): boolean => clock.steady() < heldUntil

  return {
    isHeld,
    async keep () {
      const now = clock.steady()
      const wasHeld = isHeld()
      if (now - askedAt < leaseMs / 3) return wasHeld ? 'kept' : 'missed'
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
