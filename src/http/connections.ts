/**
 * Limits on what one client can make a server keep: connections, and calls in a row over one of them. What is queued for a client that doesn't read follows
 * from these, since each answer is bounded, and the large ones are bytes that all share.
 */
import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { networkMatcher, plainAddress, prefixesOf } from '../domain/address.ts'
import type { Clock } from '../login/ports.ts'
import { heldPerNetwork } from '../login/waiting-room.ts'

/** Calls on one connection that are not answered yet. Browsers and proxies send none before the last answer; whoever sends more is cut off. */
const maxUnanswered = 8
/** Idle connections of one client key, of its network (/24, /48), and of all but proxies; beyond, the one that is idle for longest is closed. */
const maxIdle = { client: 512, network: 2048, all: 8192 }
/**
 * Connections in all, idle or not, of the same; beyond, one of the same client key or network that is idle is closed, or the newcomer; beyond those of all,
 * one of the network that has most, as four full networks would have the places of all others. A client key: 2,000 held polls of an office, and as many others
 * at the same moment. Its network and all: the polls that are held for them, the idle, and half as many that are at work. With the defaults 8,072 and 32,288:
 * well below the open files that a process may have with systemd (524,288) or Docker (1,048,576).
 */
const maxOpen = (maxHeldPolls: number) => ({
  client: 4096,
  network: Math.max(4096, Math.min(maxHeldPolls, heldPerNetwork(maxHeldPolls)) + maxIdle.network * 1.5),
  all: maxHeldPolls + maxIdle.all * 1.5,
})
/**
 * A connection is not closed as idle before: when many come at once, their calls are still on the way. Only a full client key or network closes its own before,
 * or those who send nothing would hold its places. Milliseconds.
 */
const restMs = 2000

export interface ConnectionOptions {
  /** Networks of the reverse proxies, which have as many connections as they like, as all visitors come over theirs. */
  readonly trustProxy: readonly string[]
  /** How many polls are held at a time. */
  readonly maxHeldPolls: number
  readonly clock: Pick<Clock, 'steady' | 'after'>
}

interface Connection { unanswered: number, readonly groups: readonly Group[] }

/** Those who are counted together: how many, those on which somebody waits, and since when the idle ones are so; each the longest first. */
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

/** Watches the connections of a server. Gives the listener for requests. */
export const limitConnections = (
  handler: RequestListener,
  { trustProxy, maxHeldPolls, clock }: ConnectionOptions,
): { readonly watch: (server: Pick<Server, 'on'>) => void, readonly handler: RequestListener } => {
  const most = maxOpen(maxHeldPolls)
  const isProxy = networkMatcher(trustProxy)
  const connections = new WeakMap<Socket, Connection>()
  const groups = new Map<string, Group>()
  /** By how many connections they have. That changes by one at a time, so the fullest are always the last. */
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

  const rest = (socket: Socket, { groups }: Connection): void => {
    for (const group of groups) {
      group.busy.delete(socket)
      group.idle.set(socket, clock.steady())
      sweep(group)
    }
  }

  /** Closes what is idle beyond the limit, now and as soon as it has been so for long enough. */
  const sweep = (group: Group): void => {
    for (const [socket, since] of group.idle) {
      if (group.idle.size <= group.maxIdle) return
      const leftMs = since + restMs - clock.steady()
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

  /** The one that is idle for longest, where that is long enough. */
  const spareOf = ({ idle }: Group): Socket | undefined => {
    const [oldest] = idle
    return oldest !== undefined && clock.steady() - oldest[1] >= restMs ? oldest[0] : undefined
  }

  /**
   * Which is closed where there are too many in all: one that is idle, or one of the network that has most, and for that network's own newcomer none of
   * another's. On which somebody has waited for longest goes before what has only come: a poll whose connection ends is asked again.
   */
  const oneTooMany = (all: Group, network: Group): Socket | undefined => {
    const [fullest = network] = networks.at(-1) ?? []
    if (network.count === fullest.count) return spareOf(network)
    const [longestBusy] = fullest.busy
    const [longestIdle] = fullest.idle.keys()
    return spareOf(fullest) ?? spareOf(all) ?? longestBusy ?? longestIdle
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
      close((group === all ? oneTooMany(all, network) : oldest) ?? socket)
    }
    if (!socket.destroyed) rest(socket, connection)
  }

  return {
    watch: (server) => { server.on('connection', accept) },
    handler: (request, response) => {
      const { socket } = request
      const connection = connections.get(socket)
      if (connection === undefined) return handler(request, response)
      if (connection.unanswered >= maxUnanswered) socket.destroy()
      if (socket.destroyed) return // what else came with it is not even looked at
      connection.unanswered++
      for (const { busy, idle } of connection.groups) {
        idle.delete(socket)
        busy.add(socket)
      }
      response.once('close', () => {
        connection.unanswered--
        if (connection.unanswered === 0 && !socket.destroyed) rest(socket, connection)
      })
      handler(request, response)
    },
  }
}
