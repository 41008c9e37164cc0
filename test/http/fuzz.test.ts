/**
 * Thousands of hostile requests over sockets to every route in the service's description: never a 5xx, every refusal a problem, and no change to another
 * person's data. `npm run fuzz` sends 50,000; FUZZ_SEED repeats a run, FUZZ_RUNS sets its size.
 */
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { openTestService, type TestService } from '../support/test-service.ts'
import { logIn } from '../support/login.ts'
import { corruptions } from '../support/fuzz/corruptions.ts'
import { judge } from '../support/fuzz/judge.ts'
import { createRecorder, type Recorder } from '../support/fuzz/recorder.ts'
import { hostileRequests, operationsOf, type Operation } from '../support/fuzz/requests.ts'
import { openScenario, type Scenario } from '../support/fuzz/scenario.ts'
import { bytesOf, readAnswer, sendRaw } from '../support/fuzz/wire.ts'

const seed = Number(process.env.FUZZ_SEED ?? 1)
const numRuns = Number(process.env.FUZZ_RUNS ?? 2000)

interface Range { readonly service: TestService, readonly port: number, readonly recorder: Recorder, readonly scenario: Scenario, readonly operations: readonly Operation[] }

const openRange = async (t: Test): Promise<Range> => {
  const recorder = createRecorder()
  const service = await openTestService(t, {
    env: { LIMIT_CREATE: '1000000', LIMIT_GUESS: '1000000', LIMIT_PHONE: '1000000', MAX_TICKETS: '10000000', MAX_WAIT: '0', WECHAT_URL_LINK: 'on', ALLOWED_ORIGINS: 'https://shop.example', TRUST_PROXY: '127.0.0.1' },
    wrapStore: recorder.wrap,
  })
  Object.assign(service.simulator.settings, { codesPerMinute: Infinity, linksPerSecond: Infinity, linksPerDay: Infinity })
  const { port } = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  const operations = operationsOf((await service.call({ path: '/openapi.json' })).json)
  return { service, port: Number(port), recorder, operations, scenario: await openScenario(service) }
}

/** Reads what is stored under these keys, and what Ming sees. */
const snapshot = async ({ service, scenario }: Range, keys: readonly string[]): Promise<unknown> =>
  ({ stored: await Promise.all(keys.map((key) => service.store.read(key))), victim: await scenario.victimState() })

/** Sends the requests, and checks that nothing changed for Ming, nothing leaked into the log, and logins still work. */
const attack = async (t: Test, sendRequests: (range: Range) => Promise<void>): Promise<void> => {
  const range = await openRange(t)
  const { service, recorder, scenario } = range
  const keys = [...recorder.keys].filter(scenario.belongsToVictim)
  t.ok(keys.length >= 6, 'Ming has tickets, a session, a key and a name')
  const before = await snapshot(range, keys)
  await sendRequests(range)
  t.strictSame(await snapshot(range, keys), before, 'nothing of Ming\'s has changed')
  const log = service.logged()
  for (const [what, secret] of Object.entries(scenario.secrets)) t.notOk(log.includes(secret), `the log does not contain his ${what}`)
  t.notMatch(log, /"level":(?:50|60)/, 'and contains no error')
  t.equal((await logIn(service)).consumed.status, 200, 'people can still log in')
}

const settings = { seed, endOnFailure: false, verbose: 0 } as const

await t.test('fuzz: nothing gets through and nothing breaks when requests are hostile', async (t) => {
  t.comment(`FUZZ_SEED=${seed} FUZZ_RUNS=${numRuns}`)
  await attack(t, async ({ port, recorder, scenario, operations }) => {
    const met = new Map<string, number>()
    await fc.assert(fc.asyncProperty(hostileRequests(operations), async (request) => {
      recorder.takeChanges()
      const answer = readAnswer(await sendRaw(port, bytesOf(scenario.address(request))))
      const changed = recorder.takeChanges()
      const complaint = judge(scenario, { request, answer, changed })
      if (changed.some(scenario.isNeeded)) await scenario.renew()
      if (complaint !== undefined) throw new Error(`${request.method} ${request.target}: ${complaint}`)
      const word = `${request.operation.method} ${request.operation.path} ${answer?.status}`
      met.set(word, (met.get(word) ?? 0) + 1)
    }), { ...settings, numRuns })
    if (numRuns < 1000) return
    for (const { method, path, successes } of operations) {
      // Hong is no owner: for her there are no people.
      if (!path.startsWith('/api/phone/people')) t.ok(successes[method]?.some((status) => met.has(`${method} ${path} ${status}`)), `${method} ${path} succeeded at least once`)
      if (/^\/(?:api)/.test(path)) t.ok([...met.keys()].some((word) => word.startsWith(`${method} ${path} 4`)), 'and was refused at least once')
    }
  })
})

await t.test('fuzz: nothing gets through and nothing breaks when the bytes of requests are corrupted', async (t) => {
  await attack(t, async ({ port, recorder, scenario, operations }) => {
    await fc.assert(fc.asyncProperty(hostileRequests(operations), corruptions, async (request, breakIt) => {
      recorder.takeChanges()
      const text = await sendRaw(port, breakIt(bytesOf(scenario.address(request))), { finAfterMs: 20 })
      const changed = recorder.takeChanges()
      if (changed.some(scenario.isNeeded)) await scenario.renew()
      const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
      if (statuses.some((status) => status >= 500)) throw new Error(text)
      if (changed.some(scenario.belongsToVictim)) throw new Error(`${changed.join(', ')} changed`)
      const [first = 0] = statuses
      if (first >= 400 && !/^content-type: application\/problem\+json/im.test(text)) throw new Error(`no problem: ${text}`)
    }), { ...settings, numRuns: Math.ceil(numRuns / 10) })
  })
})
