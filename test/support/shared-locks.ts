import type { Locks } from '../../static/scan-login/locks.js'

/** Returns the locks that the pages of one browser share. */
export const createSharedLocks = () => {
  const held = new Set<string>()
  return {
    /** Returns them as one page sees them. `endPage` does what the browser does when a page is gone. */
    ofPage: (): Locks & { readonly endPage: () => void } => {
      const own = new Set<string>()
      const release = (name: string): void => { if (own.delete(name)) held.delete(name) }
      return {
        isSupported: true,
        tryLock: async (name) => {
          if (held.has(name)) return null
          held.add(name)
          own.add(name)
          return () => { release(name) }
        },
        endPage: () => { for (const name of [...own]) release(name) },
      }
    },
  }
}

/** What a page has without Web Locks. */
export const noLocks: Locks = { isSupported: false, tryLock: async () => null }
