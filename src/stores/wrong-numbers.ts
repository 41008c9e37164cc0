/** Wrong numbers per person, and one confirmation at a time for each. Counted in the store, so they hold across instances. */
import { Problem } from '../errors.ts'
import type { Clock, Store, WrongNumbers } from '../login/ports.ts'

const hourMs = 3600_000
const dayMs = 24 * hourMs

/** For how long a person types after a wrong number, or after the wait that came of it. */
const typingMs = dayMs
/** So many wrong numbers within an hour make a person wait, and each further one in that hour does. */
const waitAfter = 3
/** The first wait, the second and so on; all further ones are as long as the last. */
const waitsMs = [10 * 60_000, hourMs, 6 * hourMs, dayMs, 3 * dayMs, 7 * dayMs] as const
/** How long the total and the number of waits are remembered, from the first on. */
const memoryMs = 30 * dayMs
/** Longer than the calls to the store from the claim to the count may take together: three, each of 2 s at the most. */
const turnMs = 7_000

/** As stored; in milliseconds since 1970. */
interface WaitRecord { readonly endsAt: number }

/** Joins the counts to a store. */
export const createWrongNumbers = (store: Store, clock: Clock): WrongNumbers => {
  const typingKey = (sub: string) => `match-typing:${sub}`
  const waitKey = (sub: string) => `match-wait:${sub}`
  const turnKey = (sub: string) => `match-turn:${sub}`

  const beginWait = async (sub: string): Promise<number> => {
    const { count } = await store.count(`match-waits:${sub}`, memoryMs)
    const waitMs = waitsMs[Math.min(count, waitsMs.length) - 1] ?? waitsMs[0]
    await Promise.all([
      store.write(waitKey(sub), { endsAt: clock.now() + waitMs } satisfies WaitRecord, waitMs),
      store.write(typingKey(sub), 1, waitMs + typingMs),
    ])
    return waitMs
  }

  return {
    standingOf: async (sub) => {
      const [typing, wait] = await store.readMany<unknown>([typingKey(sub), waitKey(sub)])
      // The store ends the entry: while it is there the person waits, also where this clock says that the time is up.
      const waitMs = wait === undefined ? 0 : Math.max(1, (wait as WaitRecord).endsAt - clock.now())
      return { mustType: typing !== undefined, waitMs }
    },
    add: async (sub) => {
      const [inHour, inMonth] = await Promise.all([
        store.count(`match-wrong-hour:${sub}`, hourMs),
        store.count(`match-wrong:${sub}`, memoryMs),
        store.write(typingKey(sub), 1, typingMs),
      ])
      return { count: inMonth.count, waitMs: inHour.count < waitAfter ? 0 : await beginWait(sub) }
    },
    exclusively: async (sub, work) => {
      const begunAt = clock.steady() // the claim may end as long after this
      if (!await store.claim(turnKey(sub), 1, turnMs)) throw new Problem('rate-limited', { detail: 'Another confirmation of this person is under way', retryAfterSeconds: 1 })
      try {
        return await work()
      } finally {
        // After that time the turn is somebody else's. Should this fail, it ends by itself; what was done is done.
        if (clock.steady() - begunAt < turnMs) await store.remove(turnKey(sub)).catch(() => {})
      }
    },
  }
}
