/**
 * Limits on what one client can make a server keep: connections, and calls in a row over one of them. What is queued for a client that doesn't read follows
 * from these, since each answer is bounded, and the large ones are bytes that all share.
 */
import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import { networkMatcher, networkOf, plainAddress } from '../domain/address.ts'

/** Calls on one connection that are not answered yet. Browsers and proxies send none before the last answer; whoever sends more is cut off. */
const maxUnanswered = 8
/** Connections of one client key: 2,000 held polls of an office, and as many others at the same moment. */
const maxPerClient = 4096
/** Idle connections of one client key, of its network (/24, /48), and of all but proxies; beyond, the one that is idle for longest is closed. */
const maxIdle = { client: 512, network: 2048, all: 8192 }
/** A connection is not closed as idle before: when many come at once, their calls are still on the way. Milliseconds. */
const restMs = 2000

interface Connection { unanswered: number, readonly groups: readonly Group[] }

/** Those who are counted together: how many, and since when those of them that are idle are so, the longest first. */
interface Group { readonly key: string, readonly maxIdle: number, count: number, readonly idle: Map<Socket, number>, sweep: NodeJS.Timeout | undefined }

/** Watches the connections of a server; peers in `trustProxy` have as many as they like, as all visitors come over theirs. Gives the listener for requests. */
export const limitConnections = (handler: RequestListener, trustProxy: readonly string[]): { readonly watch: (server: Server) => void, readonly handler: RequestListener } => {
  const isProxy = networkMatcher(trustProxy)
  const connections = new WeakMap<Socket, Connection>()
  const groups = new Map<string, Group>()

  const enter = (key: string, maxIdle: number): Group => {
    const group = groups.get(key) ?? { key, maxIdle, count: 0, idle: new Map<Socket, number>(), sweep: undefined }
    groups.set(key, group)
    group.count++
    return group
  }

  const leave = (socket: Socket, group: Group): void => {
    group.idle.delete(socket)
    if (--group.count > 0) return
    clearTimeout(group.sweep)
    groups.delete(group.key)
  }

  const rest = (socket: Socket, { groups }: Connection): void => {
    for (const group of groups) {
      group.idle.set(socket, performance.now())
      sweep(group)
    }
  }

  /** Closes what is idle beyond the limit, now and as soon as it has been so for long enough. */
  const sweep = (group: Group): void => {
    for (const [socket, since] of group.idle) {
      if (group.idle.size <= group.maxIdle) return
      const leftMs = since + restMs - performance.now()
      if (leftMs > 0) {
        group.sweep ??= setTimeout(() => {
          group.sweep = undefined
          sweep(group)
        }, leftMs).unref()
        return
      }
      closeIdle(socket)
    }
  }

  const closeIdle = (socket: Socket | undefined): void => {
    if (socket === undefined) return
    for (const { idle } of connections.get(socket)?.groups ?? []) idle.delete(socket)
    socket.destroy()
  }

  const accept = (socket: Socket): void => {
    const address = plainAddress(socket.remoteAddress ?? '')
    const client = normalizeIP(address)
    const mine = isProxy(address) ? [] : [enter(`client ${client}`, maxIdle.client), enter(`network ${networkOf(address) ?? client}`, maxIdle.network), enter('all', maxIdle.all)]
    const connection = { unanswered: 0, groups: mine }
    connections.set(socket, connection)
    socket.once('close', () => { for (const group of mine) leave(socket, group) })
    const [own] = mine
    if (own !== undefined && own.count > maxPerClient) {
      const [oldest] = own.idle.keys()
      closeIdle(oldest ?? socket)
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
      for (const { idle } of connection.groups) idle.delete(socket)
      response.once('close', () => {
        connection.unanswered--
        if (connection.unanswered === 0 && !socket.destroyed) rest(socket, connection)
      })
      handler(request, response)
    },
  }
}
