// Two processes on one Redis, as behind a proxy that sends each request where it likes.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openBrowser, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import type { Answer } from '../support/test-service.ts'
import { openFaultProxy } from '../support/fault-proxy.ts'
import { openPair } from '../support/pair.ts'
import { startRedis } from '../support/redis.ts'
import { sendCommand } from '../support/redis-sets.ts'

/** A pair whose other instance reaches Redis by way of a proxy. */
const openByProxy = async (t: Test, env: Readonly<Record<string, string>>) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const proxy = await openFaultProxy(t, redis.port)
  return { redis, proxy, ...await openPair(t, { store: redis.url, env, envOfOther: { STORE_URL: proxy.url } }) }
}

/** Says yes at one instance while the browser waits at the other; each time the held poll is answered long before its end. */
const sayYes = async (t: Test, phone: TestPhone, browser: TestBrowser, held: Promise<Answer[]>): Promise<void> => {
  t.equal((await phone.scan(browser.ticket)).status, 200)
  const [scanned] = await Promise.race([held, sleep(10_000, [], { ref: false })])
  t.hasStrict(scanned, { status: 200, json: { state: 'scanned', version: 2 } })
  const confirmed = browser.poll(2, 25)
  t.equal((await phone.confirm(browser.ticket, scanned?.json.match_code)).status, 200)
  t.hasStrict(await Promise.race([confirmed, sleep(10_000, undefined, { ref: false })]), { json: { state: 'confirmed', version: 3 } })
}

await t.test('instances: a held poll is answered when the phone talks to the other one', async (t) => {
  const { deployment, other } = await openByProxy(t, { MAX_HELD_POLLS: '1' })
  const phone = await deployment.phone()
  const browser = await openBrowser(other)
  const { answers } = await holdPolls(other, [browser])
  await sayYes(t, phone, browser, answers)
  const consumed = await browser.consume()
  t.equal(consumed.status, 200)
  const headers = { authorization: `Bearer ${consumed.json.access_token}` }
  for (const instance of [deployment, other]) t.hasStrict(await instance.call({ path: '/api/session', headers }), { status: 200, json: { user: { sub: phone.sub } } })
})

await t.test('instances: a held poll is answered long before its end when its instance has gone deaf, and hears again by itself', async (t) => {
  const { deployment, other, proxy } = await openByProxy(t, { MAX_HELD_POLLS: '1' })
  const phone = await deployment.phone()
  const browser = await openBrowser(other)
  const { answers } = await holdPolls(other, [browser])
  proxy.dropMessages(true)
  await sayYes(t, phone, browser, answers)

  proxy.dropMessages(false)
  const next = await openBrowser(other)
  const { answers: nextAnswers } = await holdPolls(other, [next])
  t.equal((await phone.scan(next.ticket)).status, 200)
  t.hasStrict(await Promise.race([nextAnswers, sleep(10_000, [], { ref: false })]), [{ status: 200, json: { state: 'scanned', version: 2 } }])
})

await t.test('instances: waiting costs Redis nothing, and where something may have been missed all that is waited for is read in one go', async (t) => {
  const held = 100
  const { other, redis, proxy } = await openByProxy(t, { MAX_HELD_POLLS: String(held), CODE_SUPPLY: '0' }) // codes made ahead would be seen in Redis
  const browsers = await Promise.all(Array.from({ length: held }, () => openBrowser(other)))
  const { answers } = await holdPolls(other, browsers)
  /** How often each command came since the last time. */
  const commands = async (): Promise<Record<string, number>> => {
    const text = String(await sendCommand(redis.port, 'INFO', 'commandstats'))
    await sendCommand(redis.port, 'CONFIG', 'RESETSTAT')
    return Object.fromEntries([...text.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]))
  }
  /** Until Redis has been told the time so often: once a second by each instance. */
  const pass = async (times: number): Promise<void> => {
    while (Number(/^cmdstat_time:calls=(\d+)/m.exec(String(await sendCommand(redis.port, 'INFO', 'commandstats')))?.[1] ?? 0) < times) await sleep(50)
  }

  await pass(1)
  await commands()
  await pass(8)
  const resting = await commands()
  t.strictSame([resting.get ?? 0, resting.eval ?? 0], [0, 0], JSON.stringify(resting))

  proxy.dropMessages(true)
  await pass(8)
  const deaf = await commands()
  t.equal(deaf.get ?? 0, 0)
  t.ok((deaf.mget ?? 0) >= 1 && (deaf.mget ?? 0) <= 8, JSON.stringify(deaf))
  await Promise.all(browsers.map((browser) => browser.giveUp()))
  for (const answer of await answers) t.hasStrict(answer, { status: 200, json: { state: 'cancelled' } })
})
