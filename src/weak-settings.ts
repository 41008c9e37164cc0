/** Warnings about settings that are allowed but weaken the service. `config.ts` refuses what can't work at all. */
import { isIP } from 'node:net'
import type { Config } from './config.ts'
import { isPrivateAddress, readNetwork } from './domain/address.ts'
import { hasListedSuffix, isPublicSuffix } from './domain/public-suffix.ts'

export interface WeakSettingsOptions {
  /** Whether NODE_ENV is `production`. */
  readonly isProduction: boolean
}

const daySeconds = 86_400

/** Well above the defaults (180 s, 30 and 90 days): operators may have a reason for somewhat more. */
const longTicketSeconds = 600
const longIdleSeconds = 90 * daySeconds
const longSessionSeconds = 180 * daySeconds

/** Calls a minute, more than a person or an office needs. */
const hugeLimit = 10_000

/**
 * The shortest prefixes that one operator of proxies may have: the widest ranges in the lists of content delivery networks are an IPv4 /12 and an IPv6 /29,
 * which gets a margin of five bits. Wider ranges have addresses of anybody.
 */
const widestPublic = { ipv4: 12, ipv6: 24 } as const

/** Lists the weak settings of a configuration, one line each with the risk and what to do. The lines hold no secret. */
export const weakSettings = (config: Config, { isProduction }: WeakSettingsOptions): readonly string[] => [
  ...config.MATCH_NUMBERS === 'off'
    ? ['MATCH_NUMBERS=off: a person who is lured into scanning a stranger\'s code logs the stranger in with one tap. Set it to "tap" or "type"']
    : [],
  ...config.ALLOWED_ORIGINS.flatMap((origin) => weakOrigin(origin, config)),
  ...config.TRUST_PROXY.filter(isWide).map((range) =>
    `TRUST_PROXY has ${range}: any address in it may claim to be any visitor, and no limit holds for it. Name the addresses of your own proxies`),
  ...weakApiUrl(config.WECHAT_API_URL),
  ...weakWebhookUrl(config.WEBHOOK_URL),
  ...(['HTTPS_PROXY', 'HTTP_PROXY'] as const).flatMap((name) => weakProxy(name, config[name])),
  ...weakStoreUrl(config.STORE_URL),
  ...weakMetricsHost(config),
  ...isProduction && !config.isSecure
    ? [`PUBLIC_URL is ${config.PUBLIC_URL} in production: no phone and no other computer reaches it, and cookies lack Secure. Set it to the https address of the service`]
    : [],
  ...tooLong('TICKET_TTL', config.TICKET_TTL, longTicketSeconds, 'a photographed or forwarded code works for that long. 180 seconds are enough for a scan'),
  ...tooLong('SESSION_IDLE', config.SESSION_IDLE, longIdleSeconds, 'a forgotten browser stays logged in for that long. The default is 30 days'),
  ...tooLong('SESSION_MAX', config.SESSION_MAX, longSessionSeconds, 'a stolen session works for that long. The default is 90 days'),
  ...(['LIMIT_CREATE', 'LIMIT_GUESS', 'LIMIT_PHONE'] as const).filter((name) => config[name] >= hugeLimit).map((name) =>
    `${name}=${config[name]}: that many a minute is as good as no limit. Set what your busiest network needs`),
]

const tooLong = (name: string, seconds: number, limit: number, why: string): readonly string[] => seconds > limit ? [`${name}=${seconds} seconds: ${why}`] : []

const weakOrigin = (origin: string, { isSecure }: Config): readonly string[] => {
  const { protocol, hostname } = new URL(origin)
  if (isPublicSuffix(hostname) && isPublicHost(hostname)) return [`ALLOWED_ORIGINS has ${origin}: its name is a public suffix and belongs to no single site. Name the site's own host`]
  if (protocol === 'https:' || !(isSecure || isPublicHost(hostname))) return [] // a service on localhost is tried out with pages on localhost
  return [`ALLOWED_ORIGINS has ${origin}: anybody on the network between a visitor and that site can change its pages and log in as the visitor. Use https`]
}

const isWide = (range: string): boolean => {
  const network = readNetwork(range)
  return network !== null && network.bits < widestPublic[network.family] && !isPrivateAddress(network.address, network.bits)
}

const weakApiUrl = (url: string): readonly string[] => {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && isPublicHost(hostname)
    ? ['WECHAT_API_URL is http to a public host: the AppSecret and the js_code of every login cross the network in clear. Use https']
    : []
}

const weakWebhookUrl = (url: string | null): readonly string[] => {
  const { protocol, hostname } = new URL(url ?? 'https://none')
  return protocol === 'http:' && isPublicHost(hostname)
    ? ['WEBHOOK_URL is http to a public host: who logs in, when and from which address crosses the network in clear. Use https or a private network']
    : []
}

const weakProxy = (name: string, proxy: string | null): readonly string[] => {
  const { protocol, hostname, username } = new URL(proxy ?? 'https://none')
  return protocol === 'http:' && username !== '' && isPublicHost(hostname)
    ? [`${name} is http to a public host: its password crosses the network in clear. Use an https proxy or a private network`]
    : []
}

/** `0.0.0.0` and `::` may be an address inside a container: there, too, it depends on others who can call it. */
const weakMetricsHost = ({ METRICS_HOST: host, METRICS_PORT: port }: Config): readonly string[] =>
  port !== null && (/^(?:0+(?:\.0+)*|[0:]+)$/.test(host) || isPublicHost(host))
    ? [`METRICS_HOST=${host}: whoever reaches port ${port} reads how many people log in, and when, without a password. Set it to 127.0.0.1 or to a private address, or keep that port behind a firewall`]
    : []

/** `redis://`, `redis+sentinel://` and `redis+cluster://` are not encrypted. */
const weakStoreUrl = (url: string): readonly string[] => {
  const [, hosts] = /^redis(?:\+[a-z]+)?:\/\/(?:[^@/]*@)?([^/?#]+)/.exec(url) ?? []
  const isPublic = hosts?.split(',').some((host) => isPublicHost(URL.parse(`redis://${host}`)?.hostname ?? ''))
  return isPublic ? ['STORE_URL is Redis without TLS on a public host: its password, sessions and tickets cross the network in clear. Use rediss:// or a private network'] : []
}

/** Whether a host is a public address, or a name under a registered suffix. Names that only a local network resolves are not public. */
const isPublicHost = (hostname: string): boolean => {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? hasListedSuffix(host) : !isPrivateAddress(host)
}
