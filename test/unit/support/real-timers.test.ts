import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { afterDeadline } from '../../../src/deadline.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { realTimers } from '../../support/real-timers.ts'
import { waitUntil } from '../../support/waiting.ts'

await t.test('real timers: a deadline doesn\'t end with an earlier one when the clock stands still', async (t) => {
  const timer = realTimers(createFakeClock())
  const missed: string[] = []
  afterDeadline(timer, 400, () => { missed.push('first') })
  await sleep(200)
  const cancel = afterDeadline(timer, 400, () => { missed.push('second') })
  await waitUntil(() => missed.length > 0)
  cancel()
  t.strictSame(missed, ['first'])
})
