/** Lets the event loop turn `n` times. */
export const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Lets everything run that needs no time to pass. */
export const settle = (): Promise<void> => turns(20)

/** Waits until a condition holds, without a limit of its own: the test's time limit ends it otherwise. */
export const waitUntil = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Returns a function that waits up to `ms` for a condition, and resolves with whether it came to hold. */
export const waitAtMost = (ms: number) => async (isSo: () => boolean | Promise<boolean>): Promise<boolean> => {
  const giveUpAt = performance.now() + ms
  while (!await isSo()) {
    if (performance.now() > giveUpAt) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}
