/** `import`: makes people known ahead of their first scan. A file with a wrong line changes nothing: it is read once to be checked, and once more to be imported. */
import { createSecretKey } from 'node:crypto'
import { subjectOf } from '../../domain/person.ts'
import { admitAhead, type AdmittedAhead } from '../../login/admit-ahead.ts'
import { readRows, type BadRow, type Row } from './csv-rows.ts'
import { counted } from './output.ts'
import type { Parts } from './parts.ts'

/** People at a time: the store flushes what they write together. */
const batchSize = 100
/** Wrong lines that are named. */
const maxShown = 20

export type ImportCounts = Readonly<Record<AdmittedAhead, number>>

/** Rejects with an Error whose message names the wrong lines. What broke off for another reason is finished by another call. */
export const importPeople = async (parts: Parts, file: string): Promise<ImportCounts> => {
  const { WECHAT_APPID } = parts.config
  if (WECHAT_APPID === null) throw new Error('WECHAT_APPID is not set: an openid belongs to one mini program')
  if (WECHAT_APPID !== await parts.appidOfService()) throw new Error(`WECHAT_APPID ${WECHAT_APPID} is not that of the service on this store: an openid belongs to one mini program`)
  const subjectKey = createSecretKey(parts.keys.subject)
  const subOf = ({ ids }: Row): string => subjectOf(WECHAT_APPID, ids.openid, subjectKey)

  await assertRight(file, subOf)
  const counts: Record<AdmittedAhead, number> = { new: 0, changed: 0, unchanged: 0, blocked: 0 }
  const admit = async (rows: readonly Row[]): Promise<void> => {
    const results = await Promise.all(rows.map(({ ids, name, groups }, index) => admitAhead(parts, { sub: subOf(rows[index] as Row), ids, name, groups }))) // one for each
    for (const result of results) counts[result] += 1
    await parts.flushSteps()
  }
  let batch: Row[] = []
  for await (const row of readRows(file)) {
    if ('why' in row) throw new Error(`${file} has changed meanwhile: run the command again`)
    batch.push(row)
    if (batch.length < batchSize) continue
    await admit(batch)
    batch = []
  }
  await admit(batch)
  return counts
}

const assertRight = async (file: string, subOf: (row: Row) => string): Promise<void> => {
  const lineOf = new Map<string, number>()
  const wrong: BadRow[] = []
  let count = 0
  for await (const row of readRows(file)) {
    const bad = 'why' in row ? row : repeated(row, lineOf, subOf(row))
    if (bad === null) continue
    count += 1
    if (wrong.length < maxShown) wrong.push(bad)
  }
  if (count === 0) return
  const lines = wrong.map(({ line, why }) => `line ${line} ${why}`)
  throw new Error([...lines, `nothing was imported: ${counted(count, 'line')} of ${file} ${count === 1 ? 'is' : 'are'} wrong`].join('\n'))
}

const repeated = ({ line }: Row, lineOf: Map<string, number>, sub: string): BadRow | null => {
  const first = lineOf.get(sub)
  if (first !== undefined) return { line, why: `has the openid of line ${first}` }
  lineOf.set(sub, line)
  return null
}

export const importLine = ({ new: added, changed, unchanged, blocked }: ImportCounts): string =>
  `${counted(added, 'new person', 'new people')}, ${changed} changed, ${unchanged} unchanged${blocked === 0 ? '' : `, ${blocked} blocked and left so`}`
