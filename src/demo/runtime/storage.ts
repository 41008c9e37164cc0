/** `wx`'s storage on localStorage, separate for each person. */

export interface Storage {
  /** Returns '' for a missing key, as WeChat does. */
  get (key: string): unknown
  set (key: string, value: unknown): void
  remove (key: string): void
}

export const createStorage = (person: string): Storage => {
  const storageKey = (key: string): string => `scan-login-demo:${person}:${key}`
  return {
    get: (key) => {
      const stored = localStorage.getItem(storageKey(key))
      return stored === null ? '' : (JSON.parse(stored) as { value?: unknown }).value
    },
    // Wrapped in an object, since JSON has no undefined.
    set: (key, value) => localStorage.setItem(storageKey(key), JSON.stringify({ value })),
    remove: (key) => localStorage.removeItem(storageKey(key)),
  }
}
