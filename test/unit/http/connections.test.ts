/** How many connections one address, one network and all may have, and which is closed for a new one. */
import { EventEmitter } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import t from 'tap'
import { limitConnections } from '../../../src/http/connections.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

/** What the limits know of a socket. */
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
  limited.watch(server as never) // only ever listened to
  const connect = (address: string | undefined): TestSocket => {
    const socket = new TestSocket(address)
    server.emit('connection', socket)
    return socket
  }
  /** Calls over a connection; gives what answers. */
  const call = (socket: TestSocket): () => void => {
    const response = new EventEmitter()
    limited.handler({ socket } as unknown as IncomingMessage & { req: never }, response as unknown as ServerResponse & { req: never }) // as far as they are looked at
    return () => { response.emit('close') }
  }
  /** A connection on which somebody waits for an answer. */
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
  await t.test(`connections: ${what} has 4,096 at work, and the next is closed, and nobody else's`, async (t) => {
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
  await t.test(`connections: ${what} has 8,072 at work, whatever addresses in it, and the next is closed, and nobody else's`, async (t) => {
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

await t.test('connections: 32,288 are at work in all but those of proxies, and one is closed for the next', async (t) => {
  const { many, busy } = open({ trustProxy: ['10.0.0.0/8'] })
  const sockets = many(32_288, (n) => `198.51.${n % 128}.1`)
  t.equal(closed(sockets), 0)
  t.equal(closed(many(10_000, () => '10.1.2.3')), 0, 'a proxy brings everybody')
  t.equal(closed(sockets), 0)
  t.ok(busy('198.51.0.1').destroyed, 'no network has more than its newcomer\'s')
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
  await t.test(`connections: whoever is of another network gets in and stays when four ${what} have as many as all may, and come again at once`, async (t) => {
    const { many, connect, call, busy } = open()
    const flood = many(32_288, addressOf)
    t.equal(closed(flood), 0)
    const honest = Array.from({ length: 100 }, (_, n) => connect(`203.0.${n}.1`))
    t.equal(closed(flood), 100, 'each in place of one of those')
    t.equal(closed(many(500, addressOf)), 500)
    t.equal(closed(honest), 0, 'their calls may still be on the way')
    for (const socket of honest) call(socket)
    t.equal(closed(many(500, addressOf)), 500)
    t.equal(closed(honest), 0)
    t.notOk(busy('192.0.2.1').destroyed)
  })
}

await t.test('connections: in a full server the one that is idle for longest is closed first, of the fullest network, then of any; and of it the call that lasts longest', async (t) => {
  const { many, connect, busy, clock } = open({ maxHeldPolls: 0 })
  const elsewhere = connect('203.0.113.1')
  const idle = connect('198.51.0.1')
  const flood = many(12_286, (n) => `198.51.${n % 4}.1`)
  const goneBy = () => [idle.destroyed, elsewhere.destroyed, flood.findIndex(({ destroyed }) => destroyed)]
  clock.advance(1999)
  const young = busy('192.0.2.1')
  t.strictSame(goneBy(), [false, false, 0], 'nobody is idle for long enough')
  young.destroy()
  const next = busy('198.51.0.1')
  t.notOk(next.destroyed)
  flood[0] = next
  clock.advance(1)
  busy('192.0.2.1')
  t.strictSame(goneBy(), [true, false, -1])
  busy('192.0.2.1')
  t.strictSame(goneBy(), [true, true, -1])
  busy('192.0.2.1')
  t.equal(closed(flood), 1)
})

await t.test('connections: in a full server one that has only come is closed for a newcomer where the fullest network has no other', async (t) => {
  const { connect } = open({ maxHeldPolls: 0 })
  const flood = Array.from({ length: 12_288 }, (_, n) => connect(`198.51.${n % 4}.1`))
  t.equal(closed(flood), 0)
  t.notOk(connect('192.0.2.1').destroyed)
  t.equal(closed(flood), 1)
  t.ok(connect(`198.51.${flood.findIndex(({ destroyed }) => !destroyed) % 4}.1`).destroyed, 'a newcomer of theirs has no such place')
})

await t.test('connections: there are more with more places for polls, and enough for everything else with none', async (t) => {
  const large = open({ maxHeldPolls: 100_000 })
  t.equal(closed(large.many(28_072, (n) => `192.0.2.${n % 256}`)), 0)
  t.ok(large.busy('192.0.2.1').destroyed)
  const small = open({ maxHeldPolls: 0 })
  t.equal(closed(small.many(4096, (n) => `192.0.2.${n % 256}`)), 0)
  t.ok(small.busy('192.0.2.1').destroyed)
  t.equal(closed(small.many(12_288 - 4096, (n) => `198.51.${n % 256}.1`)), 0)
  t.notOk(small.busy('203.0.113.1').destroyed)
  t.ok(small.busy('192.0.2.1').destroyed, 'of the network that has most one was closed for it, and no other is')
})

await t.test('connections: the one that is idle for longest is closed for a new one, and none on which somebody waits', async (t) => {
  const { many, connect, call, busy, clock } = open()
  const sockets = many(4094, () => '192.0.2.1')
  const first = connect('192.0.2.1')
  clock.advance(10)
  const second = connect('192.0.2.1')
  const answer = call(first)
  answer()
  t.notOk(busy('192.0.2.1').destroyed, 'the newcomer')
  t.strictSame([first.destroyed, second.destroyed], [false, true], 'the first has been at work since')
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
  await t.test(`connections: of ${what} ${most} stay idle, after two seconds`, async (t) => {
    const { connect, call, clock } = open()
    const sockets = Array.from({ length: most + 3 }, (_, n) => connect(addressOf(n)))
    call(sockets[1]!) // there are more
    const neighbour = other === undefined ? undefined : connect(other)
    clock.advance(1999)
    t.equal(closed(sockets), 0, 'their calls may be on the way')
    clock.advance(1)
    t.strictSame(sockets.slice(0, 4).map(({ destroyed }) => destroyed), [true, false, true, false])
    t.equal(closed(sockets), 2)
    if (neighbour !== undefined) t.notOk(neighbour.destroyed)
  })
}

await t.test('connections: eight calls wait on one, and one more ends it', async (t) => {
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
  t.equal(handled(), 9, 'what else came with it is not looked at')
})

await t.test('connections: one whose address nobody knows any more is counted with its like', async (t) => {
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
