/** Limits of connections per address, network and in all, and which connection is closed for a new one. */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import t from 'tap'
import { limitConnections } from '../../../src/http/connections.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

/** A socket, as far as the limits use it. */
class TestSocket extends EventEmitter {
  readonly remoteAddress: string | undefined
  destroyed = false

  constructor (remoteAddress: string | undefined) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy (): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }
}

const open = ({ maxHeldPolls = 20_000, trustProxy = [] as string[] } = {}) => {
  const clock = createFakeClock()
  const server = new EventEmitter()
  let handled = 0
  const limited = limitConnections((() => { handled++ }) as RequestListener, { trustProxy, maxHeldPolls, clock })
  limited.watch(server as never) // only listened to
  const connect = (address: string | undefined): TestSocket => {
    const socket = new TestSocket(address)
    server.emit('connection', socket)
    return socket
  }
  /** Makes a call over a connection; the returned function answers it. */
  const call = (socket: TestSocket): () => void => {
    const request = { socket }
    const response = Object.assign(new EventEmitter(), { req: request })
    limited.handler(request as unknown as IncomingMessage & { req: never }, response as unknown as ServerResponse & { req: never }) // as far as the limits read them
    return () => { response.emit('close') }
  }
  /** A connection with an unanswered call. */
  const busy = (address: string): TestSocket => {
    const socket = connect(address)
    if (!socket.destroyed) call(socket)
    return socket
  }
  const many = (count: number, addressOf: (n: number) => string): TestSocket[] => Array.from({ length: count }, (_, n) => busy(addressOf(n)))
  return { clock, connect, call, busy, many, handled: () => handled }
}

const closed = (sockets: readonly TestSocket[]): number => sockets.filter(({ destroyed }) => destroyed).length

for (const [what, address, other] of [['an IPv4 address', '192.0.2.1', '192.0.2.2'], ['an IPv6 /64', '2001:db8:1:2::1', '2001:db8:1:3::1']] as const) {
  await t.test(`connections: the next one is closed, and no other client's, when ${what} has 4,096 busy ones`, async (t) => {
    const { many, busy } = open()
    const sockets = many(4096, () => address)
    t.equal(closed(sockets), 0)
    t.ok(busy(address).destroyed)
    t.notOk(busy(other).destroyed)
    t.equal(closed(sockets), 0)
    sockets[0]?.destroy()
    t.notOk(busy(address).destroyed, 'one that has ended makes room')
    t.ok(busy(address).destroyed)
  })
}

for (const [what, addressOf, other] of [
  ['an IPv4 /24', (n: number) => `192.0.2.${n % 256}`, '192.0.3.1'],
  ['an IPv4 /24, written as IPv6', (n: number) => `::ffff:192.0.2.${n % 256}`, '192.0.3.1'],
  ['an IPv6 /48', (n: number) => `2001:db8:1:${(n % 4096).toString(16)}::1`, '2001:db8:2::1'],
] as const) {
  await t.test(`connections: the next one is closed, and no other network's, when ${what} has 8,072 busy ones at any of its addresses`, async (t) => {
    const { many, busy } = open()
    const sockets = many(8072, addressOf)
    t.equal(closed(sockets), 0)
    t.ok(busy(addressOf(7)).destroyed)
    t.notOk(busy(other).destroyed)
    t.equal(closed(sockets), 0)
    sockets[0]?.destroy()
    t.notOk(busy(addressOf(9)).destroyed)
    t.ok(busy(addressOf(7)).destroyed)
  })
}

await t.test('connections: one is closed for the next when 32,288 are busy in all, without those of proxies', async (t) => {
  const { many, busy } = open({ trustProxy: ['10.0.0.0/8'] })
  const sockets = many(32_288, (n) => `198.51.${n % 128}.1`)
  t.equal(closed(sockets), 0)
  t.equal(closed(many(10_000, () => '10.1.2.3')), 0, 'all visitors share a proxy\'s')
  t.equal(closed(sockets), 0)
  t.ok(busy('198.51.0.1').destroyed, 'the network of the new one has the most, as all have')
  t.equal(closed(sockets), 0)
  t.notOk(busy('192.0.2.1').destroyed)
  t.equal(closed(sockets), 1)
  sockets.find(({ destroyed }) => !destroyed)?.destroy()
  t.notOk(busy('192.0.2.1').destroyed)
  t.equal(closed(sockets), 2)
})

for (const [what, addressOf] of [
  ['/24s', (n: number) => `198.51.${n % 4}.${1 + n % 8}`],
  ['/48s', (n: number) => `2001:db8:${n % 4}:${n % 8}::1`],
] as const) {
  await t.test(`connections: clients of other networks connect and stay when four ${what} fill the server, and reconnect at once`, async (t) => {
    const { many, connect, call, busy } = open()
    const flood = many(32_288, addressOf)
    t.equal(closed(flood), 0)
    const honest = Array.from({ length: 100 }, (_, n) => connect(`203.0.${n}.1`))
    t.equal(closed(flood), 100, 'each in place of one of the flood')
    t.equal(closed(many(500, addressOf)), 500)
    t.equal(closed(honest), 0, 'their calls may still be on the way')
    for (const socket of honest) call(socket)
    t.equal(closed(many(500, addressOf)), 500)
    t.equal(closed(honest), 0)
    t.notOk(busy('192.0.2.1').destroyed)
  })
}

