/**
 * A server whose connections are not accepted until it is told so. Its queue is full, so the kernel drops what else arrives, as a link that leads nowhere does;
 * a client's handshake then succeeds with its second SYN, a second after the first.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, isIPv6 } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { waitUntil } from './waiting.ts'

interface UnacceptingServer {
  readonly port: number
  /** Resolves when the kernel has dropped the first SYN of a client. */
  whenDropped (): Promise<void>
  /** From now on it accepts, and answers every request with 200. */
  accept (): void
}

/** Blocks its thread, which is the only way to keep Node from accepting. */
const server = `
  const { createServer } = require('node:http')
  const { parentPort, workerData: { host, port, gate } } = require('node:worker_threads')
  const server = createServer((_request, response) => { response.end('accepted') })
  server.listen({ host, port, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(gate, 0, 0)
  })`

/** `port`: any free one by default. */
export const startUnacceptingServer = async (t: Test, host: string, port = 0): Promise<UnacceptingServer> => {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(server, { eval: true, workerData: { host, port, gate } })
  const [listening] = await once(worker, 'message') as [number]
  const accept = (): void => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
  }
  const fillers = Array.from({ length: 4 }, () => connect(listening, host))
  for (const socket of fillers) socket.on('error', () => {})
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect'))) // the others don't fit in the queue
  const dropped = unanswered(host, listening)
  t.teardown(async () => {
    for (const socket of fillers) socket.destroy()
    accept()
    await worker.terminate()
  })
  return { port: listening, whenDropped: () => waitUntil(() => unanswered(host, listening) > dropped), accept }
}

/** How many sockets of this machine have sent a SYN there that nobody has answered. */
const unanswered = (host: string, port: number): number => {
  const [, ...sockets] = readFileSync(`/proc/net/${isIPv6(host) ? 'tcp6' : 'tcp'}`, 'latin1').trim().split('\n')
  return sockets.filter((socket) => {
    const [, , remote = '', state] = socket.trim().split(/\s+/)
    return state === synSent && Number.parseInt(remote.split(':')[1] ?? '', 16) === port
  }).length
}

/** TCP_SYN_SENT, in Linux' include/net/tcp_states.h. */
const synSent = '02'
