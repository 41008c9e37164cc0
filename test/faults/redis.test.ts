// The service on a real Redis: a login, the answers while Redis is down or frozen, and the recovery.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { openBrowser, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import type { Answer } from '../support/test-service.ts'
import { makeFolder, openDeployment, waitUntilReady, type Deployment } from '../support/service-process.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'

/** Every call is answered within 6 s, whatever fails behind the service. */
const answerWithinMs = 6000

/** Starts a Redis that keeps its data when it is killed, on a given port or a free one. */
const openRedis = async (t: Test, folder: string, port?: number): Promise<RedisServer> => {
  const redis = await startRedis({ args: ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always'], ...(port !== undefined && { port }) })
  t.teardown(() => redis.stop())
  return redis
}

const openRedisDeployment = async (t: Test, redis: RedisServer): Promise<Deployment> => {
  const deployment = await openDeployment(t, { env: { STORE_URL: redis.url, MAX_HELD_POLLS: '1' } })
  makeKeyFile(join(deployment.folder, 'data/keys.json'))
  return deployment
}

interface Visitor {
  readonly phone: TestPhone
  readonly cookie: string
  readonly token: string
}

const logIn = async (t: Test, deployment: Deployment, phone: TestPhone): Promise<Visitor> => {
  const browser = await openBrowser(deployment)
  t.hasStrict(await phone.scan(browser.ticket), { status: 200, json: { state: 'scanned' } })
  const view = await browser.poll(1, 0)
  t.hasStrict(await phone.confirm(browser.ticket, view.json.match_code), { status: 200, json: { state: 'confirmed', version: 3 } })
  const consumed = await browser.consume()
  t.hasStrict(consumed, { status: 200, json: { user: { sub: phone.sub } } })
  return { phone, cookie: String(consumed.headers['set-cookie']).replace(/;.*/, ''), token: consumed.json.access_token }
}

/** Every call that needs the store, for a person who is logged in and in the middle of a second login. */
const everyCall = (deployment: Deployment, { phone, cookie, token }: Visitor, browser: TestBrowser): Readonly<Record<string, () => Promise<Answer>>> => {
  const own = { cookie, 'sec-fetch-site': 'same-origin' }
  return {
    create: async () => (await openBrowser(deployment)).created,
    code: () => deployment.call({ path: browser.created.json.code_url }),
    poll: () => browser.poll(),
    'held poll': () => browser.poll(1, 25),
    consume: () => browser.consume(),
    'give up': () => browser.giveUp(),
    session: () => deployment.call({ path: '/api/session', headers: { cookie } }),
    'session by token': () => deployment.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } }),
    verify: () => deployment.call({ path: '/api/session/verify', headers: { cookie } }),
    'fresh token': () => deployment.call({ method: 'POST', path: '/api/session/token', headers: own }),
    'log out': () => deployment.call({ method: 'DELETE', path: '/api/session', headers: own }),
    'phone login': () => deployment.call({ method: 'POST', path: '/api/phone/login', body: { js_code: deployment.simulator.jsCode('ming') } }),
    scan: () => phone.scan(browser.ticket),
    confirm: () => phone.confirm(browser.ticket, '00'),
    cancel: () => phone.cancel(browser.ticket),
    sessions: () => phone.sessions(),
    'sign out': () => phone.signOut('AbCdEfGhIjKlMnOpQrStUv'),
    rename: () => phone.rename('Ming'),
    ready: () => deployment.call({ path: '/health/ready' }),
  }
}

/** Waits until the service knows of the outage; its readiness is cached for a second. */
const waitUntilAway = async (deployment: Deployment): Promise<void> => { while ((await deployment.call({ path: '/health/ready' })).status !== 503) await sleep(50) }

const expectOutage = async (t: Test, calls: Readonly<Record<string, () => Promise<Answer>>>): Promise<void> => {
  await Promise.all(Object.entries(calls).map(async ([name, call]) => {
    const answer = await Promise.race([call(), sleep(answerWithinMs, { status: 'too late' as const }, { ref: false })])
    t.hasStrict(answer, { status: 503, headers: { 'retry-after': '2' }, json: { type: 'urn:scan-login:problem:store-unavailable', code: 'store-unavailable' } }, name)
  }))
}

