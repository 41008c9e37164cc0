import t from 'tap'
import { createLogLimit, maxCounted } from '../../src/log-limit.ts'
import { createFakeClock } from '../support/fake-clock.ts'

await t.test('log limit: each kind and client has its lines a minute, and the rest are counted, when there are more', async (t) => {
  const clock = createFakeClock()
  const reported: string[] = []
  const lines = createLogLimit(clock, (kind, client, count) => { reported.push(`${kind} ${client} ${count}`) })
  const allowed = (kind: string, client: string, count: number) => Array.from({ length: count }, () => lines.allows(kind, client, 2)).filter(Boolean).length
  t.equal(allowed('a', '192.0.2.1', 5), 2)
  t.equal(allowed('a', '192.0.2.2', 2), 2)
  t.equal(allowed('b', '192.0.2.1', 3), 2)
  clock.shiftWallClock(-86_400_000)
  clock.advance(59_999)
  t.strictSame(reported, [])
  clock.advance(1)
  t.strictSame(reported.splice(0), ['a 192.0.2.1 3', 'b 192.0.2.1 1'])
  clock.advance(600_000)
  t.strictSame(reported, [], 'nothing when nothing was left out')
  t.equal(allowed('a', '192.0.2.1', 3), 2, 'each minute anew')
  lines.flush()
  t.strictSame(reported.splice(0), ['a 192.0.2.1 1'], 'at the end of the process')
  clock.advance(60_000)
  t.strictSame(reported, [])
})

await t.test('log limit: further clients share one count when more than maxCounted write lines', async (t) => {
  const clock = createFakeClock()
  const reported: string[] = []
  const lines = createLogLimit(clock, (kind, client, count) => { reported.push(`${kind} ${client} ${count}`) })
  let allowed = 0
  for (let n = 0; n < maxCounted + 500; n++) allowed += lines.allows('a', `client-${n}`, 1) ? 1 : 0
  t.equal(allowed, maxCounted + 1)
  t.equal(lines.allows('b', 'client-0', 1), true, 'another kind has its own')
  clock.advance(60_000)
  t.strictSame(reported, ['a others 499'])
})
