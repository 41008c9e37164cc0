/** Real proxies as processes, each in the foreground and in a folder of its own, ended when the test ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { installed } from './installed.ts'
import { makeFolder } from './service-process.ts'
import { proxyConfig, type Hostility, type ProxyAddresses, type ProxyKind } from './proxy-files.ts'

export interface Proxy {
  /** Returns the access log so far; empty for all but squid. */
  accessLog (): string
  /** Returns how many answers were cut off in the middle. */
  cuts (): number
}

const commands: Readonly<Record<ProxyKind, (file: string, folder: string) => readonly [string, ...string[]]>> = {
  nginx: (file, folder) => ['nginx', '-c', file, '-e', join(folder, 'error.log')],
  haproxy: (file) => ['haproxy', '-db', '-f', file],
  caddy: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  squid: (file) => ['squid', '-N', '-f', file],
}

/** Ended with this process, however it ends. By SIGTERM, which nginx passes on to its workers. */
const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGTERM') })

/** Starts a proxy with the README's configuration, and waits until it listens. */
export const startProxy = (t: Test, kind: ProxyKind, addresses: ProxyAddresses, hostility?: Hostility): Promise<Proxy> =>
  runProxy(t, kind, addresses, (folder) => proxyConfig(kind, folder, addresses, hostility))

/** Starts a proxy with a given configuration, and waits until it listens. */
export const runProxy = async (t: Test, kind: ProxyKind, { listen }: ProxyAddresses, config: (folder: string) => string): Promise<Proxy> => {
  const folder = makeFolder(t)
  chmodSync(folder, 0o777) // nginx and squid switch to users of their own
  const file = join(folder, 'config')
  writeFileSync(file, config(folder))
  const [command, ...words] = commands[kind](file, folder)
  const child = spawn(installed(command), words, {
    cwd: folder,
    env: { PATH: process.env.PATH, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-4000) })
  running.add(child)
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGTERM')
    const killTimer = setTimeout(() => { child.kill('SIGKILL') }, 3000)
    await ended
    clearTimeout(killTimer)
    running.delete(child)
  })
  const [host = '', port] = listen.split(':')
  for (let tries = 0; !await listens(host, Number(port)); tries++) {
    if (child.exitCode !== null || tries > 300) throw new Error(`${kind} does not listen: ${output}`)
    await sleep(50)
  }
  const log = join(folder, 'access.log')
  return { accessLog: () => existsSync(log) ? readFileSync(log, 'utf8') : '', cuts: () => 0 }
}

const listens = (host: string, port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, host, () => {
    resolve(true)
    socket.destroy()
  })
  socket.once('error', () => { resolve(false) })
})
