/** The networks that a login has to get through: the README's proxies as they are, proxies with short timeouts, and proxies with other faults. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { startCuttingRelay } from './cutting-relay.ts'
import { runProxy, startProxy, type Proxy } from './proxies.ts'
import { forwardSquidConfig, keepsAll, type Hostility, type ProxyAddresses, type ProxyKind } from './proxy-files.ts'
import { freePort } from './redis.ts'

export interface Network {
  readonly name: string
  /** The proxy is the visitor's own: the page is opened at the service's address. */
  readonly isForward?: boolean
  /** The proxy answers some calls itself, so that the service may see fewer polls than the page makes. */
  readonly answersItself?: boolean
  /** The proxy caches answers. */
  readonly isCache?: boolean
  /** Polls are cut off here; the test waits for that before it logs in. */
  readonly cuts?: boolean
  /** Answers that take longer don't get through, which the page has to learn. */
  readonly longestSeconds?: number
  /** The status of a WebSocket handshake. */
  readonly handshake: number
  open (t: Test, addresses: ProxyAddresses): Promise<Proxy>
}

const waitASecond = join(import.meta.dirname, '../networks/proxies/second.lua')

const kinds = ['nginx', 'haproxy', 'caddy', 'squid'] satisfies ProxyKind[]

const hostile = (name: string, kind: ProxyKind, hostility: Hostility, more: Partial<Network> = {}): Network =>
  ({ name, handshake: 403, open: (t, addresses) => startProxy(t, kind, addresses, hostility), ...more })

const forwardSquid: Network = {
  name: 'squid of the visitor, a cache, cut after 10 s',
  handshake: 403,
  isForward: true,
  isCache: true,
  cuts: true,
  longestSeconds: 10,
  open: (t, addresses) => runProxy(t, 'squid', addresses, (folder) => forwardSquidConfig(folder, addresses, 10)),
}

/** As an operator has them: they cut after 60 s, but for Caddy, which never does. */
const ofReadme = kinds.map((kind): Network => ({ name: `${kind} of the README`, handshake: 200, open: (t, addresses) => startProxy(t, kind, addresses) }))

const shortTimeouts = [
  ...[5, 10, 16].flatMap((cutSeconds) => kinds.map((kind) => hostile(`${kind}, cut after ${cutSeconds} s`, kind, { cutSeconds }, { cuts: true, longestSeconds: cutSeconds }))),
  hostile('caddy, cut after 60 s', 'caddy', { cutSeconds: 60 }),
]

const otherFaults = [
  hostile('nginx, buffering on', 'nginx', { edits: [['proxy_read_timeout', 'proxy_buffering on;\n        proxy_buffers 16 64k;\n        proxy_read_timeout']] }),
  hostile('nginx, HTTP/1.0 to the service', 'nginx', { edits: [['proxy_http_version 1.1', 'proxy_http_version 1.0']] }),
  hostile('nginx, answers cut in the middle', 'nginx', {}, {
    cuts: true,
    open: async (t, addresses) => {
      const relay = `127.0.0.1:${await freePort()}`
      const { cuts } = await startCuttingRelay(t, { listen: relay, upstream: addresses.upstream })
      return { ...await startProxy(t, 'nginx', { ...addresses, upstream: relay }, {}), cuts }
    },
  }),
  hostile('nginx, GETs sent again to the next of two, 5 s each', 'nginx', {
    cutSeconds: 5,
    edits: [['server 127.0.0.1:3000;', 'server 127.0.0.1:3000;\n    server 127.0.0.1:3000;']],
  }, { answersItself: true, cuts: true }), // with 502, for 10 s after both were too slow
  hostile('haproxy, everything sent up to three times, 5 s each', 'haproxy', {
    cutSeconds: 5,
    edits: [['timeout connect', 'retry-on all-retryable-errors\n    retries 2\n    option redispatch 1\n    timeout connect']],
  }, { cuts: true }),
  hostile('haproxy, a second for every request', 'haproxy', {
    edits: [['frontend login', `global\n    lua-load ${waitASecond}\nfrontend login`], ['default_backend', 'http-request lua.wait_a_second\n    default_backend']],
  }),
  hostile('squid, a cache', 'squid', { edits: [['cache deny all', keepsAll.join('\n')]] }, { isCache: true }),
]

/** Networks for every browser. */
export const networks: readonly Network[] = [...ofReadme, ...shortTimeouts, ...otherFaults]
/** Networks for browsers that can have a proxy for a single page. */
export const networksOfVisitors: readonly Network[] = [forwardSquid]
