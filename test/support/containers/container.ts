/** A process as a container engine runs it: with files, a network, process numbers and a user of its own. For root. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { installed } from '../installed.ts'
import { makeFolder, type ProcessExit } from '../service-process.ts'
import type { TeardownScope } from '../teardown-scope.ts'
import type { Network } from './network.ts'

export interface Mount {
  readonly source: string
  readonly target: string
  readonly isReadOnly: boolean
}

export interface ContainerOptions {
  /** The folder with its files, which it leaves as they are; `/` for a program of this machine. */
  readonly root: string
  /** Folders of the root that it doesn't have. */
  readonly without?: readonly string[]
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  readonly user: { readonly uid: number, readonly gid: number }
  readonly isReadOnly: boolean
  readonly mounts: readonly Mount[]
  readonly addresses: ReadonlyArray<{ readonly network: Network, readonly address: string }>
  readonly hosts: Readonly<Record<string, string>>
}

export interface Container {
  readonly ended: Promise<ProcessExit>
  stdout (): string
  /** Runs a program in it, as `docker exec` does. */
  execute (...words: readonly string[]): Promise<ProcessExit>
  /** Sends SIGTERM to its first process, as `docker stop` does. */
  stop (): Promise<ProcessExit>
}

const quoted = (word: string): string => `'${word.replaceAll('\'', '\'\\\'\'')}'`
const words = (list: readonly string[]): string => list.map(quoted).join(' ')

/** The root folder and the mounts, in a namespace of their own. */
const filesScript = ({ root, without = [], isReadOnly, mounts, hosts }: ContainerOptions, folder: string): readonly string[] => [
  `mount -t tmpfs tmpfs ${folder} && cd ${folder} && mkdir upper work root`,
  `mount -t overlay overlay -o lowerdir=${root},upperdir=upper,workdir=work root && cd root`,
  ...without.map((path) => `rm -rf ./${path}`),
  'mkdir -p proc dev etc && mount -t proc proc proc && mount --rbind /dev dev',
  `rm -f etc/hosts && echo ${quoted(Object.entries({ localhost: '127.0.0.1', ...hosts }).map(([name, address]) => `${address} ${name}`).join('\n'))} > etc/hosts`,
  ...mounts.flatMap(({ source, target, isReadOnly }) => [
    statSync(source).isDirectory() ? `mkdir -p .${target}` : `mkdir -p .${dirname(target)} && { [ -e .${target} ] || : > .${target}; }`,
    `mount --bind ${quoted(source)} .${target}`,
    ...isReadOnly ? [`mount -o remount,bind,ro .${target}`] : [],
  ]),
  ...isReadOnly ? ['mount -o remount,ro .'] : [],
]

const collect = ({ stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): { stdout: string, stderr: string } => {
  const output = { stdout: '', stderr: '' }
  stdout.setEncoding('utf8').on('data', (text: string) => { output.stdout += text })
  stderr.setEncoding('utf8').on('data', (text: string) => { output.stderr += text })
  return output
}

const childrenOf = (pid = 0): readonly string[] => orNothing(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((child) => child !== '')

/** Whether a process is the program of a container, and no longer one of those that prepare it. */
const isProgram = (pid: string): boolean => namespaceOf(pid) !== namespaceOf('self') && !/^(?:sh|env|unshare)?$/.test(orNothing(() => readFileSync(`/proc/${pid}/comm`, 'utf8')).trim())

const namespaceOf = (pid: string): string => orNothing(() => readlinkSync(`/proc/${pid}/ns/pid`))

/** The files of a process are gone when that has ended. */
const orNothing = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}

/** Starts a container. It is gone when the test ends. */
export const startContainer = (t: TeardownScope, options: ContainerOptions): Container => {
  const { env, user, addresses } = options
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'files'))
  const as = ['--setuid', String(user.uid), '--setgid', String(user.gid)]
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`) // through env: tap puts its own into what it starts
  const inside = [
    'set -e',
    ...filesScript(options, join(folder, 'files')),
    `exec env -i ${words(variables)} ${words([installed('unshare'), '--root', '.', '--wd', options.folder, ...as, '--', ...options.words])}`,
  ]
  const network = [
    'set -e',
    'ip link set lo up',
    ...addresses.flatMap(({ network: { bridge, bits }, address }, index) => [
      `ip link add eth${index} type veth peer name v$$-${index} netns ${process.pid}`,
      `nsenter --net=/proc/${process.pid}/ns/net ip link set v$$-${index} master ${bridge} up`,
      `ip address add ${address}/${bits} dev eth${index} && ip link set eth${index} up`,
    ]),
    `exec unshare --mount --pid --fork --kill-child sh ${join(folder, 'inside.sh')}`,
  ]
  writeFileSync(join(folder, 'inside.sh'), inside.join('\n'))
  writeFileSync(join(folder, 'network.sh'), network.join('\n'))
  writeFileSync(join(folder, 'start.sh'), `exec setpriv --no-new-privs unshare --net sh ${join(folder, 'network.sh')}`)
  const child = spawn('sh', [join(folder, 'start.sh')], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = collect(child)
  const ended = once(child, 'close').then(([code, signal]): ProcessExit => ({ code: code as ProcessExit['code'], signal: signal as ProcessExit['signal'], ...output })) // as node:child_process documents 'close'
  /** With the first process all others of the container end. Its parent alone doesn't do that: a process that changes its user no longer ends with its parent. */
  const kill = (): void => {
    for (const pid of childrenOf(child.pid)) process.kill(Number(pid), 'SIGKILL')
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  t.teardown(async () => {
    kill()
    await ended
    process.off('exit', kill)
  })

  /** This machine's number of the container's first process, once that is the program. */
  const firstProcess = async (): Promise<number> => {
    for (let tries = 0; tries < 400; tries++) {
      const [pid] = childrenOf(child.pid)
      if (pid !== undefined && isProgram(pid)) return Number(pid)
      await Promise.race([sleep(25), ended.then(({ stderr }) => { throw new Error(`the container ended: ${stderr}`) })])
    }
    throw new Error('the container does not start')
  }

  return {
    ended,
    stdout: () => output.stdout,
    execute: async (...command) => {
      const words = ['-i', ...variables, installed('nsenter'), '--target', String(await firstProcess()), '--mount', '--net', '--pid', '--root', '--wd', ...as, '--', ...command]
      const child = spawn('env', words, { stdio: ['ignore', 'pipe', 'pipe'] })
      const output = collect(child)
      const [code, signal] = await once(child, 'close') as [number | null, NodeJS.Signals | null] // as node:child_process documents it
      return { code, signal, ...output }
    },
    stop: async () => {
      process.kill(await firstProcess(), 'SIGTERM')
      return await ended
    },
  }
}
