/** A store at one of whose calls something else happens first, or just after: every interleaving of two calls to the service can be tried in turn. */
import { Problem } from '../../src/errors.ts'
import type { Store } from '../../src/login/store-port.ts'

export interface Interruption {
  /** Plans what happens at the `step`th call to the store from now on: before it is made, or once it has done its work and before its caller hears of it. */
  plan (step: number, when: 'before' | 'after', work: () => Promise<unknown>): void
  /** Forgets the plan; true where its step was reached. */
  end (): boolean
  /** Whether the planned work is done. */
  isDone (): boolean
  wrap (store: Store): Store
}

export const createInterruption = (): Interruption => {
  let left = 0
  let isDone = false
  let planned: { when: 'before' | 'after', work: () => Promise<unknown> } | undefined
  const run = async (work: () => Promise<unknown>): Promise<void> => {
    await work()
    isDone = true
  }
  return {
    plan: (step, when, work) => {
      left = step
      isDone = false
      planned = { when, work }
    },
    end: () => {
      planned = undefined
      return left <= 0
    },
    isDone: () => isDone,
    wrap: (store) => new Proxy(store, {
      get: (target, name: keyof Store) => (...args: unknown[]) => {
        const call = () => (target[name] as (...args: unknown[]) => unknown)(...args)
        if (planned === undefined || ['close', 'onChange', 'now', 'timeErrorMs'].includes(name) || --left !== 0) return call()
        const { when, work } = planned
        return when === 'before' ? run(work).then(call) : Promise.resolve(call()).then(async (answer) => { await run(work); return answer })
      },
    }),
  }
}

/** Planned work that makes the call to the store fail, as if its answer had got lost where the work comes after it. */
export const failure = async (): Promise<never> => {
  throw new Problem('store-unavailable', { retryAfterSeconds: 2 })
}
