/** Owns what has to be ended when something is over, for what runs outside a test as well as inside one. */

/** Is told what to do at the end; a test is one. */
export interface TeardownScope {
  teardown (end: () => unknown): void
}

/** Makes one for what is no test. */
export const createTeardownScope = (): TeardownScope & { readonly end: () => Promise<void> } => {
  const ends: (() => unknown)[] = []
  return {
    teardown: (end) => { ends.push(end) },
    end: async () => { for (const end of ends.reverse()) await end() }, // the last first, as a test does
  }
}
