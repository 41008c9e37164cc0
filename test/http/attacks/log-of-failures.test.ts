/** Log lines about refusals of a full service: bounded, with their number. */
import t from 'tap'
import { openBrowser } from '../../support/clients.ts'
import { openTestService } from '../../support/test-service.ts'

await t.test('log: a minute of refusals by a full service is a bounded number of lines with a count when a stranger goes on calling', async (t) => {
  const service = await openTestService(t, { env: { MAX_TICKETS: '1', LIMIT_CREATE: '100000' } })
  const made = await openBrowser(service, { from: '192.0.2.1' })
  t.equal(made.created.status, 201)
  await made.poll() // a polled ticket isn't evicted
  let refused = 0
  for (let i = 0; i < 1000; i++) if ((await openBrowser(service, { from: `2001:db8:66:${i.toString(16)}::1` })).created.status === 503) refused++
  t.ok(refused > 900, String(refused))
  service.clock.advance(60_000)
  const lines = service.logged().trim().split('\n').map((line) => JSON.parse(line) as { level: number, msg: string, code?: string, repeated?: number, status?: number })
  const refusals = lines.filter(({ level, code }) => level === 50 && code === 'too-many-tickets')
  t.equal(refusals.filter(({ repeated }) => repeated === undefined).length, 60)
  t.strictSame(refusals.filter(({ repeated }) => repeated !== undefined).map(({ repeated }) => repeated), [refused - 60])
  t.equal(lines.filter(({ level, msg, status }) => level === 30 && msg === 'answered' && status === 503).length, 240)
})
