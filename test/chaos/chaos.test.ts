/** The short form of the chaos test; the long one is `npm run chaos`. To repeat a run with its seed: `CHAOS_SEED=7 npx tap test/chaos/chaos.test.ts`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { violationLines } from './report.ts'
import { runChaos, type ChaosOptions } from './run.ts'

const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31)

const run = async (t: Test, options: Pick<ChaosOptions, 'seed' | 'logins' | 'faults'>) => {
  t.comment(`CHAOS_SEED=${seed}`)
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-chaos-'))
  const result = await runChaos(t, { ...options, folder, concurrency: 40 })
  if (result.violations.length === 0) rmSync(folder, { recursive: true })
  t.equal(result.violations.length, 0, `seed ${seed}, history ${result.file}\n${violationLines(result.violations)}`)
  const ends = result.records.filter((record) => record.type === 'end')
  return { ...result, ends }
}

await t.test('chaos: nobody is logged in twice or wrongly, and every browser gets a result, when instances and Redis fail again and again', async (t) => {
  const { ends, injected } = await run(t, { seed, logins: 200, faults: { faultPhaseMs: 60_000, quietPhaseMs: 500, everyMs: [400, 1_200], killEveryMs: [1_500, 4_000], stopAfterMs: 20_000 } })
  t.ok(ends.filter(({ how }) => how !== 'fresh').length > 100, 'most are logged in')
  t.ok(Object.keys(injected).length >= 5, `there were faults of several kinds: ${Object.keys(injected).join()}`)
})

await t.test('chaos: every browser is logged in or shows a fresh code when Redis loses everything', async (t) => {
  const { ends } = await run(t, { seed: seed + 1, logins: 60, faults: 'flush' })
  t.ok(ends.some(({ how }) => how === 'fresh'), 'some have lost their login')
})
