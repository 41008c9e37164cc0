/** Locks that all pages of a site in one browser share (Web Locks). The browser itself releases those of a page that is gone, however it went. */

/** @typedef {{ isSupported: boolean, tryLock: (name: string) => Promise<(() => void) | null> }} Locks `tryLock` resolves with the function that releases the lock, or with null: another holder has it, or the browser forbids locks. */

/** There is no manager before Safari 15.4 and Firefox 96, nor on a page without https. @param {LockManager | undefined} manager @returns {Locks} */
export const createLocks = (manager) => ({
  isSupported: manager !== undefined,
  tryLock: (name) => new Promise((resolve) => {
    if (manager === undefined) return resolve(null)
    /** @param {Lock | null} lock */
    const use = async (lock) => {
      if (lock === null) return resolve(null)
      await /** @type {Promise<void>} */ (new Promise((_resolve) => { resolve(_resolve) }))
    }
    manager.request(name, { ifAvailable: true }, use).catch(() => { resolve(null) })
  }),
})
