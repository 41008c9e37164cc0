import type { Locks } from '../../static/scan-login/locks.js'

/** Returns the locks that the pages of one browser share. */
export const createSharedLocks = () => {
  /** For each name its holder, and then those who wait for it. */
  const queues = new Map<string, symbol[]>()
  return {
    /** Returns them as one page sees them. `endPage` does what the browser does when a page is gone. */
    ofPage: (): Locks & { readonly endPage: () => void } => {
      const releases = new Set<() => void>()
      const enter = (name: string): () => void => {
        const me = Symbol(name)
        queues.set(name, [...queues.get(name) ?? [], me])
        const release = (): void => {
          queues.set(name, (queues.get(name) ?? []).filter((other) => other !== me))
          releases.delete(release)
        }
        releases.add(release)
        return release
      }
      return {
        isSupported: true,
        tryLock: async (name) => (queues.get(name) ?? []).length > 0 ? null : enter(name),
        hold: enter,
        endPage: () => { for (const release of [...releases]) release() },
      }
    },
  }
}

/** What a page has without Web Locks. */
export const noLocks: Locks = { isSupported: false, tryLock: async () => null, hold: () => () => {} }
