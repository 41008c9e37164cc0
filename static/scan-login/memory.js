/** Owns what is remembered in this browser for this site. A browser may forbid storage; then nothing is. */

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
