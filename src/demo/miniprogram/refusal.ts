/** Owns how a mini program that can't be compiled is refused: everything that is wrong at once, one line each. */

/** What is wrong, as `file:line:column: what` or `file: what`. Lines and columns count from 1. */
export class Refusal extends Error {
  readonly problems: readonly string[]

  constructor (problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'Refusal'
    this.problems = problems
  }
}

/** Waits for all of the work, so that what is wrong in one part doesn't hide what is wrong in the next. */
export const allOrRefuse = async <T extends readonly unknown[]>(work: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> => {
  const problems: string[] = []
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'fulfilled') continue
    if (!(outcome.reason instanceof Refusal)) throw outcome.reason
    problems.push(...outcome.reason.problems)
  }
  if (problems.length > 0) throw new Refusal(problems)
  return Promise.all(work) as unknown as Promise<T> // a mapped tuple of promises, which the library's type doesn't see through
}
