/** Turns the README's proxy configurations into ones for a test: with the test's addresses, a complete main file, and hostile settings if asked for. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type ProxyKind = 'nginx' | 'haproxy' | 'caddy' | 'squid'

/** The addresses of a proxy and of the service behind it, as `127.0.0.1:3000`. */
export interface ProxyAddresses {
  readonly listen: string
  readonly upstream: string
}

export interface Hostility {
  /** The timeout for an answer; 60 by default. */
  readonly cutSeconds?: number
  /** Replacements in the file: text, and new text. */
  readonly edits?: readonly (readonly [string, string])[]
}

/** The README's configurations, which all configurations of the tests are made from. */
const proxyFiles: Readonly<Record<ProxyKind, string>> = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg', caddy: 'Caddyfile', squid: 'squid.conf' }

/** Reads a configuration of the README. */
export const readProxyFile = (kind: ProxyKind): string => readProxyText(proxyFiles[kind])

const readProxyText = (name: string): string => readFileSync(join(import.meta.dirname, '../networks/proxies', name), 'utf8')

/** The README's blocks for several instances, which replace those for one. */
const instancesFiles = { nginx: 'nginx-instances.conf', haproxy: 'haproxy-instances.cfg' } as const satisfies Partial<Record<ProxyKind, string>>

export type BalancerKind = keyof typeof instancesFiles

/** Reads a block of the README for several instances. */
export const readInstancesBlock = (kind: BalancerKind): string => readProxyText(instancesFiles[kind])

/** Reads the README's further line for nginx with several instances. */
export const readInstancesLine = (): string => readProxyText('nginx-instances-location.conf')

/** Returns the complete configuration of a proxy in front of three instances. */
export const balancerConfig = (kind: BalancerKind, folder: string, listen: string, upstreams: readonly [string, string, string]): string => {
  const block = upstreams.reduce((text, upstream, index) => replace(text, `10.0.0.1${index + 1}:3000`, upstream), readInstancesBlock(kind))
  const one = replace(readProxyFile(kind), blockOfOne[kind], block)
  const file = kind === 'nginx' ? replace(one, '        proxy_pass ', `        ${readInstancesLine()}        proxy_pass `) : one
  const addresses = { listen, upstream: '' }
  return wraps[kind](atAddresses[kind](file, addresses).replaceAll('login.example.com', hostOf(listen)), folder, addresses)
}

/** Each file's block for a single instance. */
const blockOfOne: Readonly<Record<BalancerKind, RegExp>> = { nginx: /^upstream [^]*?^}\n/m, haproxy: /^backend [^]*/m }

/** Returns the complete configuration of a proxy that keeps its files in `folder`. A hostile one answers upgrade requests with 403. */
export const proxyConfig = (kind: ProxyKind, folder: string, addresses: ProxyAddresses, hostility?: Hostility): string => {
  const edits = hostility === undefined ? [] : [timeouts[kind](hostility.cutSeconds ?? 60), refusals[kind], ...hostility.edits ?? []]
  const file = edits.reduce((text, [part, by]) => replace(text, part, by), readProxyFile(kind))
  const config = atAddresses[kind](file, addresses).replaceAll('127.0.0.1:3000', addresses.upstream).replaceAll('login.example.com', hostOf(addresses.listen))
  return wraps[kind](config, folder, addresses)
}

/** Returns the complete configuration of a proxy that encrypts as the README's does, with a certificate of the test's. */
export const encryptedConfig = (kind: 'nginx' | 'haproxy', folder: string, addresses: ProxyAddresses, pem: string): string => {
  const { listen, upstream } = addresses
  const file = readProxyFile(kind).replaceAll('127.0.0.1:3000', upstream)
  const edits: Readonly<Record<typeof kind, readonly [string, string]>> = {
    nginx: ['listen 443', `ssl_certificate ${pem};\n    ssl_certificate_key ${pem};\n    listen ${listen}`],
    haproxy: ['bind :443 ssl crt /etc/haproxy/login.example.com.pem', `bind ${listen} ssl crt ${pem}`],
  }
  return wraps[kind](replace(file, ...edits[kind]), folder, addresses)
}

