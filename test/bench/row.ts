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

/** Values by name, one for each round. */
export interface Samples {
  add (name: string, value: number): void
  of (name: string): readonly number[]
}

export const createSamples = (): Samples => {
  const values = new Map<string, number[]>()
  return {
    add: (name, value) => { values.set(name, [...values.get(name) ?? [], value]) },
    of: (name) => values.get(name) ?? [],
  }
}

/** What some of the rows need measured together, round by round. */
export interface Measurement {
  /** Starts its subjects in turn, and adds a value to each of its rows. */
  round (): Promise<void>
  rows (): readonly Row[]
}
