import { createTeardownScope, type TeardownScope } from '../support/teardown-scope.ts'

/** Does work whose processes end with it. */
export const withScope = async <T>(work: (scope: TeardownScope) => Promise<T>): Promise<T> => {
  const scope = createTeardownScope()
  try {
    return await work(scope)
  } finally {
    await scope.end()
  }
}