/** Returns the configuration of a visitor's own proxy, which forwards requests to anywhere, and caches what it may. */
export const forwardSquidConfig = (folder: string, addresses: ProxyAddresses, cutSeconds: number): string => wraps.squid([
  `http_port ${addresses.listen}`,
  'acl tunnel method CONNECT',
  'http_access deny tunnel',
  ...refusals.squid[1].split('\n').slice(0, 2),
  'http_access allow all',
  `read_timeout ${cutSeconds} seconds`,
  ...keepsAll,
].join('\n'), folder, addresses)

/** Returns the configuration of an operator's proxy for what a service calls. It asks for a password, and finds `host` on this machine. */
export const outgoingSquidConfig = (folder: string, addresses: ProxyAddresses, host: string, { user, password }: { readonly user: string, readonly password: string }): string => {
  const [hosts, check] = [join(folder, 'hosts'), join(folder, 'check')]
  writeFileSync(hosts, `127.0.0.1 ${host}\n`)
  writeFileSync(check, `#!/bin/sh\nwhile read -r user; do [ "$user" = '${user} ${password}' ] && echo OK || echo ERR; done\n`, { mode: 0o755 })
  return wraps.squid([
    `http_port ${addresses.listen}`,
    `hosts_file ${hosts}`,
    `auth_param basic program ${check}`,
    'acl known proxy_auth REQUIRED',
    'http_access allow known',
    'http_access deny all',
    'cache deny all',
  ].join('\n'), folder, addresses)
}

/** Caches all that it may for a day, against the sender's own limits. */
export const keepsAll = ['cache_mem 32 MB', 'refresh_pattern . 1440 100% 1440 override-expire override-lastmod ignore-reload']

const hostOf = (address: string): string => address.replace(/:.*/, '')

/** Replaces text that has to be in the file: a changed README must not make the replacement a no-op. */
export const replace = (text: string, part: string | RegExp, by: string): string => {
  if (!(typeof part === 'string' ? text.includes(part) : part.test(text))) throw new Error(`the proxy's file has no ${part}`)
  return text.replace(part, () => by)
}

const atAddresses: Readonly<Record<ProxyKind, (file: string, addresses: ProxyAddresses) => string>> = {
  nginx: (file, { listen }) => replace(file, /listen 443 ssl.*/, `listen ${listen};`),
  haproxy: (file, { listen }) => replace(file, /bind .*/, `bind ${listen}`),
  caddy: (file, { listen }) => replace(file, 'login.example.com', `http://${listen}`),
  squid: (file, { listen, upstream }) => replace(replace(file, /https_port 443 tls-cert=\S+/, `http_port ${listen}`), '127.0.0.1 parent 3000', upstream.replace(':', ' parent ')),
}

/** Each file's timeout for an answer. */
const timeouts: Readonly<Record<ProxyKind, (seconds: number) => readonly [string, string]>> = {
  nginx: (seconds) => ['proxy_read_timeout 60s;', `proxy_read_timeout ${seconds}s;`],
  haproxy: (seconds) => ['timeout server 60s', `timeout server ${seconds}s`],
  caddy: (seconds) => ['reverse_proxy 127.0.0.1:3000', `reverse_proxy 127.0.0.1:3000 {\n\t\ttransport http {\n\t\t\tresponse_header_timeout ${seconds}s\n\t\t}\n\t}`],
  squid: (seconds) => ['read_timeout 60 seconds', `read_timeout ${seconds} seconds`],
}

/** Rules against upgrade requests, each put in front of an existing line. */
const refusals: Readonly<Record<ProxyKind, readonly [string, string]>> = {
  nginx: ['proxy_pass', 'if ($http_upgrade) { return 403; }\n        proxy_pass'],
  haproxy: ['default_backend', 'http-request deny if { req.hdr(upgrade) -m found }\n    default_backend'],
  caddy: ['reverse_proxy', '@upgrade header Upgrade *\n\trespond @upgrade 403\n\treverse_proxy'],
  squid: ['http_access', 'acl upgrade req_header Upgrade .\nhttp_access deny upgrade\nhttp_access'],
}

/** Adds what a distribution's main file has, with all files in the folder. */
export const wraps: Readonly<Record<ProxyKind, (config: string, folder: string, addresses: ProxyAddresses) => string>> = {
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
