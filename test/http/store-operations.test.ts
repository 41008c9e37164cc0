/** Holds the table of src/stores/README.md to the code: what each call of a login asks of the store, and in how many round trips. */
import t, { type Test } from 'tap'
import type { Store } from '../../src/login/store-port.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { createStore } from '../../src/stores/store.ts'
import { fillAfterMs } from '../../src/wechat/prefetched-codes.ts'
import { untilReady } from '../contract/store-harness.ts'
import { openBrowser, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { openCountingRelay, type CountingRelay } from '../support/counting-relay.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { phoneOf } from '../support/login.ts'
import { sectionIn } from '../support/readmes.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { startRedis } from '../support/redis.ts'
import { openTestService, type Answer, type Call, type TestService, type TestServiceOptions } from '../support/test-service.ts'
import { settle, waitUntil } from '../support/waiting.ts'

/** The commands of Redis for each operation of a login. */
const commandsOf: Readonly<Record<string, string>> = {
  read: 'GET',
  claimAndRead: 'SET MGET',
  readMany: 'MGET',
  write: 'SET',
  claim: 'SET',
  removeClaim: 'EVAL',
  replace: 'EVAL',
  acquireSlot: 'EVAL',
  secureSlot: 'EVAL',
  releaseSlot: 'EVAL',
  countAgainstLimits: 'EVAL',
  readLimitCounts: 'EVAL',
  addToList: 'ZADD',
}

/** They store nothing. */
const reads = ['read', 'readMany', 'readLimitCounts']

interface Step { readonly call: string, readonly trips: readonly string[][] }

/** Reads a table whose rows begin with a call in backticks, and have operations after it: `a` + `b` in one round trip, and → before the next. */
const tableOf = (section: string): readonly Step[] => [...section.matchAll(/^\| `([A-Z]+ \/[^`]+)`[^|]*\|([^|]+)\|/gm)].map(([, call = '', operations = '']) => ({
  call,
  trips: operations.split('→').map((trip) => [...trip.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)),
}))

const tables = [
  { language: 'en', title: 'What a login asks of the store', totals: (operations: number, writes: number, trips: number) => `${operations} operations, ${writes} of them writes, in ${trips} round trips`, again: (trips: number) => `whoever was here before takes ${trips} round trips`, apart: (trips: number) => `at different instances it takes ${trips}` },
  { language: 'zh-CN', title: '一次登录要存储做什么', totals: (operations: number, writes: number, trips: number) => `${operations} 次操作，其中 ${writes} 次写入，共 ${trips} 次往返`, again: (trips: number) => `来过的人是 ${trips} 次往返`, apart: (trips: number) => `在不同的实例上时是 ${trips} 次` },
] as const

const [{ steps }] = tables.map(({ language, title }) => ({ steps: tableOf(sectionIn(language, title)) })) as [{ steps: readonly Step[] }, ...unknown[]] // there are two

const codesAhead = 8
const env = { CODE_SUPPLY: String(codesAhead) }

/** Makes the calls of the table, one after the other; the polls are held before the phone's calls, which they answer. */
const callsOf = (service: TestService, settled: () => Promise<unknown>): Readonly<Record<string, () => Promise<void>>> => {
  let browser: TestBrowser
  let phone: TestPhone
  let held: Promise<Answer>
  let number: string | undefined
  const ok = (answer: Answer): void => { if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`) }
  return {
    'POST /api/tickets': async () => { browser = await openBrowser(service) },
    'GET /api/tickets/{ticket}/code': async () => { ok(await service.call({ path: `/api/tickets/${browser.ticket}/code` })) },
    'GET /api/tickets/{ticket}?after=1': async () => {
      held = browser.poll(1)
      await settled()
    },
    'POST /api/phone/login': async () => { phone = await phoneOf(service) },
    'POST /api/phone/tickets/{ticket}/scan': async () => {
      ok(await phone.scan(browser.ticket))
      number = (await held).json.match_code
    },
    'GET /api/tickets/{ticket}?after=2': async () => {
      held = browser.poll(2)
      await settled()
    },
    'POST /api/phone/tickets/{ticket}/confirm': async () => {
      ok(await phone.confirm(browser.ticket, number))
      ok(await held)
    },
    'POST /api/tickets/{ticket}/consume': async () => { ok(await browser.consume()) },
  }
}

/** Lets an instance make codes ahead, as it does for its first visitor. */
const prepare = async (service: TestService, settled: () => Promise<void>): Promise<void> => {
  await openBrowser(service) // a visitor before, for whom the codes made ahead were not there yet
  service.clock.advance(fillAfterMs)
  await waitUntil(() => service.simulator.countOf('getwxacodeunlimit') === codesAhead)
  await settled()
}

