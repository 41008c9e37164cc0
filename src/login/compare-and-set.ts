/**
 * Changes a stored value that other callers, on other instances too, may change at the same time: reads it, lets `decide` derive the new value, and
 * replaces it where it is still the one that was read; otherwise starts over with what the others have stored.
 *
 * `decide` may return the value it was given: then nothing is written, and `after === before`. It runs once per try, so it must be pure; what it
 * throws is thrown. `replace` resolves with whether it has replaced the value; the store lets one caller win. `first` is a read that the same request has
 * begun already: the first try starts from it.
 */
export const compareAndSet = async <T>(read: () => Promise<T>, decide: (before: T) => T, replace: (before: T, after: T) => Promise<boolean>, first?: Promise<T>): Promise<{ readonly before: T, readonly after: T }> => {
  for (let reading = first; ; reading = undefined) { // terminates: a lost race means that another caller's change was stored
    const before = await (reading ?? read())
    const after = decide(before)
    if (after === before || await replace(before, after)) return { before, after }
  }
}
