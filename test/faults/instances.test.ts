// Two instances on one Redis, as behind a balancer without sticky sessions.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openBrowser, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import type { Answer } from '../support/test-service.ts'
import { openFaultProxy } from '../support/fault-proxy.ts'
import { openPair } from '../support/pair.ts'
import { startRedis } from '../support/redis.ts'
import { sendCommand } from '../support/redis-sets.ts'

/** Opens a pair whose other instance reaches Redis through a fault proxy. */
const openByProxy = async (t: Test, env: Readonly<Record<string, string>>) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const proxy = await openFaultProxy(t, redis.port)
  return { redis, proxy, ...await openPair(t, { store: redis.url, env, envOfOther: { STORE_URL: proxy.url } }) }
}

/** Scans and confirms at one instance while polls are held at the other; asserts that each is answered long before its end. */
const scanAndConfirm = async (t: Test, phone: TestPhone, browser: TestBrowser, held: Promise<Answer[]>): Promise<void> => {
  t.equal((await phone.scan(browser.ticket)).status, 200)
  const [scanned] = await Promise.race([held, sleep(10_000, [], { ref: false })])
  t.hasStrict(scanned, { status: 200, json: { state: 'scanned', version: 2 } })
  const confirmed = browser.poll(2, 25)
  t.equal((await phone.confirm(browser.ticket, scanned?.json.match_code)).status, 200)
  t.hasStrict(await Promise.race([confirmed, sleep(10_000, undefined, { ref: false })]), { json: { state: 'confirmed', version: 3 } })
}

await t.test('instances: a held poll is answered when the phone calls the other instance', async (t) => {
  const { deployment, other } = await openByProxy(t, { MAX_HELD_POLLS: '1' })
  const phone = await deployment.phone()
  const browser = await openBrowser(other)
  const { answers } = await holdPolls(other, [browser])
  await scanAndConfirm(t, phone, browser, answers)
  const consumed = await browser.consume()
  t.equal(consumed.status, 200)
  const headers = { authorization: `Bearer ${consumed.json.access_token}` }
  for (const instance of [deployment, other]) t.hasStrict(await instance.call({ path: '/api/session', headers }), { status: 200, json: { user: { sub: phone.sub } } })
})

await t.test('instances: a held poll is answered long before its end when its instance gets no notifications, and again when it does', async (t) => {
  const { deployment, other, proxy } = await openByProxy(t, { MAX_HELD_POLLS: '1' })
  const phone = await deployment.phone()
  const browser = await openBrowser(other)
  const { answers } = await holdPolls(other, [browser])
  proxy.dropMessages(true)
  await scanAndConfirm(t, phone, browser, answers)

  proxy.dropMessages(false)
  const next = await openBrowser(other)
  const { answers: nextAnswers } = await holdPolls(other, [next])
  t.equal((await phone.scan(next.ticket)).status, 200)
  t.hasStrict(await Promise.race([nextAnswers, sleep(10_000, [], { ref: false })]), [{ status: 200, json: { state: 'scanned', version: 2 } }])
})

await t.test('instances: held polls cost no command; all their tickets are read in one command when notifications may have been missed', async (t) => {
  const held = 100
  const { other, redis, proxy } = await openByProxy(t, { MAX_HELD_POLLS: String(held), CODE_SUPPLY: '0' }) // prefetched codes would show in Redis' statistics
  const browsers = await Promise.all(Array.from({ length: held }, () => openBrowser(other)))
  const { answers } = await holdPolls(other, browsers)
  /** Reads how often each command was called since the last reading. */
  const commands = async (): Promise<Record<string, number>> => {
    const text = String(await sendCommand(redis.port, 'INFO', 'commandstats'))
    await sendCommand(redis.port, 'CONFIG', 'RESETSTAT')
    return Object.fromEntries([...text.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]))
  }
  /** Waits until Redis was asked for the time so many times: each instance asks once a second. */
  const pass = async (times: number): Promise<void> => {
    while (Number(/^cmdstat_time:calls=(\d+)/m.exec(String(await sendCommand(redis.port, 'INFO', 'commandstats')))?.[1] ?? 0) < times) await sleep(50)
  }

  await pass(1)
  await commands()
  await pass(8)
  const subscribed = await commands()
  t.strictSame([subscribed.get ?? 0, subscribed.eval ?? 0], [0, 0], JSON.stringify(subscribed))

  proxy.dropMessages(true)
  await pass(8)
  const stale = await commands()
  t.equal(stale.get ?? 0, 0)
  t.ok((stale.mget ?? 0) >= 1 && (stale.mget ?? 0) <= 8, JSON.stringify(stale))
  await Promise.all(browsers.map((browser) => browser.giveUp()))
  for (const answer of await answers) t.hasStrict(answer, { status: 200, json: { state: 'cancelled' } })
})
