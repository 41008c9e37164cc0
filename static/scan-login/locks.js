/** Locks that all pages of a site in one browser share (Web Locks). The browser itself releases those of a page that is gone, however it went. */

/**
 * `tryLock` resolves with the function that releases the lock, or with null: another holder has it, or there are no locks. `hold` waits for the
 * lock, and returns the function that releases it, or ends the wait. `isSupported` becomes false with the first request that the browser rejects.
 * @typedef {{ readonly isSupported: boolean, tryLock: (name: string) => Promise<(() => void) | null>, hold: (name: string) => () => void }} Locks
 */

/**
 * There is no manager before Safari 15.4 and Firefox 96, nor on a page without https. Where the visitor lets a page store nothing, there is one that
 * rejects every request; it must not count as one whose locks others have.
 * @param {LockManager | undefined} manager @returns {Locks}
 */
export const createLocks = (manager) => {
  let usable = manager
  const giveUp = () => { usable = undefined }
  return {
    get isSupported () { return usable !== undefined },
    tryLock: (name) => new Promise((resolve) => {
      if (usable === undefined) return resolve(null)
      usable.request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(null)
        const { whenReleased, release } = createRelease()
        resolve(release)
        return whenReleased
      }).catch(() => {
        giveUp()
        resolve(null)
      })
    }),
    hold: (name) => {
      const { whenReleased, release } = createRelease()
      usable?.request(name, () => whenReleased).catch(giveUp) // without the lock the page only can't be told from one that is gone
      return release
    },
  }
}

const createRelease = () => {
  let release = () => {}
  /** @type {Promise<void>} */
  const whenReleased = new Promise((resolve) => { release = resolve })
  return { whenReleased, release }
}
