import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { checkClock } from '../../../src/commands/doctor/check-clock.ts'
import type { Finding } from '../../../src/commands/doctor/finding.ts'
import { startWechatSimulator } from '../../../src/demo/wechat-simulator.ts'
import { systemClock } from '../../../src/runtime.ts'
import { codesIn, faultsIn, findingsOf, goodSettings } from '../../support/doctor.ts'
import { freePort, startRedis } from '../../support/redis.ts'
import { makeFolder, run } from '../../support/service-process.ts'

const simulator = await startWechatSimulator()
t.teardown(() => simulator.close())
const redis = await startRedis()
t.teardown(() => redis.stop())

/** The findings on a machine whose clock is ahead by this much. */
const check = async (aheadMs: number, more: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> =>
  await findingsOf(checkClock, { ...goodSettings, WECHAT_API_URL: simulator.url, ...more }, { ...systemClock, now: () => Date.now() + aheadMs })

for (const [aheadMs, codes, text] of [
  [0, [], 'the clock of this machine agrees with WeChat\'s within 5 s'],
  [20_000, [['warning', 'clock-off']], /^the clock of this machine is (?:19|20) s fast: /],
  [-20_000, [['warning', 'clock-off']], /^the clock of this machine is (?:20|21) s slow: /],
  [90_000, [['failure', 'clock-wrong']], /^the clock of this machine is (?:89|90) s fast: /],
  [-86_400_000, [['failure', 'clock-wrong']], /^the clock of this machine is 8640\d s slow: /],
] as const) {
  await t.test(`doctor: the machine's clock is compared with WeChat's when it is ${aheadMs / 1000} s ahead`, async (t) => {
    const findings = await check(aheadMs)
    t.strictSame(codesIn(findings), codes)
    t.match(findings.map((finding) => finding.text), [text])
  })
}

await t.test('doctor: with Redis its clock counts, and the machine\'s own may differ, which is a warning', async (t) => {
  const store = { STORE_URL: redis.url }
  t.strictSame(codesIn(await check(0, store)), [])
  const findings = await check(90_000, store)
  t.strictSame(codesIn(findings), [['warning', 'clock-differs']])
  t.match(findings[0]?.text, /^the clock of Redis at 127\.0\.0\.1:\d+ agrees with WeChat's within 5 s$/)
  t.match(faultsIn(findings), [{ text: /^the clock of this machine is 90 s ahead of that of Redis at 127\.0\.0\.1:\d+: / }])
})

await t.test('doctor: without an answer of WeChat\'s, or of Redis, the clock is not checked', async (t) => {
  const nobody = `127.0.0.1:${await freePort()}`
  t.match(await check(0, { WECHAT_API_URL: `http://${nobody}` }), [{ status: 'not-checked', text: `the clock against WeChat's: ${nobody} does not answer with a time` }])
  t.match(await check(0, { STORE_URL: `redis://${nobody}` }), [{ status: 'not-checked', text: 'the clock of Redis, which does not answer' }, { status: 'ok' }])
})

await t.test('doctor: a process that sees another time than WeChat says so', async (t) => {
  const preload = `--import=${pathToFileURL(join(import.meta.dirname, '../../support/wrong-clock.ts')).href}`
  const { stdout } = await run(t, { script: 'src/commands/doctor.ts', folder: makeFolder(t), env: { ...goodSettings, WECHAT_API_URL: simulator.url, NODE_OPTIONS: preload, WRONG_CLOCK_MS: '-300000' }, args: ['--json'] }).ended
  const { findings } = JSON.parse(stdout) as { findings: ReadonlyArray<{ check: string, code: string | null }> }
  t.strictSame(findings.filter(({ check }) => check === 'clock').map(({ code }) => code), ['clock-wrong'])
})
