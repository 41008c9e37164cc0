/** A compose file, started as Docker Compose does, as far as the files of this repository use it. Of the service there is the real image; of others, the program of this machine. */
import { chownSync, chmodSync, cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { repository } from '../readmes.ts'
import { makeFolder, type ProcessExit } from '../service-process.ts'
import type { TeardownScope } from '../teardown-scope.ts'
import { startContainer, type Container, type Mount } from './container.ts'
import { openNetwork, type Network } from './network.ts'
import type { RealImage } from './real-image.ts'

interface Healthcheck {
  readonly test: readonly string[]
  readonly interval: string
  readonly timeout: string
}

interface ComposeService {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly volumes?: readonly string[]
  readonly networks: Readonly<Record<string, { readonly ipv4_address?: string } | null>>
  readonly ports?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: Healthcheck
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly pull_policy?: string
  readonly container_name?: string
  readonly restart: string
  readonly logging: { readonly driver: string, readonly options: Readonly<Record<string, string>> }
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, { readonly ipam?: { readonly config: ReadonlyArray<{ readonly subnet: string, readonly gateway: string }> }, readonly internal?: boolean }>>
  readonly volumes: Readonly<Record<string, null>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

/** What a file may have. The rest would be left out silently. */
const knownKeys = {
  file: ['x-instance', 'services', 'networks', 'volumes', 'secrets'],
  service: ['image', 'command', 'environment', 'secrets', 'volumes', 'networks', 'ports', 'depends_on', 'healthcheck', 'read_only', 'cap_drop', 'security_opt', 'pull_policy', 'container_name', 'restart', 'logging'],
}

/** Reads a compose file of src/deploy. */
export const readCompose = (name: string): ComposeFile => {
  const file = parse(readFileSync(join(repository, 'src/deploy', name), 'utf8'), { merge: true }) as ComposeFile // what is used of it is checked here, and by what it starts
  const odd = [
    ...Object.keys(file).filter((key) => !knownKeys.file.includes(key)),
    ...Object.values(file.services).flatMap((service) => Object.keys(service).filter((key) => !knownKeys.service.includes(key))),
  ]
  if (odd.length > 0) throw new Error(`${name} has ${odd.join(', ')}, which these tests don't know`)
  return file
}

export interface ComposeOptions {
  readonly image: RealImage
  /** The folder that the file is in, with what it mounts. */
  readonly folder: string
  /** Replaces the user of the service's image. */
  readonly user?: { readonly uid: number, readonly gid: number }
}

/** What a container has beside what the file says. */
export interface StartOptions {
  readonly words?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly mounts?: readonly Mount[]
  readonly hosts?: Readonly<Record<string, string>>
}

export interface Compose {
  readonly networks: Readonly<Record<string, Network>>
  /** Returns the folder of a volume. */
  volume (name: string): string
  addressOf (service: string): string
  start (service: string, options?: StartOptions): Container
  /** Runs a service's check of its health in a container of it. */
  check (service: string, container: Container): Promise<ProcessExit>
}

/** What stands for an image other than the service's. The words are its image's own command. */
const programs: Readonly<Record<string, { readonly words: readonly string[], readonly folder?: string, readonly without?: readonly string[], readonly env?: Readonly<Record<string, string>> }>> = {
  'redis:7-alpine': { words: ['redis-server'], folder: '/data' },
  'nginx:stable-alpine': { words: ['nginx', '-g', 'daemon off;'], without: ['etc/nginx/sites-enabled', 'etc/nginx/conf.d'] },
  'caddy:2-alpine': { words: ['caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'], env: { XDG_CONFIG_HOME: '/config', XDG_DATA_HOME: '/data' } },
}

/** Makes the networks and volumes of a compose file, and starts what is asked for. */
export const openCompose = (t: TeardownScope, name: string, { image, folder, user }: ComposeOptions): Compose => {
  const file = readCompose(name)
  const networks = Object.fromEntries(Object.entries(file.networks).map(([network, { ipam }]) => {
    const { subnet, gateway } = ipam?.config[0] ?? { subnet: '172.30.99.0/24', gateway: '172.30.99.1' } // Docker chooses one
    return [network, openNetwork(t, `${name} ${network}`, subnet, gateway)]
  }))
  const volumes = makeFolder(t)
  const serviceOf = (service: string): ComposeService => {
    const found = file.services[service]
    if (found === undefined) throw new Error(`${name} has no service ${service}`)
    return found
  }

  /** An address for a service in a network; one that is not fixed is drawn by the service's place in the file. */
  const addressIn = (service: string, network: string): string =>
    serviceOf(service).networks[network]?.ipv4_address ?? (networks[network]?.gateway ?? '').replace(/\d+$/, String(100 + Object.keys(file.services).indexOf(service)))

  /** A volume that is new gets the rights of the image's folder, as with Docker. */
  const volume = (named: string, target = '/'): string => {
    if (!(named in file.volumes)) throw new Error(`${name} has no volume ${named}`)
    const path = join(volumes, named)
    if (!existsSync(path)) {
      mkdirSync(path)
      const like = join(image.root, target)
      if (existsSync(like)) {
        const { uid, gid, mode } = statSync(like)
        chownSync(path, uid, gid)
        chmodSync(path, mode & 0o7777)
      }
    }
    return path
  }

  const mountOf = (line: string): Mount => {
    const [source = '', target = '', mode] = line.split(':')
    return { source: source.startsWith('.') ? resolve(folder, source) : volume(source, target), target, isReadOnly: mode === 'ro' }
  }

  const isOurs = (service: string): boolean => serviceOf(service).image === 'scan-login'

  return {
    networks,
    volume,
    addressOf: (service) => addressIn(service, 'web'),
    start: (service, { words, env = {}, mounts = [], hosts = {} } = {}) => {
      const one = serviceOf(service)
      const program = programs[one.image]
      if (program === undefined && !isOurs(service)) throw new Error(`nothing stands for the image ${one.image}`)
      const [uid = 0, gid = 0] = program === undefined ? image.config.User.split(':').map(Number) : []
      const others = Object.keys(file.services).flatMap((other) => Object.keys(one.networks).filter((network) => network in serviceOf(other).networks).map((network) => [other, addressIn(other, network)] as const))
      return startContainer(t, {
        root: program === undefined ? image.root : '/',
        without: program?.without ?? [],
        words: words ?? one.command ?? program?.words ?? image.config.Cmd,
        env: program === undefined
          ? { ...Object.fromEntries(image.config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string])), ...one.environment, ...env }
          : { PATH: process.env.PATH ?? '', HOME: '/root', ...program.env, ...env },
        folder: program === undefined ? image.config.WorkingDir : program.folder ?? '/',
        user: program === undefined ? user ?? { uid, gid } : { uid: 0, gid: 0 },
        isReadOnly: one.read_only === true,
        mounts: [
          ...(one.volumes ?? []).map(mountOf),
          ...(one.secrets ?? []).map((secret): Mount => ({ source: resolve(folder, file.secrets[secret]?.file ?? ''), target: `/run/secrets/${secret}`, isReadOnly: true })),
          ...mounts,
        ],
        addresses: Object.keys(one.networks).map((network) => ({ network: networks[network] as Network, address: addressIn(service, network) })), // a compose file names its networks
        hosts: { ...Object.fromEntries(others), ...hosts },
      })
    },
    check: async (service, container) => {
      const [kind, ...words] = serviceOf(service).healthcheck?.test ?? image.config.Healthcheck.Test
      return await container.execute(...kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words)
    },
  }
}

/** Copies a file of src/deploy to where the compose file is. */
export const copyDeployFile = (name: string, folder: string): void => { cpSync(join(repository, 'src/deploy', name), join(folder, name)) }
