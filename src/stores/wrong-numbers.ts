/**
 * Wrong match numbers per person, and a lock for one confirmation at a time. Kept in the store, so they hold across instances. The person's name there is a hash: it stays
 * when their data is deleted, or whoever holds a stolen phone could end a lockout so, and it leads to nobody.
 */
import { hash } from 'node:crypto'
import { sleep } from '../deadline.ts'
import { newId, type RandomBytes } from '../domain/ids.ts'
import { Problem } from '../errors.ts'
import type { Clock, WrongNumbers, WrongNumberState } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

const hourMs = 3600_000
const dayMs = 24 * hourMs

/** How long a person has to type the number after a wrong one, or after the lockout that followed it. */
const typingMs = dayMs
/** From this many wrong numbers within an hour on, each begins a lockout. */
const lockoutAfter = 3
/** The first lockout, the second and so on; the last one repeats. */
const lockoutsMs = [10 * 60_000, hourMs, 6 * hourMs, dayMs, 3 * dayMs, 7 * dayMs] as const
/** The window in which wrong numbers and lockouts are counted, from the first on. */
const memoryMs = 30 * dayMs
/** Longer than the calls to the store under the lock take together: three of at most 2 s. */
const lockMs = 7_000
/** How long a second confirmation waits for the first: after a double tap both succeed. Leaves time for the store within the 5 s of a handler. */
const maxLockWaitMs = 2_000
/** Between two tries to take the lock: doubled each time, up to the second number. */
const [minPauseMs, maxPauseMs] = [20, 320]

/** As stored; `endsAt` in milliseconds since 1970. */
interface LockoutRecord { readonly endsAt: number }

export const createWrongNumbers = (store: Store, clock: Clock, random: RandomBytes): WrongNumbers => {
  const typingKey = (sub: string) => `match-typing:${pseudonymOf(sub)}`
  const lockoutKey = (sub: string) => `match-wait:${pseudonymOf(sub)}`
  const lockKey = (sub: string) => `match-turn:${pseudonymOf(sub)}`

  const beginLockout = async (sub: string): Promise<number> => {
    const { count } = await store.count(`match-waits:${pseudonymOf(sub)}`, memoryMs)
    const lockoutMs = lockoutsMs[Math.min(count, lockoutsMs.length) - 1] ?? lockoutsMs[0]
    await Promise.all([
      store.write(lockoutKey(sub), { endsAt: clock.now() + lockoutMs } satisfies LockoutRecord, lockoutMs),
      store.write(typingKey(sub), 1, lockoutMs + typingMs),
    ])
    return lockoutMs
  }

  const stateKeys = (sub: string) => [typingKey(sub), lockoutKey(sub)] as const

  const stateFrom = ([typing, lockout]: readonly unknown[]): WrongNumberState => {
    // The store ends the entry: while it is there the lockout lasts, even where this process' clock says that the time is up.
    const lockoutMs = lockout === undefined ? 0 : Math.max(1, (lockout as LockoutRecord).endsAt - clock.now())
    return { mustType: typing !== undefined, lockoutMs }
  }

  /** Takes the lock with an owner of its own, so that a late release can't remove the lock of another call. */
  const acquireLock = async (sub: string): Promise<{ readonly owner: string, readonly state: WrongNumberState }> => {
    const owner = newId(random)
    const giveUpAt = clock.steady() + maxLockWaitMs
    for (let pauseMs = minPauseMs; ; pauseMs = Math.min(maxPauseMs, pauseMs * 2)) {
      const found = await store.claimAndRead<unknown>(lockKey(sub), owner, lockMs, stateKeys(sub))
      if (found !== undefined) return { owner, state: stateFrom(found) }
      if (clock.steady() + pauseMs > giveUpAt) throw new Problem('rate-limited', { detail: 'Another confirmation of this person is under way', retryAfterSeconds: 1 })
      await sleep(clock, pauseMs)
    }
  }

  return {
    stateOf: async (sub) => stateFrom(await store.readMany<unknown>(stateKeys(sub))),
    add: async (sub) => {
      const [inHour, inMonth] = await Promise.all([
        store.count(`match-wrong-hour:${pseudonymOf(sub)}`, hourMs),
        store.count(`match-wrong:${pseudonymOf(sub)}`, memoryMs),
        store.write(typingKey(sub), 1, typingMs),
      ])
      return { count: inMonth.count, lockoutMs: inHour.count < lockoutAfter ? 0 : await beginLockout(sub) }
    },
    exclusively: async (sub, work) => {
      const { owner, state } = await acquireLock(sub)
      let releasing: Promise<unknown> | undefined
      // Where this fails, the lock ends by itself; the work is done.
      const release = () => { releasing ??= store.removeClaim(lockKey(sub), owner).catch(() => {}) }
      try {
        return await work(state, release)
      } finally {
        release()
        await releasing
      }
    },
  }
}

const pseudonymOf = (sub: string): string => hash('sha256', `wrong numbers\0${sub}`, 'base64url')
