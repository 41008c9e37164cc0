/**
 * Limits of connections per client, network and in all, and of unanswered calls on one connection. They also bound what is queued for clients that don't read,
 * since each answer is bounded, and the large ones are buffers that all answers share.
 */
import type { RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { networkMatcher, plainAddress, prefixesOf } from '../domain/address.ts'
import type { Clock } from '../login/ports.ts'
import { heldPerNetwork } from '../login/waiting-room.ts'

/** How many calls on one connection may be unanswered; one more closes the connection. Browsers and proxies don't pipeline: they send the next call after the last answer. */
const maxUnanswered = 8
/** How many connections of one client key, of its network (/24, /48) and of all clients together may be idle. One more closes the one that has been idle for longest. */
const maxIdle = { client: 512, network: 2048, all: 8192 }
/**
 * How many connections the same groups may have, idle or not. One more for a client key or network closes an idle one of its own, or else the new one. One
 * more in all closes one of the network with the most: otherwise four full networks would leave no room for others.
 *
 * A client key needs the 2,000 held polls of an office, and as many calls at the same moment. A network, and all clients together, need their held polls, their
 * idle connections, and half as many at work. With the defaults that is 8,072 and 32,288: well below the open files of a process under systemd (524,288) or
 * Docker (1,048,576).
 */
const maxOpen = (maxHeldPolls: number) => ({
  client: 4096,
  network: Math.max(4096, Math.min(maxHeldPolls, heldPerNetwork(maxHeldPolls)) + maxIdle.network * 1.5),
  all: maxHeldPolls + maxIdle.all * 1.5,
})
/**
 * A connection doesn't count as idle before this: when many open at once, their calls are still on the way. Only a full client key or network closes its own idle
 * ones sooner, as connections that send nothing would otherwise fill it.
 */
const idleAfterMs = 2000

export interface ConnectionOptions {
  /** Networks of the reverse proxies. Their connections are not limited, as all visitors share them. */
  readonly trustProxy: readonly string[]
  /** MAX_HELD_POLLS. */
  readonly maxHeldPolls: number
  readonly clock: Pick<Clock, 'steady' | 'after'>
}

interface Connection { unanswered: number, readonly groups: readonly Group[] }

/** Connections that are counted together. `busy` have an unanswered call; `idle` has the time since when, on the steady clock. Both have the oldest first. */
interface Group {
  readonly kind: keyof typeof maxIdle
  readonly key: string
  readonly maxIdle: number
  readonly maxOpen: number
  count: number
  readonly busy: Set<Socket>
  readonly idle: Map<Socket, number>
  cancelSweep: (() => void) | undefined
}

/** Limits the connections of a server: `watch` starts it, `handler` wraps the listener for requests. */
export const limitConnections = (
  handler: RequestListener,
  { trustProxy, maxHeldPolls, clock }: ConnectionOptions,
): { readonly watch: (server: Pick<Server, 'on'>) => void, readonly handler: RequestListener } => {
  const most = maxOpen(maxHeldPolls)
  const isProxy = networkMatcher(trustProxy)
  const connections = new WeakMap<Socket, Connection>()
  const groups = new Map<string, Group>()
  /** Networks by their number of connections. That changes by one at a time, so the last entry has the fullest. */
  const networks: Array<Set<Group>> = []

  const count = (group: Group, by: 1 | -1): void => {
    const before = group.count
    group.count += by
    if (group.kind !== 'network') return
    networks[before]?.delete(group)
    if (group.count > 0) (networks[group.count] ??= new Set()).add(group)
    if (networks.at(-1)?.size === 0) networks.pop()
  }

  const enter = (kind: keyof typeof maxIdle, prefix = ''): Group => {
    const key = `${kind} ${prefix}`
    const group = groups.get(key) ??
      { kind, key, maxIdle: maxIdle[kind], maxOpen: most[kind], count: 0, busy: new Set<Socket>(), idle: new Map<Socket, number>(), cancelSweep: undefined }
    groups.set(key, group)
    count(group, 1)
    return group
  }

  const leave = (socket: Socket, group: Group): void => {
    group.busy.delete(socket)
    group.idle.delete(socket)
    count(group, -1)
    if (group.count > 0) return
    group.cancelSweep?.()
    groups.delete(group.key)
  }

  const markIdle = (socket: Socket, { groups }: Connection): void => {
    for (const group of groups) {
      group.busy.delete(socket)
      group.idle.set(socket, clock.steady())
      sweep(group)
    }
  }

  /** Closes idle connections beyond the limit, now and again when the next one has been idle for long enough. */
  const sweep = (group: Group): void => {
    for (const [socket, since] of group.idle) {
      if (group.idle.size <= group.maxIdle) return
      const leftMs = since + idleAfterMs - clock.steady()
      if (leftMs > 0) {
        group.cancelSweep ??= clock.after(leftMs, () => {
          group.cancelSweep = undefined
          sweep(group)
        })
        return
      }
      close(socket)
    }
  }

  const close = (socket: Socket): void => {
    for (const { busy, idle } of connections.get(socket)?.groups ?? []) {
      busy.delete(socket)
      idle.delete(socket)
    }
    socket.destroy()
  }

  /** The connection that has been idle for longest, where it counts as idle. */
  const oldestIdleOf = ({ idle }: Group): Socket | undefined => {
    const [oldest] = idle
    return oldest !== undefined && clock.steady() - oldest[1] >= idleAfterMs ? oldest[0] : undefined
  }

  /**
   * Which connection to close when there are too many in all: an idle one, or one of the network with the most; when that network opens one more, never
   * another network's. The longest busy one goes before those that have just opened: a client repeats a poll whose connection has ended.
   */
  const toClose = (all: Group, network: Group): Socket | undefined => {
    const [fullest = network] = networks.at(-1) ?? []
    if (network.count === fullest.count) return oldestIdleOf(network)
    const [longestBusy] = fullest.busy
    const [justOpened] = fullest.idle.keys()
    return oldestIdleOf(fullest) ?? oldestIdleOf(all) ?? longestBusy ?? justOpened
  }

  const accept = (socket: Socket): void => {
    const address = plainAddress(socket.remoteAddress ?? '')
    const prefixes = prefixesOf(address)
    if (isProxy(address)) {
      connections.set(socket, { unanswered: 0, groups: [] })
      return
    }
    const [client, network, all] = [enter('client', prefixes.at(-1)), enter('network', prefixes[0]), enter('all')]
    const connection = { unanswered: 0, groups: [client, network, all] }
    connections.set(socket, connection)
    socket.once('close', () => { for (const group of connection.groups) leave(socket, group) })
    for (const group of connection.groups) {
      if (socket.destroyed || group.count <= group.maxOpen) continue
      const [oldest] = group.idle.keys()
      close((group === all ? toClose(all, network) : oldest) ?? socket)
    }
    if (!socket.destroyed) markIdle(socket, connection)
  }

  /** Of an answer: it was sent, or its connection has ended. */
  function onClose (this: ServerResponse): void {
    const { socket } = this.req
    const connection = connections.get(socket)
    if (connection === undefined) return
    connection.unanswered--
    if (connection.unanswered === 0 && !socket.destroyed) markIdle(socket, connection)
  }

  return {
    watch: (server) => { server.on('connection', accept) },
    handler: (request, response) => {
      const { socket } = request
      const connection = connections.get(socket)
      if (connection === undefined) return handler(request, response)
      if (connection.unanswered >= maxUnanswered) socket.destroy()
      if (socket.destroyed) return // further calls that arrived with it are dropped
      connection.unanswered++
      for (const { busy, idle } of connection.groups) {
        idle.delete(socket)
        busy.add(socket)
      }
      response.on('close', onClose) // comes once, and a held poll keeps less than with `once` or a closure
      handler(request, response)
    },
  }
}
