/** Locks that all pages of a site in one browser share (Web Locks). The browser itself releases those of a page that is gone, however it went. */

/**
 * `tryLock` resolves with the function that releases the lock, or with null: another holder has it, or the browser forbids locks. `hold` waits for the
 * lock, and returns the function that releases it, or ends the wait.
 * @typedef {{ isSupported: boolean, tryLock: (name: string) => Promise<(() => void) | null>, hold: (name: string) => () => void }} Locks
 */

/** There is no manager before Safari 15.4 and Firefox 96, nor on a page without https. @param {LockManager | undefined} manager @returns {Locks} */
export const createLocks = (manager) => ({
  isSupported: manager !== undefined,
  tryLock: (name) => new Promise((resolve) => {
    if (manager === undefined) return resolve(null)
    manager.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(null)
      const { whenReleased, release } = createRelease()
      resolve(release)
      return whenReleased
    }).catch(() => { resolve(null) })
  }),
  hold: (name) => {
    const { whenReleased, release } = createRelease()
    manager?.request(name, () => whenReleased).catch(() => {}) // without the lock the page only can't be told from one that is gone
    return release
  },
})

const createRelease = () => {
  let release = () => {}
  /** @type {Promise<void>} */
  const whenReleased = new Promise((resolve) => { release = resolve })
  return { whenReleased, release }
}
