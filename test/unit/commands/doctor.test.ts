/** The doctor's frame: how checks run, what is mended, and that README and tests know every fault. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { faultCodes } from '../../../src/commands/doctor/fault-codes.ts'
import { failure, ok, warning } from '../../../src/commands/doctor/finding.ts'
import { mend, runChecks, type Result } from '../../../src/commands/doctor/run.ts'
import type { Check, CheckContext } from '../../../src/commands/doctor/context.ts'
import type { CheckName } from '../../../src/commands/doctor/fault-codes.ts'
import { readSettings } from '../../../src/config.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { repository, sectionIn } from '../../support/readmes.ts'

const codes = [...Object.values(faultCodes).flat(), 'check-failed']

const read = (file: string): string => readFileSync(join(repository, file), 'utf8')

for (const [language, title] of [['en', 'What it finds'], ['zh-CN', '能查出什么']] as const) {
  await t.test(`doctor: the README in ${language} lists every fault under its check, in order, and no other`, async (t) => {
    const rows = [...sectionIn(language, title).matchAll(/^\|([^|]*)\| `([a-z-]+)` \| [^|]+ \|$/gm)]
    t.strictSame(rows.map(([, , code]) => code), codes)
    const firsts = rows.filter(([, check]) => check?.trim() !== '').length
    t.equal(firsts, Object.values(faultCodes).filter(({ length }) => length > 0).length + 1)
  })
}

await t.test('doctor: every fault is in a test that puts it in', async (t) => {
  const tests = globSync('test/**/*doctor*/**/*.ts', { cwd: repository }).concat(globSync('test/**/*doctor*.ts', { cwd: repository })).map(read).join('\n')
  t.strictSame(codes.filter((code) => !tests.includes(`'${code}'`)), [])
})

const contextAt = (clock = createFakeClock()): CheckContext => ({ ...readSettings({}), environment: {}, clock })

const resultsOf = async (check: Check, context = contextAt()): Promise<readonly Result[]> => {
  const results: Result[] = []
  for await (const result of runChecks({ settings: check } as Readonly<Record<CheckName, Check>>, context)) results.push(result) // the other checks are left out
  return results
}

await t.test('doctor: a check that throws is a failure, and one that hangs, too', async (t) => {
  t.hasStrict(await resultsOf(async () => { throw new Error('no luck') }), [{ check: 'settings', findings: [{ status: 'failure', code: 'check-failed', text: 'this check failed itself: no luck' }] }])
  const clock = createFakeClock()
  const results = resultsOf(() => new Promise(() => {}), contextAt(clock))
  await clock.advance(89_999)
  t.equal(await Promise.race([results, 'waiting']), 'waiting')
  await clock.advance(1)
  t.hasStrict(await results, [{ findings: [{ code: 'check-failed', text: 'this check failed itself: it has not come to an end within 90 s' }] }])
})

await t.test('doctor: --fix mends what has a fix, and says why where it can not', async (t) => {
  const { findings, mended } = mend({
    check: 'settings',
    findings: [
      ok('fine'),
      failure('setting-wrong', 'first', 'do this', () => 'done'),
      warning('setting-ignored', 'second', 'do that', () => { throw new Error('not allowed') }),
      failure('setting-wrong', 'third', 'do it by hand'),
    ],
  })
  t.strictSame(mended, ['done'])
  t.strictSame(findings.map((finding) => [finding.status, finding.text, 'todo' in finding ? finding.todo : null]), [
    ['ok', 'fine', null], ['warning', 'second', 'do that (--fix could not: not allowed)'], ['failure', 'third', 'do it by hand'],
  ])
})
