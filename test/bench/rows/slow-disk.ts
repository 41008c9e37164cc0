/** What other visitors notice of logins on a disk that takes 20 ms for a flush. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededFraction } from '../../support/seeded-random.ts'
import { makeFolder } from '../../support/service-process.ts'
import type { TeardownScope } from '../../support/teardown-scope.ts'
import { createConnectionPool, expectStatus } from '../load/connection.ts'
import { createTickets } from '../load/hold.ts'
import { openLoop } from '../load/loops.ts'
import { createSamples, type Measurement } from '../row.ts'
import type { Sizes } from '../sizes.ts'
import { percentile } from '../statistics.ts'
import type { Subjects } from '../subjects.ts'
import { codeRequest, pollRequest } from '../ways/long-poll.ts'
import { withScope } from '../with-scope.ts'

const flushMs = 20
const longestPauseMs = 400
const others = 20
/** How often others ask, for each login. */
const asksPerLogin = 4
const heldSeconds = 1

export const measureSlowDisk = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()

  const measure = (name: string, env: Readonly<Record<string, string>>): Promise<void> => withScope(async (scope) => {
    const process = await subjects.startService(scope, 'sqlite', { env: { ...env, TICKET_TTL: '3600' } })
    const way = subjects.longPollWay(process)
    const pool = createConnectionPool(process.port)
    const tickets = await createTickets(process, others)
    const ticketOf = () => tickets[Math.floor(seededFraction() * tickets.length)] ?? tickets[0]! // there are some
    const timed = (request: string, waitMs = 0): Promise<number> => pool.use(async (connection) => {
      const start = performance.now()
      expectStatus(await connection.send(request), 200)
      return performance.now() - start - waitMs
    })
    for (const ticket of tickets) await timed(codeRequest(ticket)) // WeChat makes each once
    await openLoop({ perSecond: sizes.perSecond / 4, seconds: 2, work: () => way.logIn({ isNewcomer: true }) })

    const span = { perSecond: sizes.perSecond / 4, seconds: sizes.seconds * 2 } // far from busy: flushes decide, not the processor
    const tapping = openLoop({
      ...span,
      work: () => way.logIn({ beforeScanMs: seededFraction() * longestPauseMs, beforeTapMs: seededFraction() * longestPauseMs }),
    })
    const asking = openLoop({
      ...span,
      perSecond: span.perSecond * asksPerLogin,
      work: () => timed(seededFraction() < 0.5 ? codeRequest(ticketOf()) : pollRequest(ticketOf(), 0, 0)),
    })
    const waking = openLoop({
      ...span,
      work: async () => {
        await sleep(seededFraction() * longestPauseMs)
        return await timed(pollRequest(ticketOf(), 1, heldSeconds), heldSeconds * 1000)
      },
    })
    const [times, answers, wakes] = await Promise.all([tapping, asking, waking])
    samples.add(`${name} answers`, percentile(answers, 0.99))
    samples.add(`${name} wakes`, percentile(wakes, 0.99))
    samples.add(`${name} taps`, percentile(times.map(({ tapToPageMs }) => tapToPageMs), 0.5))
    pool.close()
    way.close()
  })

  const against = (figure: string, atMost: number) => ({ atMost, baseline: { name: 'this disk', figures: samples.of(`fast ${figure}`) } })

  return {
    samples,
    measure: () => withScope(async (scope) => {
      await measure('fast', {})
      await measure('slow', { LD_PRELOAD: compileSlowFlush(scope), SLOW_FLUSH_MS: String(flushMs) })
    }),
    rows: () => [
      { name: `others' wake-ups p99, ${flushMs} ms a flush`, unit: 'ms', figures: samples.of('slow wakes'), goal: against('wakes', 1.5) },
      { name: `others' polls and codes p99, ${flushMs} ms a flush`, unit: 'ms', figures: samples.of('slow answers'), goal: against('answers', 1.5) },
      { name: `tap to page p50, ${flushMs} ms a flush`, unit: 'ms', figures: samples.of('slow taps') },
    ],
  }
}

const compileSlowFlush = (scope: TeardownScope): string => {
  const library = join(makeFolder(scope), 'slow-flush.so')
  execFileSync('gcc', ['-shared', '-fPIC', '-o', library, join(import.meta.dirname, '../slow-flush.c'), '-ldl'])
  return library
}
