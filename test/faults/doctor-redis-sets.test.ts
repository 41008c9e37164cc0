/** The doctor on a Sentinel set and on a cluster. */
import t from 'tap'
import { checkClock } from '../../src/commands/doctor/check-clock.ts'
import { checkStore } from '../../src/commands/doctor/check-store.ts'
import { codesIn, findingsOf, goodSettings } from '../support/doctor.ts'
import { sendCommand, startCluster, startSentinelSet } from '../support/redis-sets.ts'

for (const [what, open, masters] of [['a Sentinel set', startSentinelSet, 1], ['a cluster', startCluster, 3]] as const) {
  await t.test(`doctor: every master of ${what} is looked at`, async (t) => {
    const { url, servers } = await open(t)
    for (const { port } of servers) await sendCommand(port, 'CONFIG', 'SET', 'appendonly', 'yes')
    const settings = { ...goodSettings, STORE_URL: url, WECHAT_API_URL: 'http://127.0.0.1:9' }
    const findings = await findingsOf(checkStore, settings)
    t.strictSame(codesIn(findings), Array.from({ length: masters }, () => ['warning', 'redis-replicas']))
    t.ok(findings.some(({ text }) => text.startsWith('it writes, reads and removes')))
    for (const { port } of servers) await sendCommand(port, 'CONFIG', 'SET', 'min-replicas-to-write', '1')
    t.strictSame(codesIn(await findingsOf(checkStore, settings)), [])
    t.equal((await findingsOf(checkClock, settings)).filter(({ status, text }) => status === 'ok' && text.includes('Redis at')).length, masters)
  })
}
