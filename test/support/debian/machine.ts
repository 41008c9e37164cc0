/**
 * A bare Debian that has really booted: debootstrap's smallest, its systemd as process 1 of namespaces of its own, with a network that leads to this machine
 * and nowhere else. For root.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installed } from '../installed.ts'
import { repository } from '../readmes.ts'
import type { TeardownScope } from '../teardown-scope.ts'

export interface Machine {
  /** Its address, and the one that this machine has for it. */
  readonly address: string
  readonly outside: string
  /**
   * Runs a script as root, and returns what it prints; throws with that if it fails. `isOnline` lends it this machine's network, for packages: services that it
   * starts are in the network of their own all the same.
   */
  run (script: string, options?: { readonly isOnline?: boolean }): Promise<string>
  /** Writes a file, in a folder that is made where it is missing. */
  write (path: string, text: string): Promise<void>
}

/** Where a machine finds this repository, read-only. */
export const mountedRepository = '/srv/mounted'

const mirrorPattern = /^(?:URIs:|deb(?: \[[^\]]*\])?) +(https?:\S+\/debian)\/?(?:\s|$)/m

/** The mirror of Debian that this machine uses; '' where none is found, and debootstrap takes its own. */
const mirrorOf = (): string => {
  const lists = globSync(['/etc/apt/sources.list', '/etc/apt/sources.list.d/*.{list,sources}'])
  return lists.map((file) => mirrorPattern.exec(readFileSync(file, 'utf8'))?.[1]).find((mirror) => mirror !== undefined) ?? ''
}

/** What this machine needs to reach package registries; a Debian elsewhere needs none of it. */
const certificatesFile = '/etc/certificates-outside.pem'
const registryVariables = (): Readonly<Record<string, string | undefined>> => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(?:https?_proxy|no_proxy|npm_config_registry)$/i.test(name))),
  ...process.env.NODE_EXTRA_CA_CERTS !== undefined && { NODE_EXTRA_CA_CERTS: certificatesFile },
})

/** Makes a control group, in which systemd keeps those of its services, and returns its folder. */
const makeControlGroup = (t: TeardownScope): string => {
  const [, mounted = ''] = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8')) ?? []
  if (mounted === '') throw new Error('systemd needs control groups of version 2, and none are mounted here')
  const group = mkdtempSync(join(mounted, 'scan-login-'))
  t.teardown(async () => {
    for (let tries = 0; tries < 100; tries++) {
      try {
        for (const folder of globSync('**/', { cwd: group }).sort().reverse()) rmdirSync(join(group, folder))
        rmdirSync(group)
        return
      } catch {
        await sleep(50) // its processes are ending
      }
    }
  })
  return group
}

/** Installs a bare Debian and boots it. Its files and processes are gone when the test ends. */
export const bootMachine = async (t: TeardownScope, release: string): Promise<Machine> => {
  const folder = mkdtempSync('/var/tmp/scan-login-debian-') // unlike /tmp, on a disk: it takes 2 GB
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  chmodSync(folder, 0o755) // it becomes the root of others than root, too
  const group = makeControlGroup(t)
  const npmCache = join(homedir(), '.npm')
  mkdirSync(npmCache, { recursive: true })

  const namespaces = ['--pid', '--mount', '--mount-proc', '--uts', '--ipc', '--cgroup', '--fork', '--kill-child']
  const boot = ['sh', join(import.meta.dirname, 'boot.sh'), folder, release, mirrorOf(), npmCache, repository]
  const child = spawn('sh', ['-c', 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"', 'sh', group, installed('unshare'), ...namespaces, ...boot], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-4000) })
  const ended = new Promise<void>((resolve) => { child.once('close', () => { resolve() }) })
  const end = (): void => { child.kill('SIGKILL') }
  process.once('exit', end)
  t.teardown(async () => {
    end()
    await ended
    process.off('exit', end)
  })
  const pid = await firstChild(child.pid ?? 0)

  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const enter = (script: string, isOnline: boolean, input = ''): Promise<string> => execute('nsenter', [
    '-t', String(pid), '--mount', '--root', '--wd', '--uts', '--ipc', '--pid', '--cgroup', ...isOnline ? [] : ['--net'],
    '/usr/bin/env', '-i', `PATH=${path}`, 'HOME=/root', 'LANG=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive', ...isOnline ? Object.entries(registryVariables()).map((pair) => pair.join('=')) : [],
    'bash', '--norc', '-euo', 'pipefail', '-c', script,
  ], input)
  const run: Machine['run'] = (script, { isOnline = false } = {}) => enter(script, isOnline)
  const write: Machine['write'] = async (path, text) => { await enter(`mkdir -p '${dirname(path)}' && cat > '${path}'`, false, text) }

  // Until it has a root of its own, what is run there would meet this machine's systemd.
  while (!/^(?:running|degraded)$/m.test(await run('test -e /etc/booted-by-a-test && systemctl is-system-running || true').catch(String))) {
    if (child.exitCode !== null) throw new Error(`the Debian does not boot: ${output}`)
    await sleep(200)
  }
  if (process.env.NODE_EXTRA_CA_CERTS !== undefined) await write(certificatesFile, readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8'))
  return { ...connectMachine(pid), run, write }
}

const firstChild = async (pid: number): Promise<number> => {
  for (;;) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((word) => word !== '')
    if (child !== undefined) return Number(child)
    await sleep(20)
  }
}

/** Connects this machine with that of a process by a cable, which is gone when the process is. */
const connectMachine = (pid: number): { readonly address: string, readonly outside: string } => {
  const network = `198.18.${(pid >> 6) & 255}`
  const [outside, address] = [1, 2].map((end) => `${network}.${((pid & 63) << 2) + end}`) as [string, string] // two of two
  const name = `sl-${pid}`
  const ip = (...words: readonly string[]): void => { execFileSync(installed('ip'), words) }
  const ipInside = (...words: readonly string[]): void => { execFileSync('nsenter', ['-t', String(pid), '--net', installed('ip'), ...words]) }
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid))
  ip('address', 'add', `${outside}/30`, 'dev', name)
  ip('link', 'set', name, 'up')
  ipInside('address', 'add', `${address}/30`, 'dev', 'eth0')
  ipInside('link', 'set', 'eth0', 'up')
  ipInside('link', 'set', 'lo', 'up')
  return { address, outside }
}

const execute = (file: string, words: readonly string[], input: string): Promise<string> => new Promise((resolve, reject) => {
  const { stdin } = execFile(file, words, { encoding: 'utf8', maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout)
    else reject(new Error(`${error.message.slice(0, 500)}\n${stdout.slice(-3000)}\n${stderr.slice(-3000)}`))
  })
  stdin?.on('error', () => {}).end(input) // a program that doesn't read it may have ended
})
