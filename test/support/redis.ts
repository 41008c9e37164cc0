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

/** Starts a server and waits until it answers: on another port where somebody was faster to listen on the one that was free. */
export const startRedis = async ({ port, file, args = [] }: RedisOptions = {}): Promise<RedisServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-redis-'))
  for (let tries = 1; ; tries++) {
    const chosenPort = port ?? await freePort()
    const options = ['--port', String(chosenPort), '--bind', '127.0.0.1', '--dir', folder]
    const child = spawn('redis-server', file === undefined ? [...options, '--save', '', '--appendonly', 'no', ...args] : [file, ...options, ...args], { stdio: 'ignore' })
    const exited = once(child, 'exit')
    const end = () => { child.kill('SIGKILL') }
    process.once('exit', end)
    const stop = async (): Promise<void> => {
      end()
      await exited
      process.off('exit', end)
    }
    try {
      await untilItAnswers(child, chosenPort)
    } catch (error) {
      await stop()
      if (port === undefined && tries < 5) continue
      throw error
    }
    return {
      url: `redis://127.0.0.1:${chosenPort}`,
      port: chosenPort,
      kill (signal) { child.kill(signal) },
      async stop () {
        await stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }
}

/** Below the ephemeral ports of the system, together with the ports of a cluster's bus, which are 10,000 above. */
const ports = { first: 10_000, count: 10_000 }
/** A port that is free isn't reserved until something listens on it. So each process takes blocks of ports for itself, by listening on the port of the block. */
const blockSize = 100
const firstGuard = ports.first - ports.count / blockSize
let [nextPort, lastPort] = [1, 0]
let taking: Promise<void> | undefined

const takeBlock = async (): Promise<void> => {
  const count = ports.count / blockSize
  for (let tries = 0; tries < count; tries++) {
    const block = (process.pid * 7 + tries) % count
    const guard = createServer().unref()
    const isOurs = await new Promise<boolean>((resolve) => {
      guard.once('error', () => { resolve(false) })
      guard.listen({ port: firstGuard + block, host: '127.0.0.1', exclusive: true }, () => { resolve(true) })
    })
    if (!isOurs) continue
    nextPort = ports.first + block * blockSize
    lastPort = nextPort + blockSize - 1
    return
  }
  throw new Error('the tests that run use all ports')
}

/** Returns a port that is free at an address (0.0.0.0: at all of them), each time another one. */
export const freePort = async (address = '127.0.0.1'): Promise<number> => {
  for (;;) {
    if (nextPort > lastPort) {
      await (taking ??= takeBlock().finally(() => { taking = undefined }))
      continue
    }
    const port = nextPort++
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

const answerWithinMs = 10_000

const untilItAnswers = async (child: ChildProcess, port: number): Promise<void> => {
  for (const giveUpAt = performance.now() + answerWithinMs; performance.now() < giveUpAt;) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
    if (await isOf(child, port)) return
    await sleep(50)
  }
  throw new Error('redis-server does not answer')
}

/** Whether the server at a port is this one: another may have been faster to listen there, and may never answer. */
const isOf = async ({ pid }: ChildProcess, port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1', () => { socket.write('INFO server\r\n') })
  const timer = setTimeout(() => { socket.destroy() }, 1000)
  let text = ''
  try {
    for await (const chunk of socket.setEncoding('latin1')) {
      text += String(chunk)
      if (/^-|\r\nprocess_id:\d+\r\n/.test(text)) break
    }
  } catch {} // it doesn't listen yet
  clearTimeout(timer)
  socket.destroy()
  return text.includes(`\r\nprocess_id:${pid}\r\n`)
}

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
