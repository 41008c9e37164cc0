/** A store that records the keys of its changes. Reads aren't recorded. */
import type { Store } from '../../../src/login/store-port.ts'

export interface Recorder {
  readonly wrap: (store: Store) => Store
  /** Returns the keys changed since the last call. A claim or a replacement that lost its race changed nothing. */
  takeChanges (): string[]
  /** Every key that was ever changed, without those of counts. */
  readonly keys: ReadonlySet<string>
}

const changing: ReadonlySet<PropertyKey> = new Set(['write', 'remove', 'claim', 'claimAndRead', 'removeClaim', 'replace', 'acquirePlainSlot', 'releasePlainSlot', 'acquireSlot', 'releaseSlot', 'count'])
const onMembers: ReadonlySet<PropertyKey> = new Set(['acquirePlainSlot', 'releasePlainSlot', 'acquireSlot', 'releaseSlot'])

export const createRecorder = (): Recorder => {
  const keys = new Set<string>()
  let changed: string[] = []
  return {
    keys,
    wrap: (store) => new Proxy(store, {
      get: (target, name: keyof Store) => (...args: unknown[]) => {
        const result = (target[name] as (...args: unknown[]) => unknown)(...args)
        if (!changing.has(name)) return result
        const [slot] = args as [{ group?: string, member?: string }]
        const key = slot.group !== undefined ? `${slot.group}:${slot.member}` : onMembers.has(name) ? `${String(args[0])}:${String(args[1])}` : String(args[0])
        return Promise.resolve(result).then((done) => {
          if (done !== false && !(name === 'claimAndRead' && done === undefined)) {
            changed.push(key)
            if (name !== 'count' && !onMembers.has(name)) keys.add(key)
          }
          return done
        })
      },
    }),
    takeChanges: () => {
      const before = changed
      changed = []
      return before
    },
  }
}
