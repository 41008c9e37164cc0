/** Processes that tests leave behind: descendants of a test file's process that still run after it has ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { processes, type Process } from './processes.ts'

export interface Watch {
  /** Checks now, beside the regular checks. */
  check (): void
  /** Call it when all test files are done: waits `graceMs` for what is exiting, and kills what is left. Resolves with the commands of all that was killed since the watch began. */
  stop (): Promise<readonly string[]>
}

const isTestFile = ({ command }: Process): boolean => /\.test\.ts(?:\s|$)/.test(command)

const everyMs = 1000

/**
 * Watches the descendants of `root`, and kills those that outlive the test file that started them by `graceMs`: a browser's processes exit one after the
 * other. A process that is started and loses its parent between two checks is missed.
 */
export const watchLeftovers = (root: number, graceMs = 3000): Watch => {
  /** By pid: the process, the test file's process that it belongs to, and since when that has ended. */
  const known = new Map<number, { readonly child: Process, readonly file: Process, fileEndedAt?: number }>()
  const ended: string[] = []

  const check = (isOver = false): void => {
    const now = new Map(processes().map((one) => [one.pid, one]))
    for (const child of now.values()) {
      const file = fileOf(child, now, root)
      if (file !== undefined && !isSame(known.get(child.pid)?.child, child)) known.set(child.pid, { child, file })
    }
    for (const [pid, one] of known) {
      if (!isSame(now.get(pid), one.child)) known.delete(pid)
      else if (isOver || !isSame(now.get(one.file.pid), one.file)) {
        one.fileEndedAt ??= performance.now()
        if (performance.now() - one.fileEndedAt >= graceMs) end(pid, one.child)
      }
    }
  }

  const end = (pid: number, { command }: Process): void => {
    known.delete(pid)
    try {
      process.kill(pid, 'SIGKILL')
      ended.push(command)
    } catch {} // it has just exited
  }

  const timer = setInterval(check, everyMs)
  return {
    check: () => { check() },
    stop: async () => {
      clearInterval(timer)
      for (check(true); known.size > 0; check(true)) await sleep(Math.min(everyMs, graceMs))
      return ended
    },
  }
}

/** Returns the test file's process among a process and its ancestors; undefined if there is none, or if they don't descend from `root`. */
const fileOf = (child: Process, all: ReadonlyMap<number, Process>, root: number): Process | undefined => {
  let file: Process | undefined
  for (let one: Process | undefined = child; one !== undefined; one = all.get(one.parent)) {
    if (one.pid === root) return file
    if (isTestFile(one)) file = one
  }
  return undefined
}

const isSame = (one: Process | undefined, other: Process): boolean => one?.began === other.began
