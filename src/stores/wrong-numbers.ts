/** Wrong numbers per person, and one confirmation at a time for each. Counted in the store, so they hold across instances. */
import { sleep } from '../deadline.ts'
import { newId, type RandomBytes } from '../domain/ids.ts'
import { Problem } from '../errors.ts'
import type { Clock, WrongNumbers } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

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
/** A second confirmation waits so long for the first, which is mostly over sooner: a double tap is one yes. Leaves the store time within the 5 s of a handler. */
const longestWaitMs = 2_000
/** Between two tries; each further one is twice as long, up to the longest. */
const [shortestPauseMs, longestPauseMs] = [20, 320]

/** As stored; in milliseconds since 1970. */
interface WaitRecord { readonly endsAt: number }

/** Joins the counts to a store. */
export const createWrongNumbers = (store: Store, clock: Clock, random: RandomBytes): WrongNumbers => {
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

  /** Claims the turn under a name of its own, so that nobody gives back what has become somebody else's. */
  const awaitTurn = async (key: string): Promise<string> => {
    const owner = newId(random)
    const giveUpAt = clock.steady() + longestWaitMs
    for (let pauseMs = shortestPauseMs; !await store.claim(key, owner, turnMs); pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      if (clock.steady() + pauseMs > giveUpAt) throw new Problem('rate-limited', { detail: 'Another confirmation of this person is under way', retryAfterSeconds: 1 })
      await sleep(clock, pauseMs)
    }
    return owner
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
      const owner = await awaitTurn(turnKey(sub))
      try {
        return await work()
      } finally {
        // Should this fail, the turn ends by itself; what was done is done.
        await store.removeClaim(turnKey(sub), owner).catch(() => {})
      }
    },
  }
}
