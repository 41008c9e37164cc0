/** Real Redis servers: each on a free port, in a folder of its own, without persistence. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Sends a signal to the server. */
  kill (signal: NodeJS.Signals): void
  /** Kills the server, even if it is stopped, and removes its folder. */
  stop (): Promise<void>
}

export interface RedisOptions {
  /** The port of a server that ran before; a free one by default. */
  readonly port?: number
  /** A configuration file, for a server that writes into it. */
  readonly file?: string
  /** Further arguments, such as `--maxmemory`. */
  readonly args?: readonly string[]
}

/** Starts a server and waits until it answers. */
export const startRedis = async ({ port, file, args = [] }: RedisOptions = {}): Promise<RedisServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-redis-'))
  const chosenPort = port ?? await freePort()
  const options = ['--port', String(chosenPort), '--bind', '127.0.0.1', '--dir', folder]
  const child = spawn('redis-server', file === undefined ? [...options, '--save', '', '--appendonly', 'no', ...args] : [file, ...options, ...args], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const end = () => { child.kill('SIGKILL') }
  process.once('exit', end)

  await untilItAnswers(child, chosenPort)
  return {
    url: `redis://127.0.0.1:${chosenPort}`,
    port: chosenPort,
    kill (signal) { child.kill(signal) },
    async stop () {
      end()
      await exited
      process.off('exit', end)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Below the ephemeral ports of the system, together with the ports of a cluster's bus, which are 10,000 above. */
const ports = { first: 10_000, count: 10_000 }
/** Each process starts at another port, as a port found free isn't reserved until something listens on it. */
let nextPort = process.pid * 97 % ports.count

/** Returns a port that is free at an address (0.0.0.0: at all of them), each time another one. */
export const freePort = async (address = '127.0.0.1'): Promise<number> => {
  for (;;) {
    const port = ports.first + nextPort
    nextPort = (nextPort + 1) % ports.count
    if (await canListen(address, port)) return port
  }
}

const canListen = async (address: string, port: number): Promise<boolean> => {
  const server = createServer().listen(port, address)
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

const untilItAnswers = async (child: ChildProcess, port: number): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
    if (await ping(port)) return
    await sleep(50)
  }
  throw new Error('redis-server does not answer')
}

const ping = async (port: number): Promise<boolean> => await sendInlineCommand(port, 'PING').catch(() => undefined) === '+PONG'

/** Sends an inline command on a connection of its own and resolves with the first line of the answer. Rejects without a connection. */
export const sendInlineCommand = (port: number, line: string): Promise<string> => new Promise((resolve, reject) => {
  const socket = connect(port, '127.0.0.1', () => { socket.write(`${line}\r\n`) })
  socket.once('data', (data) => {
    resolve(data.toString().replace(/\r\n.*/s, ''))
    socket.destroy()
  })
  socket.once('error', reject)
  socket.once('close', () => { reject(new Error('Redis closed the connection')) })
})
