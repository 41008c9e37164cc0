/** The forms of STORE_URL for Redis: one server, a master behind Sentinels, or a cluster. */

export interface Node {
  readonly host: string
  readonly port: number
}

interface Credentials {
  readonly username?: string
  readonly password?: string
}

/** `url` is one that @redis/client reads itself. */
export type RedisAddress =
  | { readonly kind: 'server', readonly url: string }
  | { readonly kind: 'sentinel', readonly nodes: readonly Node[], readonly name: string, readonly database: number, readonly credentials: Credentials }
  | { readonly kind: 'cluster', readonly nodes: readonly Node[], readonly credentials: Credentials }

const defaultPorts = { sentinel: 26379, cluster: 6379 }

/**
 * Reads `redis://…`, `rediss://…`, `redis+sentinel://[user:password@]host[:port],…/name[/database]` or
 * `redis+cluster://[user:password@]host[:port],…`. The credentials are those of the Redis servers; the nodes of the last two are the Sentinels, and the
 * nodes of the cluster that are asked for the others. Throws an Error with one line, which never repeats the URL, as it may hold a password.
 */
export const readRedisAddress = (url: string): RedisAddress => {
  const kind = /^redis\+(cluster|sentinel):\/\//.exec(url)?.[1] as 'cluster' | 'sentinel' | undefined // the pattern allows only these
  if (kind === undefined) {
    return isServerUrl(url) ? { kind: 'server', url } : wrong('a Redis URL such as redis://user:password@host:6379/0')
  }
  const [, login, hosts = '', path = ''] = /^[^:]+:\/\/(?:([^@/]*)@)?([^/@?#]+)(?:\/([^?#]*))?$/.exec(url) ?? []
  const credentials = readCredentials(login)
  const nodes = hosts.split(',').map((host) => readNode(host, defaultPorts[kind]))
  const [name = '', database = '', ...rest] = path.split('/')
  if (kind === 'cluster') {
    if (hosts === '' || path !== '' || !areNodes(nodes) || credentials === undefined) return wrong('a list like redis+cluster://user:password@host:6379,host:6379')
    return { kind, nodes, credentials }
  }
  if (hosts === '' || !areNodes(nodes) || credentials === undefined || rest.length > 0 || !/^[\w.-]+$/.test(name) || !/^\d{0,4}$/.test(database)) {
    return wrong('a list of Sentinels with the name of the master, like redis+sentinel://user:password@host:26379,host:26379/mymaster')
  }
  return { kind, nodes, name, database: Number(database), credentials }
}

const wrong = (form: string): never => { throw new Error(`STORE_URL is not ${form}`) }

const isServerUrl = (text: string): boolean => {
  const url = /^rediss?:\/\/[^/]/.test(text) ? URL.parse(text) : null
  return url !== null && url.hostname !== '' && /^(?:\/\d{0,4})?$/.test(url.pathname) && url.search === '' && url.hash === '' &&
    readCredentials(`${url.username}:${url.password}`) !== undefined
}

const readCredentials = (login: string | undefined): Credentials | undefined => {
  if (login === undefined) return {}
  const [, username = '', password] = /^([^:]*)(?::(.*))?$/.exec(login) ?? []
  try {
    return {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== undefined && { password: decodeURIComponent(password) }),
    }
  } catch {
    return undefined // a percent sign that encodes nothing
  }
}

const readNode = (text: string, defaultPort: number): Node | undefined => {
  const url = URL.parse(`redis://${text}`)
  if (url === null || url.hostname === '' || url.host.toLowerCase() !== text.toLowerCase()) return undefined
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? defaultPort : Number(url.port) }
}

const areNodes = (nodes: ReadonlyArray<Node | undefined>): nodes is readonly Node[] => nodes.every((node) => node !== undefined)
