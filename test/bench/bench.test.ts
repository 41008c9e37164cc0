/** The bench itself: with tiny numbers, which say nothing about speed, each measurement still yields its figures. */
import t from 'tap'
import { measurements } from './measurements.ts'
import { measureRound } from './row.ts'
import { quickSizes } from './sizes.ts'
import { createSubjects } from './subjects.ts'
import { verdictOf } from './table.ts'

const subjects = await createSubjects(t)

for (const [name, { create }] of Object.entries(measurements)) {
  await t.test(`bench: ${name} has a figure in each row, and in each rival's, when it has measured a round`, async (t) => {
    const measurement = create(subjects, quickSizes)
    await measureRound(measurement)
    const rows = measurement.rows()
    t.ok(rows.length > 0)
    for (const row of rows) {
      t.strictSame(row.figures.map(Number.isFinite), [true], row.name)
      for (const [rival, figures = []] of Object.entries(row.rivals ?? {})) t.ok(figures.every(Number.isFinite) && figures.length <= 1, `${row.name}: ${rival}`)
      if (row.goal !== undefined) t.type(verdictOf(row)?.isMet, 'boolean')
      t.ok(row.goal?.baseline === undefined || row.goal.baseline.figures.length === 1, `${row.name}: its baseline is measured, too`)
    }
  })
}
