/** Owns the table of networks that a login has to come through: the README's proxies as they are, impatient ones, and those that do worse. */
import { join } from 'node:path'
import type { Test } from 'tap'
import { startCuttingRelay } from './cutting-relay.ts'
import { runProxy, startProxy, type Proxy } from './proxies.ts'
import { forwardSquidConfig, keepsAll, type Hostility, type ProxyAddresses, type ProxyKind } from './proxy-files.ts'
import { freePort } from './redis.ts'

export interface Network {
  readonly name: string
  /** The proxy is the visitor's, and the page's address that of the service. */
  readonly isForward?: boolean
  /** The proxy answers some calls by itself, so that what the page counts is no measure of what must have come in. */
  readonly answersItself?: boolean
  /** The proxy keeps answers. */
  readonly isCache?: boolean
  /** Sooner or later something cuts a poll off, and the login has to come after that. */
  readonly cuts?: boolean
  /** No answer of the service comes through that takes longer: the page has to find that out. Seconds. */
  readonly longest?: number
  /** How a WebSocket handshake ends here. */
  readonly handshake: number
  open (t: Test, place: ProxyAddresses): Promise<Proxy>
}

const slowness = join(import.meta.dirname, '../networks/proxies/second.lua')

const kinds = ['nginx', 'haproxy', 'caddy', 'squid'] satisfies ProxyKind[]

const hostile = (name: string, kind: ProxyKind, hostility: Hostility, more: Partial<Network> = {}): Network =>
  ({ name, handshake: 403, open: (t, place) => startProxy(t, kind, place, hostility), ...more })

const forwardSquid: Network = {
  name: 'squid of the visitor, a cache, cut after 10 s',
  handshake: 403,
  isForward: true,
  isCache: true,
  cuts: true,
  longest: 10,
  open: (t, place) => runProxy(t, 'squid', place, (folder) => forwardSquidConfig(folder, place, 10)),
}

/** As an operator has them: they cut after 60 s, but for Caddy, which never does. */
const theReadmes = kinds.map((kind): Network => ({ name: `${kind} of the README`, handshake: 200, open: (t, place) => startProxy(t, kind, place) }))

const impatient = [
  ...[5, 10, 16].flatMap((cutSeconds) => kinds.map((kind) => hostile(`${kind}, cut after ${cutSeconds} s`, kind, { cutSeconds }, { cuts: true, longest: cutSeconds }))),
  hostile('caddy, cut after 60 s', 'caddy', { cutSeconds: 60 }),
]

const worse = [
  hostile('nginx, buffering on', 'nginx', { edits: [['proxy_read_timeout', 'proxy_buffering on;\n        proxy_buffers 16 64k;\n        proxy_read_timeout']] }),
  hostile('nginx, HTTP/1.0 to the service', 'nginx', { edits: [['proxy_http_version 1.1', 'proxy_http_version 1.0']] }),
  hostile('nginx, answers cut in the middle', 'nginx', {}, {
    cuts: true,
    open: async (t, place) => {
      const relay = `127.0.0.1:${await freePort()}`
      const { cuts } = await startCuttingRelay(t, { listen: relay, upstream: place.upstream })
      return { ...await startProxy(t, 'nginx', { ...place, upstream: relay }, {}), cuts }
    },
  }),
  hostile('nginx, GETs sent again to the next of two, 5 s each', 'nginx', {
    cutSeconds: 5,
    edits: [['server 127.0.0.1:3000;', 'server 127.0.0.1:3000;\n    server 127.0.0.1:3000;']],
  }, { answersItself: true, cuts: true }), // for 10 s after it found both too slow
  hostile('haproxy, everything sent up to three times, 5 s each', 'haproxy', {
    cutSeconds: 5,
    edits: [['timeout connect', 'retry-on all-retryable-errors\n    retries 2\n    option redispatch 1\n    timeout connect']],
  }, { cuts: true }),
  hostile('haproxy, a second for every request', 'haproxy', {
    edits: [['frontend login', `global\n    lua-load ${slowness}\nfrontend login`], ['default_backend', 'http-request lua.wait_a_second\n    default_backend']],
  }),
  hostile('squid, a cache', 'squid', { edits: [['cache deny all', keepsAll.join('\n')]] }, { isCache: true }),
]

/** Those that any browser can be behind, and those that take one with a proxy for each page. */
export const networks: readonly Network[] = [...theReadmes, ...impatient, ...worse]
export const networksOfVisitors: readonly Network[] = [forwardSquid]
