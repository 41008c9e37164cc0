import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TeardownScope } from '../teardown-scope.ts'

/** Ended with this process, however it ends. */
const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGTERM') })

/** Starts a program that serves `url`, waits until it listens, and ends it when the test ends. */
export const startServer = async (scope: TeardownScope, program: string, words: readonly string[], { url, env = {} }: { url: string, env?: Readonly<Record<string, string>> }): Promise<{ output (): string }> => {
  const child = spawn(program, words, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-8000) })
  const ended = once(child, 'close')
  scope.teardown(async () => {
    child.kill('SIGTERM')
    const killTimer = setTimeout(() => { child.kill('SIGKILL') }, 3000)
    await ended
    clearTimeout(killTimer)
    running.delete(child)
  })
  const { hostname, port } = new URL(url)
  for (let tries = 0; !await listens(hostname, Number(port)); tries++) {
    if (child.exitCode !== null || tries > 300) throw new Error(`${program} does not listen: ${output}`)
    await sleep(50)
  }
  return { output: () => output }
}

const listens = (host: string, port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, host, () => {
    resolve(true)
    socket.destroy()
  })
  socket.once('error', () => { resolve(false) })
})
