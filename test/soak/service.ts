/** The service under attack, as a process whose memory and log are watched. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TeardownScope } from '../support/teardown-scope.ts'
import type { MemoryMessage } from './memory-probe.ts'
import type { Sample } from './report.ts'

export interface WatchedService {
  readonly samples: readonly Sample[]
  /** How it ended, if it did. */
  readonly ending: string | undefined
  readonly logBytes: number
  /** Counts of warnings and errors, by text. */
  readonly complaints: ReadonlyMap<string, number>
  kill (signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void
  /** Stops reading its log until the returned function is called. */
  pauseLog (): () => void
  /** Resolves with the next sample. */
  nextSample (): Promise<Sample>
}

const maxComplaints = 50
const megabyte = 1024 * 1024

/** Starts it and waits until it answers. Killed when the scope ends. */
export const startService = async (scope: TeardownScope, { folder, url, env }: { folder: string, url: string, env: Readonly<Record<string, string>> }): Promise<WatchedService> => {
  const child = spawn(process.execPath, ['--expose-gc', '--import', join(import.meta.dirname, 'memory-probe.ts'), join(import.meta.dirname, '../../src/server.ts')], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const start = performance.now()
  const samples: Sample[] = []
  const complaints = new Map<string, number>()
  let ending: string | undefined
  let logBytes = 0
  let [rest, errors] = ['', '']
  child.on('message', ({ rss, heapUsed, cpu }: MemoryMessage) => { samples.push({ atMs: performance.now() - start, rssMb: rss / megabyte, heapMb: heapUsed / megabyte, cpuMs: cpu / 1000 }) })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    logBytes += Buffer.byteLength(text)
    const lines = (rest + text).split('\n')
    rest = lines.pop()?.slice(0, 65_536) ?? ''
    for (const line of lines) if (/"level":[456]0/.test(line)) note(complaints, /"msg":"([^"]{0,100})/.exec(line)?.[1] ?? 'without a text')
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { errors = (errors + text).slice(-2000) })
  child.once('close', (code, signal) => { ending ??= `${code ?? signal}: ${errors}` })
  const end = (): void => { child.kill('SIGKILL') }
  process.once('exit', end)
  scope.teardown(async () => {
    process.off('exit', end)
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    end()
    await closed
  })
  for (;;) {
    if (ending !== undefined) throw new Error(`the service ended: ${ending}`)
    if ((await fetch(`${url}/health/live`).catch(() => undefined))?.ok === true) break
    await sleep(50)
  }
  return {
    samples,
    get ending () { return ending },
    get logBytes () { return logBytes },
    complaints,
    kill: (signal) => { child.kill(signal) },
    pauseLog: () => {
      child.stdout?.pause()
      return () => { child.stdout?.resume() }
    },
    nextSample: async () => {
      const { length } = samples
      for (;;) {
        const sample = samples[length]
        if (sample !== undefined) return sample
        await sleep(100)
      }
    },
  }
}

const note = (counts: Map<string, number>, text: string): void => {
  const name = counts.has(text) || counts.size < maxComplaints ? text : 'others'
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
