/** Owns a store that tells what was changed in it, key by key. Reads go by unseen. */
import type { Store } from '../../../src/login/store-port.ts'

export interface Recorder {
  readonly wrap: (store: Store) => Store
  /** The keys that were changed since it was asked last; a claim or a move that came too late changed nothing. */
  takeChanges (): string[]
  /** Every key that was ever changed and is no count. */
  readonly keys: ReadonlySet<string>
}

const changing: ReadonlySet<PropertyKey> = new Set(['write', 'remove', 'claim', 'removeClaim', 'replace', 'acquirePlainSlot', 'releasePlainSlot', 'acquireSlot', 'releaseSlot', 'count'])
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
          if (done !== false) {
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
