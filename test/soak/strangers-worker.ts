/** A thread for the strangers' attacks, so that their work doesn't slow the honest clients down. */
import { connect as connectTo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createRandom } from '../chaos/random.ts'
import { verdict } from '../support/login.ts'
import { remote } from '../support/remote.ts'
import { strangers, type AttackContext } from './strangers.ts'
import { createTally } from './tally.ts'

export interface WorkerOptions {
  readonly url: string
  readonly seed: number
  /** Multiplies pauses. */
  readonly pace: number
  readonly attacks: readonly string[]
  readonly victims: readonly string[]
}

/** The answer to `stop`. */
export interface WorkerMessage {
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly violations: ReadonlySet<string>
}

const { url, seed, pace, attacks, victims } = workerData as WorkerOptions // set by main.ts
const { host: authority, port } = new URL(url)
const proxy = remote(url)
const tally = createTally()
const violations = new Set<string>()
const stopping = new AbortController()
const { signal } = stopping

const connect = (from: string): Promise<Socket> => new Promise((resolve) => {
  const socket = connectTo({ host: '127.0.0.1', port: Number(port), localAddress: from })
  socket.on('error', () => {})
  socket.once('connect', () => resolve(socket))
  socket.once('close', () => resolve(socket))
})

const contextFor = (name: string, n: number): AttackContext => ({
  authority,
  random: createRandom(seed).fork(n),
  victims,
  signal,
  connect,
  note: (answer) => { tally.add(name, answer) },
  violation: (text) => { violations.add(text) },
  call: async (call, from) => {
    const answer = await proxy.call({ ...call, headers: { ...call.headers, 'x-forwarded-for': from } }).catch(() => undefined)
    tally.add(name, answer === undefined ? 'no answer' : verdict(answer))
    return answer
  },
})

const loops = attacks.flatMap((name, index) => {
  const attack = strangers[name]
  return Array.from({ length: attack?.width ?? 0 }, async (_, n) => {
    const context = contextFor(name, index * 1000 + n)
    while (!signal.aborted) {
      await attack?.once(context)
      await sleep((attack?.everyMs ?? 0) * pace, undefined, { signal }).catch(() => {}) // aborted
    }
  })
})

const stop = async (): Promise<void> => {
  stopping.abort()
  await Promise.race([Promise.all(loops), sleep(3000)])
  await proxy.close()
  parentPort?.postMessage({ counts: tally.counts, violations } satisfies WorkerMessage)
}

parentPort?.once('message', () => { stop().catch((error: unknown) => { setImmediate(() => { throw error }) }) })
