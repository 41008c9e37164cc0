/** The table as text: a figure, its spread over the rounds, how many times each rival's it is, and its goal. */
import type { Row } from './row.ts'
import { median } from './statistics.ts'
import { rivals } from './subjects.ts'

const heads = ['', 'figure', 'rounds', ...rivals.map((rival) => `× ${rival}`), 'goal', 'met']
const none = '·'

/** Three digits. */
export const shown = (value: number): string => {
  if (!Number.isFinite(value)) return '?'
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 3))
}

/** The ratios of the same rounds. */
export const ratiosOf = (figures: readonly number[], baseline: readonly number[]): readonly number[] =>
  figures.slice(0, baseline.length).map((figure, round) => figure / (baseline[round] ?? NaN))

const spreadOf = (figures: readonly number[]): string => figures.length < 2 ? '' : `${shown(Math.min(...figures))} to ${shown(Math.max(...figures))}`

export interface Verdict {
  /** In the goal's measure: a factor of its baseline, or the figure itself. */
  readonly value: number
  readonly isMet: boolean
}

/** Judges a row by the median of its rounds; undefined where it has no goal. */
export const verdictOf = ({ goal, figures }: Row): Verdict | undefined => {
  if (goal === undefined) return undefined
  const value = median(goal.baseline === undefined ? figures : ratiosOf(figures, goal.baseline.figures))
  return { value, isMet: value <= goal.atMost }
}

const cellsOf = (row: Row): readonly string[] => {
  const { name, unit, figures, rivals: others = {}, goal } = row
  const verdict = verdictOf(row)
  const ratio = (baseline: readonly number[] | undefined): string => baseline === undefined || baseline.length === 0 ? none : shown(median(ratiosOf(figures, baseline)))
  return [
    name,
    `${shown(median(figures))} ${unit}`.trim(),
    spreadOf(figures),
    ...rivals.map((rival) => ratio(others[rival])),
    goal === undefined || verdict === undefined ? '' : `${shown(verdict.value)}${goal.baseline === undefined ? '' : ` × ${goal.baseline.name}`}, at most ${shown(goal.atMost)}`,
    verdict === undefined ? '' : verdict.isMet ? 'yes' : 'NO',
  ]
}

export const tableOf = (rows: readonly Row[]): string => {
  const lines = [heads, ...rows.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines.map((cells) => cells.map((cell, column) => column === 0 ? cell.padEnd(widths[column] ?? 0) : column < cells.length - 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n')
}