await t.test('connections: the longest idle one of the fullest network is closed, then of any network, then the fullest network\'s longest call, when the server is full', async (t) => {
  const { many, connect, busy, clock } = open({ maxHeldPolls: 0 })
  const elsewhere = connect('203.0.113.1')
  const idle = connect('198.51.0.1')
  const flood = many(12_286, (n) => `198.51.${n % 4}.1`)
  const closedNow = () => [idle.destroyed, elsewhere.destroyed, flood.findIndex(({ destroyed }) => destroyed)]
  clock.advance(1999)
  const young = busy('192.0.2.1')
  t.strictSame(closedNow(), [false, false, 0], 'none has been idle for long enough')
  young.destroy()
  const next = busy('198.51.0.1')
  t.notOk(next.destroyed)
  flood[0] = next
  clock.advance(1)
  busy('192.0.2.1')
  t.strictSame(closedNow(), [true, false, -1])
  busy('192.0.2.1')
  t.strictSame(closedNow(), [true, true, -1])
  busy('192.0.2.1')
  t.equal(closed(flood), 1)
})

await t.test('connections: one that has just opened is closed for a new one when the server is full and the fullest network has no other', async (t) => {
  const { connect } = open({ maxHeldPolls: 0 })
  const flood = Array.from({ length: 12_288 }, (_, n) => connect(`198.51.${n % 4}.1`))
  t.equal(closed(flood), 0)
  t.notOk(connect('192.0.2.1').destroyed)
  t.equal(closed(flood), 1)
  t.ok(connect(`198.51.${flood.findIndex(({ destroyed }) => !destroyed) % 4}.1`).destroyed, 'a new one of the fullest network gets no room')
})

await t.test('connections: the limits follow MAX_HELD_POLLS, and are enough for all other calls when that is 0', async (t) => {
  const large = open({ maxHeldPolls: 100_000 })
  t.equal(closed(large.many(28_072, (n) => `192.0.2.${n % 256}`)), 0)
  t.ok(large.busy('192.0.2.1').destroyed)
  const small = open({ maxHeldPolls: 0 })
  t.equal(closed(small.many(4096, (n) => `192.0.2.${n % 256}`)), 0)
  t.ok(small.busy('192.0.2.1').destroyed)
  t.equal(closed(small.many(12_288 - 4096, (n) => `198.51.${n % 256}.1`)), 0)
  t.notOk(small.busy('203.0.113.1').destroyed)
  t.ok(small.busy('192.0.2.1').destroyed, 'one of the fullest network was closed for it, and no other is')
})

await t.test('connections: the longest idle one is closed for a new one, and no busy one, when an address is full', async (t) => {
  const { many, connect, call, busy, clock } = open()
  const sockets = many(4094, () => '192.0.2.1')
  const first = connect('192.0.2.1')
  clock.advance(10)
  const second = connect('192.0.2.1')
  const answer = call(first)
  answer()
  t.notOk(busy('192.0.2.1').destroyed, 'the new one')
  t.strictSame([first.destroyed, second.destroyed], [false, true], 'the first has been used since')
  t.notOk(busy('192.0.2.1').destroyed)
  t.ok(first.destroyed)
  t.ok(busy('192.0.2.1').destroyed)
  t.equal(closed(sockets), 0)
})

for (const [what, most, addressOf, other] of [
  ['an address', 512, () => '192.0.2.1', '192.0.2.2'],
  ['a network', 2048, (n: number) => `192.0.2.${n % 256}`, '192.0.3.1'],
  ['all', 8192, (n: number) => `198.51.${n % 256}.1`, undefined],
] as const) {
  await t.test(`connections: ${most} of ${what} stay open when more have been idle for two seconds`, async (t) => {
    const { connect, call, clock } = open()
    const sockets = Array.from({ length: most + 3 }, (_, n) => connect(addressOf(n)))
    call(sockets[1]!) // the array has it
    const neighbour = other === undefined ? undefined : connect(other)
    clock.advance(1999)
    t.equal(closed(sockets), 0, 'their calls may be on the way')
    clock.advance(1)
    t.strictSame(sockets.slice(0, 4).map(({ destroyed }) => destroyed), [true, false, true, false])
    t.equal(closed(sockets), 2)
    if (neighbour !== undefined) t.notOk(neighbour.destroyed)
  })
}

await t.test('connections: one is closed when a ninth call arrives before eight are answered', async (t) => {
  const { connect, call, handled } = open()
  const socket = connect('192.0.2.1')
  const answers = Array.from({ length: 8 }, () => call(socket))
  t.notOk(socket.destroyed)
  t.equal(handled(), 8)
  answers[0]?.()
  call(socket)
  t.equal(handled(), 9)
  t.notOk(socket.destroyed)
  call(socket)
  t.ok(socket.destroyed)
  call(socket)
  t.equal(handled(), 9, 'further calls that arrived with it are dropped')
})

await t.test('connections: those without an address are counted together when their peers have gone already', async (t) => {
  const { connect, call } = open()
  const sockets = Array.from({ length: 4096 }, () => {
    const socket = connect(undefined)
    call(socket)
    return socket
  })
  t.equal(closed(sockets), 0)
  t.ok(connect(undefined).destroyed)
  t.notOk(connect('192.0.2.1').destroyed)
})
