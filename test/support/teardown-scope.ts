/** Collects what has to be ended at the end. A tap test is one, so helpers that take it work inside a test and outside. */
export interface TeardownScope {
  teardown (end: () => unknown): void
}

/** Creates a scope outside a test; `end` ends everything in it. */
export const createTeardownScope = (): TeardownScope & { readonly end: () => Promise<void> } => {
  const ends: (() => unknown)[] = []
  return {
    teardown: (end) => { ends.push(end) },
    end: async () => { for (const end of ends.reverse()) await end() }, // last in, first out, as in a tap test
  }
}
