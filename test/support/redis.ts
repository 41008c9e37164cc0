/** Owns real Redis servers for tests: each on a free port, in a folder of its own, without persistence, and gone at the end. */
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
  /** Sends a signal: SIGSTOP freezes the server, SIGCONT wakes it, SIGKILL ends it without a word. */
  kill (signal: NodeJS.Signals): void
  /** Ends the server, whatever state it is in, and removes its folder. */
  stop (): Promise<void>
}

export interface RedisOptions {
  /** The port of a server that was there before; a free one otherwise. */
  readonly port?: number
  /** A configuration file, for a server that writes into it. */
  readonly file?: string
  /** Further arguments, such as `--maxmemory`. */
  readonly args?: readonly string[]
}

/** Starts a server and waits until it answers. */
export const startRedis = async ({ port, file, args = [] }: RedisOptions = {}): Promise<RedisServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-redis-'))
  const taken = port ?? await freePort()
  const place = ['--port', String(taken), '--bind', '127.0.0.1', '--dir', folder]
  const child = spawn('redis-server', file === undefined ? [...place, '--save', '', '--appendonly', 'no', ...args] : [file, ...place, ...args], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  const end = () => { child.kill('SIGKILL') }
  process.once('exit', end)

  await untilItAnswers(child, taken)
  return {
    url: `redis://127.0.0.1:${taken}`,
    port: taken,
    kill (signal) { child.kill(signal) },
    async stop () {
      end()
      await exited
      process.off('exit', end)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Below what systems hand out by themselves, and so that a cluster's bus, 10,000 above, is below it, too. */
const ports = { first: 10_000, count: 10_000 }
/** Where this process looks next: each in a part of its own, for what it finds is free until somebody listens there. */
let nextPort = process.pid * 97 % ports.count

/** A port on which nobody listens just now, and which is given to nobody else. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = ports.first + nextPort
    nextPort = (nextPort + 1) % ports.count
    if (await canListen(port)) return port
  }
}

const canListen = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1')
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

/** Says one line to a server past everybody and resolves with the first line of its answer; rejects where there is no connection. */
export const sendInlineCommand = (port: number, line: string): Promise<string> => new Promise((resolve, reject) => {
  const socket = connect(port, '127.0.0.1', () => { socket.write(`${line}\r\n`) })
  socket.once('data', (data) => {
    resolve(data.toString().replace(/\r\n.*/s, ''))
    socket.destroy()
  })
  socket.once('error', reject)
  socket.once('close', () => { reject(new Error('Redis closed the connection')) })
})
