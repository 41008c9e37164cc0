/** A pool of connections to one host, through an HTTP proxy where the settings say so. */
import { Agent, Pool, ProxyAgent, type buildConnector, type Client, type Dispatcher } from 'undici'
import { createConnector, type Lookup } from './connect.ts'
import { createKeptClient, repeatLostCalls } from './kept-connections.ts'

export interface DispatcherOptions {
  /** The URL of the HTTP proxy through which the calls go; null or missing for none. */
  readonly proxy?: string | null
  /** The system's by default. */
  readonly lookup?: Lookup
  /** 3 s by default: the deadlines of the calls are longer by little. */
  readonly connectTimeoutMs?: number
}

/** With HTTP/2 possible, undici opens a first connection alone, to see what the server speaks: where that one hangs, all calls do. */
const allowH2 = false

/** Options of undici's pool and agent: no connection is kept. */
const noneKept = { pipelining: 0 }

/** Creates a dispatcher that opens a connection for each call. No dispatcher of this file opens one before the first call. */
export const createFreshDispatcher = (options: DispatcherOptions): Dispatcher => create(options, noneKept)

/** Creates a dispatcher that keeps so many connections at the most. A call that is lost with a kept one is made once more through `fresh`. */
export const createKeptDispatcher = (options: DispatcherOptions, connections: number, fresh: Dispatcher): Dispatcher =>
  repeatLostCalls(create(options, { connections }), fresh)

const create = ({ proxy = null, lookup, connectTimeoutMs = 3000 }: DispatcherOptions, options: Pool.Options): Dispatcher => {
  const connect = createConnector(connectTimeoutMs, lookup)
  return proxy === null
    ? new Agent({ ...options, connect, allowH2, factory: (origin, given) => new Pool(origin, { ...given, factory: createClient }) })
    : createProxyAgent(proxy, options, { connect, connectTimeoutMs })
}

/** Creates a pool's client. The pool's options always have a connector. */
const createClient = (origin: URL, options: object): Client => createKeptClient(origin, options as Parameters<typeof createKeptClient>[1])

/** For https undici asks the proxy for a tunnel (CONNECT); an http URL it sends to the proxy as it is. */
const createProxyAgent = (proxy: string, options: Pool.Options, { connect, connectTimeoutMs }: { connect: buildConnector.connector, connectTimeoutMs: number }): Dispatcher => {
  const isProxy = (origin: string | URL): boolean => new URL(origin).origin === new URL(proxy).origin
  return new ProxyAgent({
    ...options,
    uri: proxy,
    allowH2,
    connectTimeout: connectTimeoutMs, // of TLS inside the tunnel
    // A proxy that never answers CONNECT would otherwise take up its connection for five minutes, long after the call has given up.
    clientFactory: (origin) => new Pool(origin, { connect, allowH2, headersTimeout: connectTimeoutMs }),
    factory: (origin, given) => new Pool(origin, { ...given, ...isProxy(origin) && { ...options, connect, allowH2 }, factory: createClient }),
  })
}