await t.test('redis: a person stays logged in when the service is killed and started again', async (t) => {
  const redis = await openRedis(t, makeFolder(t))
  const deployment = await openRedisDeployment(t, redis)
  const first = await deployment.start()
  await waitUntilReady(deployment)
  const { cookie, phone } = await logIn(t, deployment, await deployment.phone())
  first.kill('SIGKILL')
  await first.ended
  await deployment.start()
  await waitUntilReady(deployment)
  t.hasStrict(await deployment.call({ path: '/api/session', headers: { cookie } }), { status: 200, json: { user: { sub: phone.sub } } })
  await logIn(t, deployment, phone)
})

await t.test('redis: the service starts, and works later, when Redis is not there yet', async (t) => {
  const folder = makeFolder(t)
  const redis = await openRedis(t, folder)
  const deployment = await openRedisDeployment(t, redis)
  await redis.stop()
  const running = await deployment.start()
  t.hasStrict(await deployment.call({ path: '/health/ready' }), { status: 503, json: { code: 'store-unavailable' } })
  await openRedis(t, folder, redis.port)
  await waitUntilReady(deployment)
  await logIn(t, deployment, await deployment.phone())
  running.kill('SIGTERM')
  t.hasStrict(await running.ended, { code: 0 })
})

const outages = {
  killed: {
    begin: async (redis: RedisServer) => { await redis.stop() },
    end: async (t: Test, redis: RedisServer, folder: string) => { await openRedis(t, folder, redis.port) },
  },
  frozen: {
    begin: async (redis: RedisServer) => { redis.kill('SIGSTOP') },
    end: async (_t: Test, redis: RedisServer) => { redis.kill('SIGCONT') },
  },
}

for (const [how, outage] of Object.entries(outages)) {
  await t.test(`redis: every call gets store-unavailable in time, and works again afterwards, when Redis is ${how}`, async (t) => {
    const folder = makeFolder(t)
    const redis = await openRedis(t, folder)
    const deployment = await openRedisDeployment(t, redis)
    const running = await deployment.start()
    await waitUntilReady(deployment)
    const visitor = await logIn(t, deployment, await deployment.phone())
    const browser = await openBrowser(deployment)
    const held = await openBrowser(deployment)
    const { answers } = await holdPolls(deployment, [held])

    await outage.begin(redis)
    await waitUntilAway(deployment)
    await expectOutage(t, everyCall(deployment, visitor, browser))
    await expectOutage(t, everyCall(deployment, visitor, browser))
    for (const path of ['/health/live', '/login', '/.well-known/jwks.json']) t.equal((await deployment.call({ path })).status, 200, path)
    await outage.end(t, redis, folder)
    await waitUntilReady(deployment)

    t.hasStrict(await deployment.call({ path: '/api/session', headers: { cookie: visitor.cookie } }), { status: 200 }, 'the person is still logged in')
    t.hasStrict(await visitor.phone.sessions(), { status: 200, json: { sessions: [{}] } })
    t.hasStrict(await browser.poll(), { status: 200, json: { state: 'pending', version: 1 } }, 'a call that was refused had no effect')
    t.hasStrict(await visitor.phone.scan(held.ticket), { status: 200, json: { state: 'scanned', version: 2 } })
    t.hasStrict(await answers, [{ status: 200, json: { state: 'scanned', version: 2 } }], 'the held poll is answered')
    await logIn(t, deployment, visitor.phone)

    running.kill('SIGTERM')
    t.hasStrict(await running.ended, { code: 0 })
  })

  await t.test(`redis: the process ends with 0 in time when Redis is ${how}`, async (t) => {
    const redis = await openRedis(t, makeFolder(t))
    const deployment = await openRedisDeployment(t, redis)
    const running = await deployment.start()
    await waitUntilReady(deployment)
    const { answers } = await holdPolls(deployment, [await openBrowser(deployment)])
    await outage.begin(redis)
    running.kill('SIGTERM')
    t.hasStrict(await Promise.race([running.ended, sleep(5000, 'too late' as const, { ref: false })]), { code: 0, signal: null })
    await answers
  })
}
