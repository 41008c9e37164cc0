/** Holds that a held poll asks nothing of the store while it waits, however many there are. */
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Store } from '../../src/login/store-port.ts'
import { createStore } from '../../src/stores/store.ts'
import { untilReady } from '../contract/store-harness.ts'
import { openBrowser, type TestBrowser } from '../support/clients.ts'
import { openCountingRelay } from '../support/counting-relay.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { startRedis } from '../support/redis.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { settle } from '../support/waiting.ts'

const quietSeconds = 5

/** Makes `count` browsers, each with a held poll. Returns how many of these were answered so far, and a function that ends them. */
const hold = async (service: TestService, count: number, settled: () => Promise<unknown>) => {
  const browsers: TestBrowser[] = []
  while (browsers.length < count) browsers.push(await openBrowser(service))
  let answered = 0
  const polls = browsers.map((browser) => browser.poll(1, 25).then(() => { answered++ }))
  await settled()
  const end = async (): Promise<void> => {
    for (const browser of browsers) await browser.giveUp()
    await Promise.all(polls)
  }
  return { answered: () => answered, end }
}

const env = { LIMIT_CREATE: '1000' }

await t.test('quiet polls: they ask the embedded store for nothing while they wait', async (t) => {
  const asked: string[] = []
  const wrapStore = (inner: Store): Store => Object.fromEntries(Object.entries(inner).map(([name, method]) => [name, (...args: unknown[]) => {
    asked.push(name)
    return (method as (...args: unknown[]) => unknown)(...args)
  }])) as unknown as Store // the same methods
  const service = await openTestService(t, { env, wrapStore })
  const { answered, end } = await hold(service, 40, settle)
  t.ok(asked.includes('read'), 'what they asked before they wait is seen')
  asked.length = 0
  for (let second = 0; second < quietSeconds; second++) {
    service.clock.advance(1000)
    await settle()
  }
  t.strictSame(asked, [])
  t.equal(answered(), 0)
  await end()
})

/** With the reading of the store's clock. */
const heartbeat = ['PING', 'PUBLISH', 'SET', 'TIME']

/** What a service on Redis sends in a quiet time, with `count` polls held. */
const sentWhileQuiet = async (t: Test, port: number, count: number): Promise<readonly string[]> => {
  const relay = await openCountingRelay(t, port)
  const clock = createFakeClock()
  const store = createStore(relay.url, { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const service = await openTestService(t, { env, clock, store })
  await untilReady(store)
  for (let second = 0; second < quietSeconds; second++) { // until it has subscribed
    clock.advance(1000)
    await relay.settled()
  }
  const { answered, end } = await hold(service, count, relay.settled)
  relay.take()
  for (let second = 0; second < quietSeconds; second++) {
    clock.advance(1000)
    await relay.settled()
    await turn()
  }
  const sent = relay.take().flat().toSorted()
  t.equal(answered(), 0)
  await end()
  return sent
}

await t.test('quiet polls: forty of them send Redis the heartbeat, and at most one command a second for all of them', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const sent = await sentWhileQuiet(t, server.port, 40)
  // Where a busy machine is late with a heartbeat, the tickets of all polls are read again, together.
  const others = sent.filter((command) => !heartbeat.includes(command))
  t.ok(others.length <= quietSeconds, `beside the heartbeat: ${others.join(' ')}`)
  t.ok(sent.includes('PUBLISH'), `the heartbeat: ${sent.join(' ')}`)
})
