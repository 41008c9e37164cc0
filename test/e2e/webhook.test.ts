/** The webhook of whole services: restarts, kills, several instances, TLS and a proxy. */
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { randomBytes } from '../../src/domain/random-pool.ts'
import { systemClock } from '../../src/runtime.ts'
import { createStore } from '../../src/stores/store.ts'
import { openWebhook } from '../../src/webhook/webhook.ts'
import { untilReady } from '../contract/store-harness.ts'
import { auditStepsIn } from '../support/audit-steps.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openBrowser } from '../support/clients.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { startRedis } from '../support/redis.ts'
import { openDeployment, waitUntilReady, type Deployment } from '../support/service-process.ts'
import { waitUntil } from '../support/waiting.ts'
import { byPerson, createReceiver, startReceiver, webhookSecret, type Message, type WebhookReceiver } from '../support/webhook-receiver.ts'

const secretEnv = { WEBHOOK_SECRET: webhookSecret }

/** A login by calls, as a person makes it. */
const logIn = async (service: Deployment, person: string): Promise<string> => {
  const phone = await service.phone(person)
  const browser = await openBrowser(service)
  const scanned = await phone.scan(browser.ticket)
  if (scanned.status !== 200) throw new Error(scanned.text)
  const { match_code: number } = (await browser.poll(1)).json
  const confirmed = await phone.confirm(browser.ticket, number)
  const consumed = await browser.consume()
  if (confirmed.status !== 200 || consumed.status !== 200) throw new Error(confirmed.text + consumed.text)
  return phone.sub
}

const ids = (messages: readonly Message[]): string[] => messages.map(({ id }) => id)

await t.test('webhook: nothing that was stored is lost, and repetitions have the same id, when the service is killed and started again', async (t) => {
  const receiver = await startReceiver(t)
  const deployment = await openDeployment(t, { env: { WEBHOOK_URL: receiver.url, ...secretEnv } })
  const first = await deployment.start()
  receiver.answerWith(({ data }) => data.event === 'ticket.scanned' ? 500 : 204)
  const sub = await logIn(deployment, 'ming')
  await waitUntil(() => receiver.tries.some(({ data }) => data.event === 'ticket.scanned'))
  first.kill('SIGKILL')
  await first.ended
  const logged = auditStepsIn(first.stdout()).map(({ event }) => event).filter((event) => event !== 'ticket.created')

  receiver.answerWith(() => 204)
  await deployment.start()
  await waitUntil(() => receiver.taken.some(({ type }) => type === 'session.opened'))
  t.strictSame(byPerson(receiver.taken)[sub], logged, 'all, in order')
  const scanned = receiver.tries.filter(({ type }) => type === 'ticket.scanned')
  t.ok(scanned.length > 1)
  t.equal(new Set(ids(scanned)).size, 1)
})

await t.test('webhook: the last steps are stored on SIGTERM, and the store shows nobody who reads it whose they are', async (t) => {
  const receiver = await startReceiver(t)
  const deployment = await openDeployment(t, { env: { WEBHOOK_URL: receiver.url, ...secretEnv } })
  const first = await deployment.start()
  receiver.answerWith(() => 503)
  const sub = await logIn(deployment, 'ming')
  first.kill('SIGINT') // without a drain: the last steps were gathered just now
  const { code, stdout } = await first.ended
  t.equal(code, 0)
  t.notMatch(stdout, /"code":"webhook-lost"/)
  t.notMatch(stdout, new RegExp(`token=x|${webhookSecret}`))

  const database = new DatabaseSync(join(deployment.folder, 'data/scan-login.db'), { readOnly: true })
  const tables = database.prepare('SELECT name FROM sqlite_master WHERE type = \'table\'').all().map(({ name }) => String(name))
  const rows = tables.flatMap((table) => database.prepare(`SELECT * FROM "${table}"`).all().map((row) => JSON.stringify(row)))
  database.close()
  const queued = rows.filter((row) => row.includes('webhook'))
  t.ok(queued.length > 0)
  t.notOk(queued.some((row) => row.includes(sub)), 'the queue is sealed')

  receiver.answerWith(() => 204)
  await deployment.start()
  await waitUntil(() => receiver.taken.some(({ type }) => type === 'session.opened'))
  t.strictSame(byPerson(receiver.taken)[sub], ['phone-key.created', 'person.created', 'ticket.scanned', 'ticket.confirmed', 'ticket.consumed', 'session.opened'])
})

