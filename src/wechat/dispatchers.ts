/** Connection pools to WeChat, one per endpoint: slow codes must not delay a phone's login, nor either of them the token. */
import { Agent, Pool, ProxyAgent, type buildConnector, type Client, type Dispatcher } from 'undici'
import { createConnector, type Lookup } from './connect.ts'
import { paths, type Endpoint } from './endpoints.ts'
import { createKeptClient, repeatLostCalls } from './kept-connections.ts'

/** `fresh` opens a connection for each call, for calls that the others repeat. */
export type WechatDispatchers = Readonly<Record<Endpoint | 'fresh', Dispatcher>>

interface DispatcherOptions {
  /** The URL of the HTTP proxy through which the calls go; null or missing for none. */
  readonly proxy?: string | null
  /** The system's by default. */
  readonly lookup?: Lookup
  /** 3 s by default: the deadlines of the calls are longer by little. */
  readonly connectTimeoutMs?: number
}

/** Calls at a time, and as many connections: so no call queues behind another. */
export const maxUnderWay: Readonly<Record<Endpoint, number>> = {
  stable_token: 8,
  getwxacodeunlimit: 64,
  generate_urllink: 32,
  jscode2session: 128,
}

/** With HTTP/2 possible, undici opens a first connection alone, to see what the server speaks: where that one hangs, all calls do. */
const allowH2 = false

/** Options of undici's pool and agent: no connection is kept. */
const noneKept = { pipelining: 0 }

/** Opens no connection before the first call. The caller destroys the dispatchers. */
export const createWechatDispatchers = ({ proxy = null, lookup, connectTimeoutMs = 3000 }: DispatcherOptions = {}): WechatDispatchers => {
  const connect = createConnector(connectTimeoutMs, lookup)
  const create = (options: Pool.Options): Dispatcher =>
    proxy === null
      ? new Agent({ ...options, connect, allowH2, factory: (origin, given) => new Pool(origin, { ...given, factory: createClient }) })
      : createProxyAgent(proxy, options, { connect, connectTimeoutMs })
  const fresh = create(noneKept)
  return {
    ...Object.fromEntries((Object.keys(paths) as Endpoint[]).map((endpoint) => // the keys of `paths`
      [endpoint, repeatLostCalls(create({ connections: maxUnderWay[endpoint] }), fresh)])) as Record<Endpoint, Dispatcher>,
    fresh,
  }
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

export const destroyDispatchers = async (dispatchers: WechatDispatchers): Promise<void> => {
  await Promise.all(Object.values(dispatchers).map((dispatcher) => dispatcher.destroy()))
}
