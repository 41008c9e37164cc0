import t from 'tap'
import { createLogLimit, remembered } from '../../../src/http/log-limit.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

await t.test('line limit: so many lines a minute for each kind and client, and one for the number of the others', async (t) => {
  const clock = createFakeClock()
  const told: string[] = []
  const lines = createLogLimit(clock, (kind, client, count) => { told.push(`${kind} ${client} ${count}`) })
  const allowed = (kind: string, client: string, count: number) => Array.from({ length: count }, () => lines.allows(kind, client, 2)).filter(Boolean).length
  t.equal(allowed('a', '192.0.2.1', 5), 2)
  t.equal(allowed('a', '192.0.2.2', 2), 2)
  t.equal(allowed('b', '192.0.2.1', 3), 2)
  clock.set(-86_400_000)
  clock.advance(59_999)
  t.strictSame(told, [])
  clock.advance(1)
  t.strictSame(told.splice(0), ['a 192.0.2.1 3', 'b 192.0.2.1 1'])
  clock.advance(600_000)
  t.strictSame(told, [], 'nothing when there was nothing')
  t.equal(allowed('a', '192.0.2.1', 3), 2, 'each minute anew')
  lines.flush()
  t.strictSame(told.splice(0), ['a 192.0.2.1 1'], 'at the end of the process')
  clock.advance(60_000)
  t.strictSame(told, [])
})

await t.test('line limit: further clients share one count, when there are more than are remembered', async (t) => {
  const clock = createFakeClock()
  const told: string[] = []
  const lines = createLogLimit(clock, (kind, client, count) => { told.push(`${kind} ${client} ${count}`) })
  let allowed = 0
  for (let n = 0; n < remembered + 500; n++) allowed += lines.allows('a', `client-${n}`, 1) ? 1 : 0
  t.equal(allowed, remembered + 1)
  t.equal(lines.allows('b', 'client-0', 1), true, 'another kind has its own')
  clock.advance(60_000)
  t.strictSame(told, ['a others 499'])
})
