/** Counts of answers by attack. Bounded: beyond `maxAnswers` different answers, an attack's new ones are counted together. */
export interface Tally {
  add (attack: string, answer: string, count?: number): void
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>
}

const maxAnswers = 40

export const createTally = (): Tally => {
  const counts = new Map<string, Map<string, number>>()
  return {
    counts,
    add: (attack, answer, count = 1) => {
      const answers = counts.get(attack) ?? new Map<string, number>()
      counts.set(attack, answers)
      const name = answers.has(answer) || answers.size < maxAnswers ? answer : 'others'
      answers.set(name, (answers.get(name) ?? 0) + count)
    },
  }
}
