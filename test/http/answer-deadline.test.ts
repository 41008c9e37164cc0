/** The time limit of every call, and stalls of this process, which must not count against the store or WeChat. */
import { setImmediate as turn } from 'node:timers/promises'
import fastify, { type FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { Problem } from '../../src/errors.ts'
import { answerDeadlinePlugin } from '../../src/http/answer-deadline.ts'
import { createLogLimit } from '../../src/log-limit.ts'
import type { Store } from '../../src/login/store-port.ts'
import type { Timer } from '../../src/timer-queue.ts'
import { openBrowser } from '../support/clients.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openTestService } from '../support/test-service.ts'
import { verdict } from '../support/login.ts'
import { settle } from '../support/waiting.ts'

/** Opens a service whose store doesn't answer reads while `hangs` says so. */
const openHanging = async (t: Test) => {
  const plan = { hangs: false, asked: 0 }
  const wrapStore = (store: Store): Store => ({
    ...store,
    read: async (key) => {
      if (!plan.hangs) return await store.read(key)
      plan.asked++
      return await new Promise<never>(() => {})
    },
  })
  const service = await openTestService(t, { wrapStore })
  const untilAsked = async (): Promise<void> => { while (plan.asked === 0) await turn() }
  return { service, plan, untilAsked }
}

/** Opens a server with the time limit and nothing else. */
const openBare = async (t: Test, timer: Timer, options: FastifyServerOptions = {}) => {
  const app = fastify(options)
  t.teardown(() => app.close())
  app.decorate('failureLines', createLogLimit(createFakeClock(), () => {}))
  app.decorate('refusalPage', () => null)
  await app.register(answerDeadlinePlugin, { timer })
  return app
}

for (const [what, path, ms] of [['a call', '/code', 5_000], ['a poll', '?after=1&wait=25', 31_000]] as const) {
  await t.test(`answer deadline: ${what} is answered store-unavailable after ${ms} ms, and not before, when the store hangs`, async (t) => {
    const { service, plan, untilAsked } = await openHanging(t)
    const { ticket, secret } = await openBrowser(service)
    plan.hangs = true
    let isAnswered = false
    const answer = service.call({ path: `/api/tickets/${ticket}${path}`, headers: { authorization: `Ticket ${secret}` } })
    answer.finally(() => { isAnswered = true }).catch(() => {})
    await untilAsked()
    service.clock.advance(ms - 1)
    await settle()
    t.equal(isAnswered, false)
    service.clock.advance(1)
    t.equal(verdict(await answer), '503 store-unavailable')
  })
}

await t.test('answer deadline: a failed guess is answered as any other call, and nothing is logged later, when its count hangs', async (t) => {
  const count = Promise.withResolvers<never>()
  const asked = Promise.withResolvers<void>()
  const service = await openTestService(t, {
    wrapStore: (store) => ({
      ...store,
      countAgainstLimits: () => {
        asked.resolve()
        return count.promise
      },
    }),
  })
  const answer = service.call({ path: `/api/tickets/${'A'.repeat(22)}/code` })
  await asked.promise
  service.clock.advance(5_000)
  const { headers } = await answer
  t.equal(verdict(await answer), '503 store-unavailable')
  t.match(headers, { 'content-type': /^application\/problem\+json/, 'retry-after': /^[1-9]/, 'cache-control': 'no-store', vary: /^Cookie, Authorization$/ })
  await settle()
  const logged = service.logged()
  count.reject(new Problem('store-unavailable'))
  await settle()
  t.equal(service.logged(), logged)
})

await t.test('E8 answer deadline: an answer that arrives right after a stall of this process counts, and a missing one does not', async (t) => {
  const clock = createFakeClock()
  const stalledMs = 5_600
  const timer: Timer = { steady: clock.steady, after: (ms, call) => clock.after(ms === 5_000 ? ms + stalledMs : ms, call) }
  const app = await openBare(t, timer)
  const answers: Array<() => void> = []
  app.get('/', async () => {
    await new Promise<void>((resolve) => { answers.push(resolve) })
    return 'there'
  })
  const [first, second] = [app.inject('/'), app.inject('/')].map((answer) => answer.then(({ statusCode }) => statusCode))
  while (answers.length < 2) await turn()
  clock.advance(5_000 + stalledMs)
  await turn()
  answers[0]?.()
  t.equal(await first, 200)
  clock.advance(500)
  t.equal(await second, 503)
})

await t.test('answer deadline: nothing more is sent or logged when a handler ends after its time', async (t) => {
  const clock = createFakeClock()
  const lines: string[] = []
  const app = await openBare(t, clock, { logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  const handler = Promise.withResolvers<string>()
  const asked = Promise.withResolvers<void>()
  app.get('/', async () => {
    asked.resolve()
    return await handler.promise
  })
  const answer = app.inject('/').then(({ statusCode }) => statusCode)
  await asked.promise
  clock.advance(5_000)
  t.equal(await answer, 503)
  lines.length = 0 // drops the line about the timeout itself
  handler.resolve('too late')
  await settle()
  t.strictSame(lines, [])
})
