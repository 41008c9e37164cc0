/** Calls that are lost with a kept connection, and what is not made again. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t, { type Test } from 'tap'
import { createWechatDispatchers, destroyDispatchers } from '../../../src/wechat/dispatchers.ts'
import type { Wechat } from '../../../src/wechat/wechat.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { listen } from '../../support/listen.ts'
import { settle, waitUntil } from '../../support/waiting.ts'
import { openWechatHarness, rejectionOf, type WechatHarness } from '../../support/wechat-harness.ts'

/** How a connection ends in the middle of a call. `used`: WeChat has carried the call out. `half`: the answer had begun. */
type End = 'closed' | 'reset' | 'used' | 'half'

const endNow: Readonly<Record<Exclude<End, 'used'>, (socket: Socket) => void>> = {
  closed: (socket) => { socket.destroy() },
  reset: (socket) => { socket.resetAndDestroy() },
  half: (socket) => { socket.write('HTTP/1.1 2', () => { socket.destroy() }) },
}

interface Front extends WechatHarness {
  /** Calls that arrived, with the number of their connection and of the call on it, as "2.1". */
  readonly arrived: string[]
  readonly front: Wechat
  /** Says how the connection ends in a call, by its number as in `arrived`; undefined lets the call pass. */
  endOf: (number: string) => End | undefined
}

interface FrontOptions {
  /** Serves with this certificate and key. */
  readonly pem?: Buffer
  readonly proxy?: string
}

/** A server in front of the simulator that ends connections. */
const openFront = async (t: Test, { pem, proxy }: FrontOptions = {}): Promise<Front> => {
  const harness = await openWechatHarness(t)
  const connections = new Map<Socket, { number: number, calls: number }>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket } = request
    const connection = connections.get(socket) ?? { number: connections.size + 1, calls: 0 }
    connections.set(socket, connection)
    const number = `${connection.number}.${++connection.calls}`
    front.arrived.push(number)
    const body = await buffer(request)
    const end = front.endOf(number)
    if (end !== undefined && end !== 'used') {
      endNow[end](socket)
      return
    }
    const passed = await fetch(harness.simulator.url + request.url, { method: request.method ?? '', ...body.length > 0 && { body } })
    const bytes = Buffer.from(await passed.arrayBuffer())
    // A link has to lead to the API's own origin.
    if (end === 'used') socket.destroy()
    else response.end(bytes[0] === 0x7b ? bytes.toString().replace(harness.simulator.url, url) : bytes)
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => { answer(request, response).catch((error: unknown) => { t.fail(String(error)) }) }
  const server: Server = pem === undefined ? createServer(listener) : createTlsServer({ key: pem, cert: pem }, listener)
  server.keepAliveTimeout = 60_000
  const origin = await listen(t, server)
  const url = pem === undefined ? origin : origin.replace('http://127.0.0.1', 'https://localhost')
  const dispatchers = createWechatDispatchers({ proxy: proxy ?? null })
  t.teardown(() => destroyDispatchers(dispatchers))
  const front: Front = { ...harness, arrived: [], endOf: () => undefined, front: harness.instance({ apiUrl: url, dispatchers }) }
  return front
}

/** Trusts a certificate for localhost until the test ends. */
const trustCertificate = (t: Test): Buffer => {
  const pem = readFileSync(makeCertificate(t, 'localhost'))
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, pem.toString()])
  t.teardown(() => { setDefaultCACertificates(trusted) })
  return pem
}

const startProxy = (t: Test): Promise<string> => {
  const sockets = new Set<Socket>()
  t.teardown(() => { for (const socket of sockets) socket.destroy() })
  return listen(t, createServer((request, response) => {
    fetch(request.url ?? '').then(async (passed) => { response.end(Buffer.from(await passed.arrayBuffer())) }, () => { request.socket.destroy() })
  }).on('connect', (request: IncomingMessage, client: Socket) => {
    const upstream = connect(Number((request.url ?? '').split(':')[1]), '127.0.0.1', () => { client.write('HTTP/1.1 200 OK\r\n\r\n') })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  }))
}

let tickets = 0
const newTicket = (): string => `ticket-${++tickets}`
const endsAt = createFakeClock().now() + 180_000
const twoHoursMs = 7_200_000

/** One call to each endpoint; the token's is that of a code after two hours. */
const ask: Record<string, (front: Front) => Promise<unknown>> = {
  getwxacodeunlimit: ({ front }) => front.codeFor(newTicket()),
  generate_urllink: ({ front }) => front.linkFor(newTicket(), endsAt),
  jscode2session: ({ front, simulator }) => front.idsFor(simulator.jsCode('Ada')),
  stable_token: ({ front, advance }) => {
    advance(twoHoursMs)
    return front.codeFor(newTicket())
  },
}

