/** Owns the long form: `npm run chaos -- --seed 7 --logins 10000 --concurrency 200`. Ends with 1 where anything happened that must not. */
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
    /** Keeps the histories there, whatever comes of it. */
    keep: { type: 'string' },
    /** Judges a history that was kept, and does nothing else. */
    check: { type: 'string' },
    /** What the instances log, to standard error. */
    'log-level': { type: 'string', default: 'silent' },
  },
})
const say = (text: string): void => { process.stdout.write(`${text}\n`) }

if (values.check !== undefined) {
  const violations = check(readFileSync(values.check, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as HistoryRecord)) // as it was written
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
      onProgress: (done, { records }) => { say(`${Math.round((performance.now() - start) / 1000)} s: ${done} of ${options.logins} visits over, ${records.length} calls`) },
    })
    say(reportOf(result))
    return result.violations.length === 0
  } finally {
    await scope.end()
  }
}

const isGood = [
  await phase('storm and calm', { seed, logins, faults: { stormMs: 25_000, calmMs: 10_000, everyMs: [800, 3_000], killEveryMs: [2_000, 6_000] } }),
  await phase('Redis emptied', { seed: seed + 1, logins: Math.ceil(logins / 20), faults: 'flush' }),
].every(Boolean)
if (isGood && values.keep === undefined) rmSync(folder, { recursive: true })
process.exit(isGood ? 0 : 1) // whatever is still being waited for
