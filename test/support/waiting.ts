/** Owns waiting without time: for what can run by itself, and for what a real counterpart does in its own time. */

/** Lets the event loop turn `n` times. */
export const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Lets everything that can run without time passing run. */
export const settle = (): Promise<void> => turns(20)

/** Asks again and again until it is so; the test's own time limit ends it otherwise. */
export const waitUntil = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Makes the question that is asked again and again until it is so, for `ms` at the most; false where it never is. */
export const waitAtMost = (ms: number) => async (isSo: () => boolean | Promise<boolean>): Promise<boolean> => {
  const giveUpAt = performance.now() + ms
  while (!await isSo()) {
    if (performance.now() > giveUpAt) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}
