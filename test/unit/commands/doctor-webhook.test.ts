/** What the doctor says of the webhook, with a real receiver that has each fault. */
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { checkWebhook } from '../../../src/commands/doctor/check-webhook.ts'
import type { FaultCode } from '../../../src/commands/doctor/fault-codes.ts'
import { randomBytes } from '../../../src/domain/random-pool.ts'
import { systemClock } from '../../../src/runtime.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createStepBatches } from '../../../src/webhook/step-batches.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { faultCodesIn, findingsOf, onlyFault } from '../../support/doctor.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { listen } from '../../support/listen.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { freePort, startRedis } from '../../support/redis.ts'
import { makeFolder } from '../../support/service-process.ts'
import { waitUntil } from '../../support/waiting.ts'
import { startReceiver, webhookSecret } from '../../support/webhook-receiver.ts'

const inMemory = { STORE_URL: 'sqlite::memory:', WEBHOOK_SECRET: webhookSecret }

await t.test('doctor: nothing is said of the webhook where there is none', async (t) => {
  t.strictSame(await findingsOf(checkWebhook, {}), [])
})

await t.test('doctor: the receiver gets one signed message of the type test, with an id of its own', async (t) => {
  const receiver = await startReceiver(t)
  for (let run = 0; run < 2; run++) {
    t.strictSame(await findingsOf(checkWebhook, { ...inMemory, WEBHOOK_URL: receiver.url }), [
      { status: 'ok', text: `the receiver at ${new URL(receiver.url).host} takes a test message` },
      { status: 'not-checked', text: 'whether steps wait: there is no store that this command can read' },
    ])
  }
  t.hasStrict(receiver.taken, [{ type: 'test', data: { event: 'test' } }, { type: 'test' }])
  t.equal(receiver.taken.length, 2, 'no id is used twice')
  t.match(receiver.taken[0]?.id, /^msg_test_[\w-]{22}$/)
})

await t.test('doctor: a receiver with another secret is found by its answer', async (t) => {
  const receiver = await startReceiver(t)
  const findings = await findingsOf(checkWebhook, { ...inMemory, WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}` })
  const line = onlyFault(t, findings, 'webhook-secret-refused')
  t.match(line, /refuses a signed test message \(status 400\) → give the receiver the secret that WEBHOOK_SECRET has, and check that its clock/)
  t.notMatch(line, 'token=x')
  t.equal(receiver.unverified.length, 1)
})

await t.test('doctor: the robot of a group chat is no receiver, and gets nothing', async (t) => {
  for (const host of ['qyapi.weixin.qq.com', 'open.feishu.cn']) {
    const line = onlyFault(t, await findingsOf(checkWebhook, { ...inMemory, WEBHOOK_URL: `https://${host}/cgi-bin/webhook/send?key=swordfish` }), 'webhook-is-robot')
    t.match(line, `robot of a group chat at ${host}, which answers 200 and shows nothing of what the service posts → put the relay from src/webhook/README.md in between`)
    t.notMatch(line, 'swordfish')
  }
})

const answers: ReadonlyArray<readonly [number, FaultCode, RegExp]> = [
  [401, 'webhook-secret-refused', /\(status 401\)/],
  [403, 'webhook-secret-refused', /\(status 403\)/],
  [302, 'webhook-redirects', /elsewhere \(status 302\).* → put the address that it leads to into WEBHOOK_URL/],
  [404, 'webhook-refused', /\(status 404\) → check the path in WEBHOOK_URL/],
  [410, 'webhook-gone', /wants no more.* → take WEBHOOK_URL out/],
  [422, 'webhook-refused', /\(status 422\) → look into the log of the receiver.*types that it does not know/],
  [502, 'webhook-refused', /\(status 502\)/],
]

for (const [status, code, says] of answers) {
  await t.test(`doctor: it says ${code} when the receiver answers ${status}`, async (t) => {
    const receiver = await startReceiver(t)
    receiver.answerWith(() => status)
    t.match(onlyFault(t, await findingsOf(checkWebhook, { ...inMemory, WEBHOOK_URL: receiver.url }), code), says)
    t.equal(receiver.tries.length, 1, 'it is not repeated')
  })
}

