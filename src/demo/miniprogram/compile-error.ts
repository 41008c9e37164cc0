/** What is wrong with a mini program, all at once: one line each, `file:line:column: what` or `file: what`. Lines and columns count from 1. */
export class CompileError extends Error {
  readonly problems: readonly string[]

  constructor (problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'CompileError'
    this.problems = problems
  }
}

/** Waits for all promises and rejects with one `CompileError` that has the problems of every part, not only of the first that failed. */
export const collectErrors = async <T extends readonly unknown[]>(work: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> => {
  const problems: string[] = []
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'fulfilled') continue
    if (!(outcome.reason instanceof CompileError)) throw outcome.reason
    problems.push(...outcome.reason.problems)
  }
  if (problems.length > 0) throw new CompileError(problems)
  return Promise.all(work) as unknown as Promise<T> // a mapped tuple of promises, which the library's type doesn't see through
}
