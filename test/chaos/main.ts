/** The long form: `npm run chaos -- --seed 7 --logins 10000 --concurrency 200`. Exits with 1 if there was a violation. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createTeardownScope } from '../support/teardown-scope.ts'
import { check } from './checker.ts'
import type { HistoryRecord } from './history.ts'
import { reportOf, violationLines } from './report.ts'
import { runChaos, type ChaosOptions } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    logins: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '200' },
    /** A folder in which the histories are kept, whatever the result. */
    keep: { type: 'string' },
    /** A kept history to check, without a run. */
    check: { type: 'string' },
    /** The log level of the instances, which log to standard error. */
    'log-level': { type: 'string', default: 'silent' },
  },
})
const say = (text: string): void => { process.stdout.write(`${text}\n`) }

if (values.check !== undefined) {
  const violations = check(readFileSync(values.check, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as HistoryRecord)) // as history.ts wrote it
  say(`${violations.length} violations\n${violationLines(violations)}`)
  process.exit(violations.length === 0 ? 0 : 1)
}

const seed = Number(values.seed)
const logins = Number(values.logins)
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'scan-login-chaos-'))

const phase = async (name: string, options: Pick<ChaosOptions, 'seed' | 'logins' | 'faults'>): Promise<boolean> => {
  const scope = createTeardownScope()
  const start = performance.now()
  say(`${name}: ${options.logins} logins, seed ${options.seed}`)
  try {
    const result = await runChaos(scope, {
      ...options,
      folder,
      concurrency: Number(values.concurrency),
      logLevel: values['log-level'],
      onProgress: (done, { records }) => { say(`${Math.round((performance.now() - start) / 1000)} s: ${done} of ${options.logins} visits finished, ${records.length} calls`) },
    })
    say(reportOf(result))
    return result.violations.length === 0
  } finally {
    await scope.end()
  }
}

const isGood = [
  await phase('faults and quiet phases', { seed, logins, faults: { faultPhaseMs: 25_000, quietPhaseMs: 10_000, everyMs: [800, 3_000], killEveryMs: [2_000, 6_000] } }),
  await phase('Redis emptied', { seed: seed + 1, logins: Math.ceil(logins / 20), faults: 'flush' }),
].every(Boolean)
if (isGood && values.keep === undefined) rmSync(folder, { recursive: true })
process.exit(isGood ? 0 : 1) // even if something still keeps the process alive
