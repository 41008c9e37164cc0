/** Owns what the mini program keeps on the phone: one person's values, which keep their types. */

export interface Storage {
  /** '' where there is none, as WeChat says it. */
  get (key: string): unknown
  set (key: string, value: unknown): void
  remove (key: string): void
}

export const createStorage = (person: string): Storage => {
  const place = (key: string): string => `scan-login-demo:${person}:${key}`
  return {
    get: (key) => {
      const kept = localStorage.getItem(place(key))
      return kept === null ? '' : (JSON.parse(kept) as { value?: unknown }).value
    },
    // A text alone wouldn't tell 1 from '1', and JSON has no undefined.
    set: (key, value) => localStorage.setItem(place(key), JSON.stringify({ value })),
    remove: (key) => localStorage.removeItem(place(key)),
  }
}
