/** Owns how the proxies' files of the README become what a test runs: moved to its addresses, made more hostile, wrapped. Starts nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type ProxyKind = 'nginx' | 'haproxy' | 'caddy' | 'squid'

/** Where a proxy listens and where its service does, as `127.0.0.1:3000`. */
export interface Place {
  readonly listen: string
  readonly upstream: string
}

export interface Hostility {
  /** How long an answer may rest; as in the file otherwise. */
  readonly cutSeconds?: number
  /** Whoever asks for an upgrade is sent away with a 403; otherwise the proxy does what it does by itself. */
  readonly refusesUpgrades?: boolean
  /** Further lines for the place where the service is named. */
  readonly lines?: readonly string[]
}

/** The files of the README; all else of the test's is made from them. */
export const proxyFiles: Readonly<Record<ProxyKind, string>> = { nginx: 'nginx.conf', haproxy: 'haproxy.cfg', caddy: 'Caddyfile', squid: 'squid.conf' }

/** The text of a file of the README. */
export const readProxyFile = (kind: ProxyKind): string => readFileSync(join(import.meta.dirname, '../e2e/proxies', proxyFiles[kind]), 'utf8')

/** Tells the whole configuration of a proxy that keeps its things in `folder`. */
export const proxyConfig = (kind: ProxyKind, folder: string, place: Place, hostility: Hostility = {}): string =>
  wraps[kind](harden[kind](moved[kind](readProxyFile(kind), place), hostility), folder, place)

/** A file that no longer says what is replaced here must not pass unchanged. */
const replace = (text: string, part: string | RegExp, by: string): string => {
  if (text.search(part) < 0) throw new Error(`the proxy's file has no ${part}`)
  return text.replace(part, () => by)
}

const moved: Readonly<Record<ProxyKind, (file: string, place: Place) => string>> = {
  nginx: (file, { listen, upstream }) => replace(replace(file, /listen 443 ssl;.*/, `listen ${listen};`), '127.0.0.1:3000', upstream),
  haproxy: (file, { listen, upstream }) => replace(replace(file, /bind .*/, `bind ${listen}`), '127.0.0.1:3000', upstream),
  caddy: (file, { listen, upstream }) => replace(replace(file, 'login.example.com', `http://${listen}`), '127.0.0.1:3000', upstream),
  squid: (file, { listen, upstream }) =>
    replace(replace(file, /https_port 443 tls-cert=\S+/, `http_port ${listen}`), '127.0.0.1 parent 3000', upstream.replace(':', ' parent '))
      .replaceAll('login.example.com', listen.replace(/:.*/, '')),
}

const harden: Readonly<Record<ProxyKind, (file: string, hostility: Hostility) => string>> = {
  nginx: (file, { cutSeconds = 60, refusesUpgrades = false, lines = [] }) => {
    const refusal = refusesUpgrades ? ['if ($http_upgrade) { return 403; }'] : []
    return replace(file, 'proxy_read_timeout 60s;', [`proxy_read_timeout ${cutSeconds}s;`, ...refusal, ...lines].join('\n        '))
  },
  haproxy: (file, { cutSeconds = 60, refusesUpgrades = false, lines = [] }) => {
    const refusal = refusesUpgrades ? ['http-request deny if { req.hdr(upgrade) -m found }'] : []
    return replace(file, 'timeout server 60s', [`timeout server ${cutSeconds}s`, ...refusal, ...lines].join('\n    '))
  },
  caddy: (file, { cutSeconds, refusesUpgrades = false }) => {
    const refusal = refusesUpgrades ? '\t@upgrade header Upgrade *\n\trespond @upgrade 403\n' : ''
    const cut = cutSeconds === undefined ? '' : ` {\n\t\ttransport http {\n\t\t\tresponse_header_timeout ${cutSeconds}s\n\t\t}\n\t}`
    return replace(file, /\treverse_proxy .*/, `${refusal}${/\treverse_proxy .*/.exec(file)?.[0] ?? ''}${cut}`)
  },
  squid: (file, { cutSeconds = 60, refusesUpgrades = false, lines = [] }) => {
    const refusal = refusesUpgrades ? ['acl upgrade req_header Upgrade .', 'http_access deny upgrade'] : []
    return replace(replace(file, 'read_timeout 60 seconds', `read_timeout ${cutSeconds} seconds`), 'http_access allow login', [...refusal, 'http_access allow login', ...lines].join('\n'))
  },
}

/** What a distribution's own main file brings, and keeps everything in the folder. */
const wraps: Readonly<Record<ProxyKind, (config: string, folder: string, place: Place) => string>> = {
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
  caddy: (config, _folder, { listen }) => `{\n\tadmin off\n\tauto_https off\n\tdefault_bind ${listen.replace(/:.*/, '')}\n}\n${config}`,
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