for (const count of [2, 4]) {
  await t.test(`webhook: each step is sent once and a person's in order when ${count} instances share Redis, and when the one that sends ends`, async (t) => {
    const redis = await startRedis()
    t.teardown(() => redis.stop())
    const receiver = await startReceiver(t)
    let tries = 0
    receiver.answerWith(() => ++tries % 40 === 0 ? 500 : 204)
    const instances = await Promise.all(Array.from({ length: count }, async () => {
      const store = createStore(redis.url, { clock: systemClock, log: createRecordingLog() })
      await untilReady(store)
      const clock = { ...systemClock, now: store.now, errorMs: store.timeErrorMs }
      const webhook = openWebhook(store, { url: receiver.url, secret: webhookSecret, proxy: null, sealingKey: Buffer.alloc(32), clock, random: randomBytes, log: createRecordingLog() })
      let isClosed = false
      const close = async (): Promise<void> => {
        if (isClosed) return
        isClosed = true
        await webhook.close()
        await store.close()
      }
      t.teardown(close)
      return { webhook, close }
    }))
    const people = Array.from({ length: 10 }, (_, index) => `p${index}`)
    const add = async (from: number, to: number, able: typeof instances): Promise<void> => {
      for (let n = from; n < to; n++) {
        for (const [index, sub] of people.entries()) able[(n + index) % able.length]?.webhook.add({ event: 'ticket.scanned', sub, n } as never)
        await new Promise((resolve) => setTimeout(resolve, 60)) // a person's steps are further apart than the clocks
      }
    }
    await add(0, 20, instances)
    await waitUntil(() => receiver.taken.length === 200)
    t.equal(receiver.tries.length, 200 + Math.floor(tries / 40), 'each once, but for the failures')

    await instances[0]?.close()
    await add(20, 30, instances.slice(1))
    await instances[1]?.close()
    const rest = instances.slice(2)
    if (rest.length > 0) await waitUntil(() => receiver.taken.length === 300)
    for (const numbers of Object.values(byPerson(receiver.taken))) t.strictSame(numbers, Array.from({ length: numbers.length }, (_, n) => n))
    t.equal(Object.keys(byPerson(receiver.taken)).length, people.length)
  })
}

/** A receiver behind TLS, under a name that only the service's certificates vouch for. */
const startTlsReceiver = async (t: Test): Promise<{ readonly receiver: ReturnType<typeof createReceiver>['received'], readonly port: number, readonly certificate: string }> => {
  const certificate = makeCertificate(t, 'localhost')
  const pem = readFileSync(certificate)
  const { received, onRequest } = createReceiver()
  const server = createServer({ key: pem, cert: pem }, onRequest)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { receiver: received, port: (server.address() as AddressInfo).port, certificate }
}

const oneLogin = async (deployment: Deployment, receiver: Pick<WebhookReceiver, 'taken'>): Promise<void> => {
  await waitUntilReady(deployment)
  await logIn(deployment, 'ming')
  await waitUntil(() => receiver.taken.some(({ type }) => type === 'session.opened'))
}

await t.test('webhook: it is sent over TLS to a receiver whose certificate is trusted, and to no other', async (t) => {
  const { receiver, port, certificate } = await startTlsReceiver(t)
  const deployment = await openDeployment(t, { env: { WEBHOOK_URL: `https://localhost:${port}/hook`, ...secretEnv } })
  const distrusting = await deployment.start()
  await logIn(deployment, 'ming')
  await waitUntil(() => distrusting.stdout().includes('webhook: the receiver fails'))
  t.match(distrusting.stdout(), /"why":"(?:DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE)"/)
  t.equal(receiver.tries.length, 0)
  distrusting.kill('SIGTERM')
  await distrusting.ended
  await deployment.start({ NODE_EXTRA_CA_CERTS: certificate })
  await oneLogin(deployment, receiver)
  t.strictSame(receiver.unverified, [])
})

await t.test('webhook: it goes through HTTP_PROXY, and around it where NO_PROXY names the host', async (t) => {
  const receiver = await startReceiver(t)
  const { port } = new URL(receiver.url)
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const proxy = createHttpServer((request, response) => { // an http URL comes as it is
    asked.push(String(request.url))
    const socket = connect(Number(port), '127.0.0.1', () => {
      const { pathname, search } = new URL(String(request.url))
      const head = Object.entries({ ...request.headers, connection: 'close' }).map(([name, value]) => `${name}: ${String(value)}\r\n`).join('')
      socket.write(`${request.method} ${pathname}${search} HTTP/1.1\r\n${head}\r\n`)
      request.pipe(socket)
    })
    sockets.add(socket)
    socket.once('data', () => { response.writeHead(204).end() })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    proxy.closeAllConnections()
    proxy.close()
  })
  const deployment = await openDeployment(t, { env: { WEBHOOK_URL: 'http://receiver.test/hook', ...secretEnv, HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` } })
  const first = await deployment.start()
  await oneLogin(deployment, receiver)
  t.ok(asked.every((url) => url === 'http://receiver.test/hook'))
  t.strictSame(receiver.unverified, [])
  first.kill('SIGINT') // in order: the lease of one that is killed keeps the next from delivering for 15 s
  await first.ended
  const before = asked.length
  const around = await deployment.start({ NO_PROXY: 'receiver.test' })
  await waitUntilReady(deployment)
  await logIn(deployment, 'lei')
  await waitUntil(() => around.stdout().includes('"why":"ENOTFOUND"') || around.stdout().includes('"why":"EAI_AGAIN"'))
  t.equal(asked.length, before)
})