/** Makes each call of the table, and compares what `take` returns after it with its row. */
const compare = async (t: Test, service: TestService, settled: () => Promise<void>, take: () => unknown, expected: (trips: Step['trips']) => unknown): Promise<void> => {
  const calls = callsOf(service, settled)
  await prepare(service, settled)
  t.strictSame(steps.map(({ call }) => call), Object.keys(calls), 'the table has every call of a login')
  for (const { call, trips } of steps) {
    take()
    await calls[call]?.()
    await settled()
    t.strictSame(take(), expected(trips), call)
  }
}

for (const { language, title, totals } of tables) {
  await t.test(`READMEs in ${language}: the table of a login's operations is the same as in English, and adds up`, async (t) => {
    const section = sectionIn(language, title)
    t.strictSame(tableOf(section), steps)
    const trips = steps.flatMap((step) => step.trips)
    const operations = trips.flat()
    t.ok(section.includes(totals(operations.length, operations.filter((name) => !reads.includes(name)).length, trips.length)))
  })
}

await t.test('store: a login asks the embedded one for the operations of the table, and for no other', async (t) => {
  let asked: string[] = []
  const wrapStore = (inner: Store): Store => Object.fromEntries(Object.entries(inner).map(([name, method]) => [name, (...args: unknown[]) => {
    if (name in commandsOf) asked.push(name)
    return (method as (...args: unknown[]) => unknown)(...args)
  }])) as unknown as Store // the same methods
  const service = await openTestService(t, { env, wrapStore })
  const take = () => {
    const taken = asked.toSorted()
    asked = []
    return taken
  }
  await compare(t, service, settle, take, (trips) => trips.flat().toSorted())
})

/** Opens an instance whose round trips to Redis are counted. */
const openCounted = async (t: Test, port: number, options: TestServiceOptions = {}): Promise<{ service: TestService, relay: CountingRelay }> => {
  const relay = await openCountingRelay(t, port)
  const clock = createFakeClock() // stands still, so neither heartbeats nor checks of the connection come in between
  const store = createStore(relay.url, { clock, log: createRecordingLog() })
  const service = await openTestService(t, { env, clock, store, ...options })
  t.teardown(() => store.close())
  await untilReady(store)
  const seen: string[] = []
  while (seen.filter((name) => name === 'SUBSCRIBE').length < 2) { // once for moves, once for heartbeats
    clock.advance(1_000)
    await relay.settled()
    seen.push(...relay.take().flat())
  }
  return { service, relay }
}

const openRedis = async (t: Test): Promise<number> => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  return server.port
}

await t.test('store: a login takes the round trips to Redis that are in the table, and no other', async (t) => {
  const { service, relay } = await openCounted(t, await openRedis(t))
  const take = () => relay.take().map((names) => names.toSorted())
  await compare(t, service, relay.settled, take, (trips) => trips.map((names) => names.flatMap((name) => commandsOf[name]?.split(' ')).toSorted()))
})

await t.test('store: the login of somebody who was here before takes as many round trips as the READMEs say', async (t) => {
  const { service, relay } = await openCounted(t, await openRedis(t))
  await prepare(service, relay.settled)
  const tripsOfLogin = async (): Promise<number> => {
    relay.take()
    for (const call of Object.values(callsOf(service, relay.settled))) {
      await call()
      await relay.settled()
    }
    return relay.take().length
  }
  const [first, again] = [await tripsOfLogin(), await tripsOfLogin()]
  t.ok(again < first, 'the first one makes the record')
  for (const { language, title, again: words } of tables) t.ok(sectionIn(language, title).includes(words(again)), `${language}: ${again}`)
})

await t.test('store: a login whose browser and phone are at different instances takes as many round trips as the READMEs say', async (t) => {
  const port = await openRedis(t)
  const keys = generateKeys()
  const here = await openCounted(t, port, { keys })
  const there = await openCounted(t, port, { keys, simulator: here.service.simulator })
  const isPhone = ({ path }: Call): boolean => path.startsWith('/api/phone/')
  const both: TestService = { ...here.service, call: (call) => (isPhone(call) ? there : here).service.call(call) }
  const settled = async () => {
    for (const { relay } of [here, there, here]) await relay.settled()
  }
  const take = () => [...here.relay.take(), ...there.relay.take()]
  await prepare(both, settled)
  take()
  for (const call of Object.values(callsOf(both, settled))) await call()
  await settled()
  const trips = take().length
  for (const { language, title, apart } of tables) t.ok(sectionIn(language, title).includes(apart(trips)), `${language}: ${trips}`)
})
