/** Owns how the proxies' files of the README become what a test runs: moved to its addresses, made more hostile, wrapped. Starts nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type ProxyKind = 'nginx' | 'haproxy' | 'caddy' | 'squid'

/** Where a proxy listens and where its service does, as `127.0.0.1:3000`. */
export interface ProxyAddresses {
  readonly listen: string
  readonly upstream: string
}

export interface Hostility {
  /** How long an answer may rest; as in the file otherwise. */
  readonly cutSeconds?: number
  /** What the file says, and what stands there instead. */
  readonly edits?: readonly (readonly [string, string])[]
}

/** The files of the README; all else of the test's is made from them. */
export const proxyFiles: Readonly<Record<ProxyKind, string>> = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg', caddy: 'Caddyfile', squid: 'squid.conf' }

/** The text of a file of the README. */
export const readProxyFile = (kind: ProxyKind): string => readProxyText(proxyFiles[kind])

const readProxyText = (name: string): string => readFileSync(join(import.meta.dirname, '../networks/proxies', name), 'utf8')

/** The blocks of the README for several instances, which stand in the place of what the files say of one. */
export const instancesFiles = { nginx: 'nginx-instances.conf', haproxy: 'haproxy-instances.cfg' } as const satisfies Partial<Record<ProxyKind, string>>

export type BalancerKind = keyof typeof instancesFiles

/** The text of a block of the README for several instances. */
export const readInstancesBlock = (kind: BalancerKind): string => readProxyText(instancesFiles[kind])

/** The line of the README that nginx is given beside its block for several instances. */
export const readInstancesLine = (): string => readProxyText('nginx-instances-location.conf')

/** Tells the whole configuration of a proxy in front of three instances. */
export const balancerConfig = (kind: BalancerKind, folder: string, listen: string, upstreams: readonly [string, string, string]): string => {
  const block = upstreams.reduce((text, upstream, index) => replace(text, `10.0.0.1${index + 1}:3000`, upstream), readInstancesBlock(kind))
  const one = replace(readProxyFile(kind), placesOfOne[kind], block)
  const file = kind === 'nginx' ? replace(one, '        proxy_pass ', `        ${readInstancesLine()}        proxy_pass `) : one
  const place = { listen, upstream: '' }
  return wraps[kind](moved[kind](file, place).replaceAll('login.example.com', hostOf(listen)), folder, place)
}

/** What each file says of the one service behind it. */
const placesOfOne: Readonly<Record<BalancerKind, RegExp>> = { nginx: /^upstream [^]*?^}\n/m, haproxy: /^backend [^]*/m }

/** Tells the whole configuration of a proxy that keeps its things in `folder`. A hostile one sends away with a 403 whoever asks for an upgrade. */
export const proxyConfig = (kind: ProxyKind, folder: string, place: ProxyAddresses, hostility?: Hostility): string => {
  const edits = hostility === undefined ? [] : [cuts[kind](hostility.cutSeconds ?? 60), refusals[kind], ...hostility.edits ?? []]
  const file = edits.reduce((text, [part, by]) => replace(text, part, by), readProxyFile(kind))
  const config = moved[kind](file, place).replaceAll('127.0.0.1:3000', place.upstream).replaceAll('login.example.com', hostOf(place.listen))
  return wraps[kind](config, folder, place)
}

/** Tells the configuration of a visitor's own proxy: it forwards whatever is asked for, to anywhere, and keeps what it may. */
export const forwardSquidConfig = (folder: string, place: ProxyAddresses, cutSeconds: number): string => wraps.squid([
  `http_port ${place.listen}`,
  'acl tunnel method CONNECT',
  'http_access deny tunnel',
  ...refusals.squid[1].split('\n').slice(0, 2),
  'http_access allow all',
  `read_timeout ${cutSeconds} seconds`,
  ...keepsAll,
].join('\n'), folder, place)

/** Keeps whatever it may, and that for a day, whatever its sender says of the time. */
export const keepsAll = ['cache_mem 32 MB', 'refresh_pattern . 1440 100% 1440 override-expire override-lastmod ignore-reload']

const hostOf = (address: string): string => address.replace(/:.*/, '')

/** A file that no longer says what is replaced here must not pass unchanged. */
const replace = (text: string, part: string | RegExp, by: string): string => {
  if (!(typeof part === 'string' ? text.includes(part) : part.test(text))) throw new Error(`the proxy's file has no ${part}`)
  return text.replace(part, () => by)
}

const moved: Readonly<Record<ProxyKind, (file: string, place: ProxyAddresses) => string>> = {
  nginx: (file, { listen }) => replace(file, /listen 443 ssl;.*/, `listen ${listen};`),
  haproxy: (file, { listen }) => replace(file, /bind .*/, `bind ${listen}`),
  caddy: (file, { listen }) => replace(file, 'login.example.com', `http://${listen}`),
  squid: (file, { listen, upstream }) => replace(replace(file, /https_port 443 tls-cert=\S+/, `http_port ${listen}`), '127.0.0.1 parent 3000', upstream.replace(':', ' parent ')),
}

/** What each file says of how long an answer may rest, and in front of which line something can be refused. */
const cuts: Readonly<Record<ProxyKind, (seconds: number) => readonly [string, string]>> = {
  nginx: (seconds) => ['proxy_read_timeout 60s;', `proxy_read_timeout ${seconds}s;`],
  haproxy: (seconds) => ['timeout server 60s', `timeout server ${seconds}s`],
  caddy: (seconds) => ['reverse_proxy 127.0.0.1:3000', `reverse_proxy 127.0.0.1:3000 {\n\t\ttransport http {\n\t\t\tresponse_header_timeout ${seconds}s\n\t\t}\n\t}`],
  squid: (seconds) => ['read_timeout 60 seconds', `read_timeout ${seconds} seconds`],
}

const refusals: Readonly<Record<ProxyKind, readonly [string, string]>> = {
  nginx: ['proxy_pass', 'if ($http_upgrade) { return 403; }\n        proxy_pass'],
  haproxy: ['default_backend', 'http-request deny if { req.hdr(upgrade) -m found }\n    default_backend'],
  caddy: ['reverse_proxy', '@upgrade header Upgrade *\n\trespond @upgrade 403\n\treverse_proxy'],
  squid: ['http_access', 'acl upgrade req_header Upgrade .\nhttp_access deny upgrade\nhttp_access'],
}

/** What a distribution's own main file brings, and keeps everything in the folder. */
const wraps: Readonly<Record<ProxyKind, (config: string, folder: string, place: ProxyAddresses) => string>> = {
  nginx: (config, folder) => [
    'daemon off;',
    `pid ${folder}/nginx.pid;`,
    'events {}',
    'http {',
    'access_log off;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`),
    `${config}}`,
  ].join('\n'),
  haproxy: (config) => `global\n    nbthread 1\n${config}`,
  caddy: (config, _folder, { listen }) => `{\n\tadmin off\n\tauto_https off\n\tdefault_bind ${hostOf(listen)}\n}\n${config}`,
  squid: (config, folder) => [
    'visible_hostname proxy.example',
    'max_filedescriptors 1024',
    'pinger_enable off',
    'icp_port 0',
    'shutdown_lifetime 1 seconds',
    `pid_filename ${folder}/squid.pid`,
    `coredump_dir ${folder}`,
    `cache_log ${folder}/cache.log`,
    `access_log stdio:${folder}/access.log`,
    config,
  ].join('\n'),
}