for (const [endpoint, call] of Object.entries(ask)) {
  for (const end of ['closed', 'reset'] as const) {
    await t.test(`kept connection: ${endpoint} is called again on a fresh one when it is ${end} by the other side`, async (t) => {
      const front = await openFront(t)
      await call(front)
      await settle()
      const before = [...front.arrived]
      const kept = before.filter((number) => number.endsWith('.1'))
      front.endOf = (number) => number.endsWith('.2') ? end : undefined
      await call(front)
      const since = front.arrived.slice(before.length)
      const lost = since.filter((number) => number.endsWith('.2'))
      t.equal(since.length, lost.length * 2, 'each lost call once more')
      t.ok(lost.length >= 1 && lost.every((number) => kept.includes(number.replace('.2', '.1'))))
      t.ok(since.filter((number) => number.endsWith('.1')).every((number) => !kept.includes(number)), 'on connections of their own')
      t.strictSame(front.lines, [])
    })
  }
}

await t.test('kept connection: the phone has to bring another js_code when WeChat used it up before the connection was closed', async (t) => {
  const front = await openFront(t)
  await front.front.idsFor(front.simulator.jsCode('Ada'))
  await settle()
  front.endOf = (number) => number === '1.2' ? 'used' : undefined
  t.hasStrict(await rejectionOf(front.front.idsFor(front.simulator.jsCode('Ada'))), { code: 'js-code-invalid', extra: { reason: 'used' }, isOurFault: true })
  t.strictSame(front.arrived, ['1.1', '1.2', '2.1'])
  t.strictSame(front.lines, [])
  const jsCode = front.simulator.jsCode('Ada')
  await front.front.idsFor(jsCode)
  t.hasStrict(await rejectionOf(front.front.idsFor(jsCode)), { code: 'js-code-invalid', isOurFault: false }, 'a phone that brings one twice')
})

await t.test('kept connection: the call goes to no other kept one when several have died', async (t) => {
  const front = await openFront(t)
  const ids = () => front.front.idsFor(front.simulator.jsCode('Ada'))
  await Promise.all([ids(), ids(), ids()])
  await settle()
  front.endOf = (number) => number.endsWith('.2') ? 'closed' : undefined
  await ids()
  t.equal(front.arrived.at(-1), '4.1')
  t.equal(front.arrived.length, 5)
})

for (const [what, end, calls] of [
  ['a fresh connection', { 1.1: 'closed' }, ['1.1']],
  ['a kept connection on which the answer had begun', { 1.2: 'half' }, ['1.1', '1.2']],
  ['the connection of the second try', { 1.2: 'closed', 2.1: 'closed' }, ['1.1', '1.2', '2.1']],
] as Array<[string, Record<string, End>, string[]]>) {
  await t.test(`kept connection: the call fails and is made no more when ${what} dies`, async (t) => {
    const front = await openFront(t)
    front.endOf = (number) => end[number]
    const ids = () => front.front.idsFor(front.simulator.jsCode('Ada'))
    if (calls.length > 1) await ids()
    await settle()
    t.hasStrict(await rejectionOf(ids()), { code: 'wechat-unavailable' })
    t.strictSame(front.arrived, calls)
    t.match(front.lines.join(), /^warn: WeChat gave no usable answer: the connection failed \((?:UND_ERR_SOCKET|ECONNRESET)\)\. If this goes on, see whether this machine reaches [^\n]*$/)
  })
}

await t.test('kept connection: no call is made again when its time is up before it is answered', async (t) => {
  const front = await openFront(t)
  await front.front.idsFor(front.simulator.jsCode('Ada'))
  await settle()
  const release = front.simulator.hold('jscode2session')
  t.teardown(release)
  const rejection = rejectionOf(front.front.idsFor(front.simulator.jsCode('Ada')))
  await waitUntil(() => front.arrived.length === 2)
  front.advance(4_500)
  t.hasStrict(await rejection, { code: 'wechat-unavailable' })
  t.strictSame(front.arrived, ['1.1', '1.2'])
})

for (const [way, usesTls, usesProxy] of [['over TLS', true, false], ['in a proxy\'s tunnel', true, true], ['to a proxy', false, true]] as const) {
  await t.test(`kept connection: a call is made again when it is lost on one ${way}`, async (t) => {
    const front = await openFront(t, {
      ...usesTls && { pem: trustCertificate(t) },
      ...usesProxy && { proxy: await startProxy(t) },
    })
    const ids = () => front.front.idsFor(front.simulator.jsCode('Ada'))
    await ids()
    await settle()
    front.endOf = (number) => number === '1.2' ? 'closed' : undefined
    t.strictSame(await ids(), { openid: front.simulator.openidOf('Ada'), unionid: null })
    t.strictSame(front.arrived, ['1.1', '1.2', '2.1'])
    t.strictSame(await ids(), { openid: front.simulator.openidOf('Ada'), unionid: null }, 'and the pool goes on')
  })
}
