/** A service or a rival in a process of its own, with the probe in it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TeardownScope } from '../support/teardown-scope.ts'
import { openConnection, requestText } from './load/connection.ts'

export interface Usage {
  /** Of all its threads since its start. */
  readonly cpuMs: number
  readonly heapBytes: number
  readonly residentBytes: number
}

export interface MeasuredProcess {
  readonly port: number
  /** From its start to the first 200 of /health/ready. */
  readonly readyAfterMs: number
  /** What it has used, after two full garbage collections where memory is asked for. Rejects for one without the probe. */
  usage (options?: { readonly afterCollection?: boolean }): Promise<Usage>
  /** Resident memory as the system counts it. */
  residentBytes (): number
  /** The main program's milliseconds of `usage` around some work. */
  cpuMsOf (work: () => Promise<unknown>): Promise<number>
  stop (): Promise<void>
}

export interface ProcessOptions {
  readonly script: string
  readonly port: number
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** False: the process is as it is in production, and `usage` rejects. */
  readonly hasProbe?: boolean
}

const retryMs = 2
const readyWithinMs = 60_000
const kib = 1024

/** Starts a program with this process' Node.js, and waits until it is ready. Killed when the scope ends. */
export const startProcess = async (scope: TeardownScope, { script, port, folder, env, hasProbe = true }: ProcessOptions): Promise<MeasuredProcess> => {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...hasProbe ? ['--import', join(import.meta.dirname, 'probe.js')] : [], script], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...hasProbe ? ['ipc' as const] : []],
  })
  let errors = ''
  child.stdout?.resume()
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { errors = (errors + text).slice(-2000) })
  const closed = once(child, 'close')
  const kill = (): void => { child.kill('SIGKILL') }
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    kill()
    await closed
    process.off('exit', kill)
  }
  scope.teardown(stop)

  const usage: MeasuredProcess['usage'] = async ({ afterCollection = false } = {}) => {
    if (!hasProbe) throw new Error('this process has no probe')
    child.send({ afterCollection })
    const [message] = await once(child, 'message')
    return message as Usage // probe.js sends nothing else
  }
  const cpuMsOf: MeasuredProcess['cpuMsOf'] = async (work) => {
    const before = await usage()
    await work()
    return (await usage()).cpuMs - before.cpuMs
  }

  while (!await isReady(port)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${script} ended with ${child.exitCode ?? child.signalCode}: ${errors}`)
    if (performance.now() - startedAt > readyWithinMs) throw new Error(`${script} does not get ready: ${errors}`)
    await sleep(retryMs)
  }
  return {
    port,
    readyAfterMs: performance.now() - startedAt,
    usage,
    residentBytes: () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * kib,
    cpuMsOf,
    stop,
  }
}

const isReady = async (port: number): Promise<boolean> => {
  const connection = openConnection(port)
  try {
    return (await connection.send(requestText({ path: '/health/ready', host: `127.0.0.1:${port}` }))).status === 200
  } catch {
    return false
  } finally {
    connection.close()
  }
}
