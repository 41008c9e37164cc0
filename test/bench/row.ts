/** A row of the table: what a figure is, its values by round, and what they are compared with. */
import type { Rival } from './subjects.ts'

export interface Row {
  readonly name: string
  readonly unit: Unit
  /** One for each round. */
  readonly figures: readonly number[]
  /** The rivals' in the same rounds. */
  readonly rivals?: Readonly<Partial<Record<Rival, readonly number[]>>>
  readonly goal?: Goal
}

export type Unit = 'ms' | 's' | 'a second' | 'kB' | 'MB' | ''

export interface Goal {
  /** A factor of the baseline; without one, of the unit. */
  readonly atMost: number
  readonly baseline?: Baseline
}

export interface Baseline {
  readonly name: string
  /** In the same rounds. */
  readonly figures: readonly number[]
}

/** Values by name, one for each round. Those of a round count once it is over: values of the same index are of the same round. */
export interface Samples {
  add (name: string, value: number): void
  of (name: string): readonly number[]
  /** Ends a round: its values count, or are dropped where it failed. */
  end (isWhole: boolean): void
}

export const createSamples = (): Samples => {
  const values = new Map<string, number[]>()
  const added = new Map<string, number>()
  return {
    add: (name, value) => { added.set(name, value) },
    of: (name) => values.get(name) ?? [],
    end: (isWhole) => {
      if (isWhole) for (const [name, value] of added) values.set(name, [...values.get(name) ?? [], value])
      added.clear()
    },
  }
}

/** What some of the rows need measured together, round by round. */
export interface Measurement {
  readonly samples: Samples
  /** Starts its subjects in turn, and adds a value to each of its rows. */
  measure (): Promise<void>
  rows (): readonly Row[]
}

/** Measures a round. Rejects where something failed in it; then nothing of it counts. */
export const measureRound = async ({ measure, samples }: Measurement): Promise<void> => {
  let isWhole = false
  try {
    await measure()
    isWhole = true
  } finally {
    samples.end(isWhole)
  }
}
