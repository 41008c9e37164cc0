import type { Clock } from '../../login/ports.ts'
import type { Store } from '../../login/store-port.ts'

/** These ask nothing of the database, or belong to the start and the end. */
const untimed = ['now', 'timeErrorMs', 'onChange', 'close'] as const satisfies ReadonlyArray<keyof Store>

type Operation = Exclude<keyof Store, typeof untimed[number]>

export interface StoreCall {
  readonly operation: string
  readonly outcome: 'ok' | 'failed'
  readonly ms: number
}

/** Returns a store that reports each call. */
export const timeStore = (store: Store, clock: Pick<Clock, 'steady'>, onCall: (call: StoreCall) => void): Store => {
  const timed = (operation: Operation) => async (...args: unknown[]): Promise<unknown> => {
    const start = clock.steady()
    let outcome: StoreCall['outcome'] = 'failed'
    try {
      const result = await (store[operation] as (...args: unknown[]) => Promise<unknown>)(...args) // the same arguments as of the method that this replaces
      outcome = 'ok'
      return result
    } finally {
      onCall({ operation, outcome, ms: clock.steady() - start })
    }
  }
  const operations = Object.keys(store).filter((name) => !(untimed as readonly string[]).includes(name)) as Operation[] // a store has no other methods
  return { ...store, ...Object.fromEntries(operations.map((operation) => [operation, timed(operation)])) }
}