await t.test('doctor: a receiver that never answers is a fault after 15 s', async (t) => {
  const clock = createFakeClock()
  const receiver = await startReceiver(t, clock)
  receiver.answerWith(() => 'hang')
  const asked = findingsOf(checkWebhook, { ...inMemory, WEBHOOK_URL: receiver.url }, clock)
  await waitUntil(() => receiver.tries.length === 1)
  await clock.advance(15_000)
  t.match(onlyFault(t, await asked, 'webhook-slow'), /does not answer within 15 s → let it answer 204 first/)
})

await t.test('doctor: a closed port, a certificate that nobody trusts, and a proxy that wants a password are named', async (t) => {
  const port = await freePort()
  t.match(onlyFault(t, await findingsOf(checkWebhook, { ...inMemory, WEBHOOK_URL: `http://127.0.0.1:${port}/` }), 'webhook-unreachable'), `127.0.0.1:${port} does not answer (ECONNREFUSED) → nothing listens at`)

  const pem = readFileSync(makeCertificate(t, 'localhost'))
  const tls = await listen(t, createTlsServer({ key: pem, cert: pem }))
  t.match(onlyFault(t, await findingsOf(checkWebhook, { ...inMemory, WEBHOOK_URL: tls.replace('http://127.0.0.1', 'https://localhost') }), 'webhook-certificate'), /NODE_EXTRA_CA_CERTS/)

  const proxy = await listen(t, createServer((_request, response) => { response.writeHead(407).end() }).on('connect', (_request, socket) => { socket.end('HTTP/1.1 407 No\r\n\r\n') }))
  const proxied = { ...inMemory, HTTPS_PROXY: proxy, HTTP_PROXY: proxy }
  for (const WEBHOOK_URL of ['https://hook.test/', 'http://hook.test/']) t.match(onlyFault(t, await findingsOf(checkWebhook, { ...proxied, WEBHOOK_URL }), 'webhook-proxy'), /wants a user and a password/)
})

const waitingIn = async (t: Test, STORE_URL: string): Promise<void> => {
  const receiver = await startReceiver(t)
  const env = { STORE_URL, WEBHOOK_SECRET: webhookSecret, WEBHOOK_URL: receiver.url }
  const store = createStore(STORE_URL, { clock: systemClock, log: createRecordingLog() })
  t.teardown(() => store.close())
  while (!await store.check().then(() => true, () => false)) await sleep(20)
  const batches = createStepBatches(store, { sealingKey: Buffer.alloc(32, 1), random: randomBytes })
  const add = async (at: number): Promise<void> => batches.write([{ name: batches.newName(at), steps: [{ id: `msg_${at}`, at, step: { event: 'login' } }] }])
  t.hasStrict(await findingsOf(checkWebhook, env), [{ status: 'ok' }, { status: 'ok', text: 'no step waits' }])
  await add(store.now())
  t.hasStrict(await findingsOf(checkWebhook, env), [{ status: 'ok' }, { status: 'ok', text: 'no step waits' }], 'those of now are on their way')
  const at = store.now() - 61_000
  await add(at)
  const findings = await findingsOf(checkWebhook, env)
  t.match(onlyFault(t, findings, 'webhook-waiting', 'warning'), `steps wait for the receiver since ${new Date(at).toISOString()}, in 2 batches of at most 20 → mend what is said about the receiver`)
  t.equal(await batches.count(), 2, 'they stay')
}

await t.test('doctor: steps that wait are counted, in a file', async (t) => {
  await waitingIn(t, `sqlite:${join(makeFolder(t), 'store.db')}`)
})

await t.test('doctor: steps that wait are counted, in Redis, and not where that is away', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  await waitingIn(t, redis.url)
  const receiver = await startReceiver(t)
  const findings = await findingsOf(checkWebhook, { STORE_URL: `redis://127.0.0.1:${await freePort()}`, WEBHOOK_SECRET: webhookSecret, WEBHOOK_URL: receiver.url })
  t.strictSame(faultCodesIn(findings), [])
  t.hasStrict(findings, [{ status: 'ok' }, { status: 'not-checked', text: 'whether steps wait: the store can not be read' }])
})
