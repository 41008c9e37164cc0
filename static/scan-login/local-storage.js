/** What this browser remembers for this site, in localStorage. If a browser forbids storage, nothing is remembered. */

/** @param {string} key */
export const recall = (key) => {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** @param {string} key @param {string} text */
export const remember = (key, text) => {
  try {
    localStorage.setItem(key, text)
  } catch {}
}

/**
 * Keeps what was learned about holding polls of this server.
 * @param {string} server
 * @returns {import('./poll-hold.js').HoldMemory}
 */
export const createHoldMemory = (server) => {
  const key = `scan-login-hold ${server}`
  return {
    recall: () => {
      try {
        return JSON.parse(recall(key) ?? 'null')
      } catch {
        return null // other scripts of the site can write there too
      }
    },
    remember: (learned) => { remember(key, JSON.stringify(learned)) },
  }
}

/**
 * Keeps whom this browser was last logged in as by this server: the `sub`, never a token.
 * @param {string} server
 */
export const createPersonMemory = (server) => {
  const key = `scan-login-person ${server}`
  return {
    recall: () => recall(key),
    /** @param {string} sub */
    remember: (sub) => { remember(key, sub) },
  }
}
