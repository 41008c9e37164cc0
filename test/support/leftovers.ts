/** What processes the tests leave behind: those that a test file started, or one of those, and that are there when the file's own process has ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { processes, type Process } from './processes.ts'

export interface Watch {
  /** Looks now, and not only when it is time to. */
  check (): void
  /** When all test files are over: gives what is on its way out its time, and ends what is left. Resolves with the commands of all that was ended so since the watch began. */
  stop (): Promise<readonly string[]>
}

const isTestFile = ({ command }: Process): boolean => /\.test\.ts(?:\s|$)/.test(command)

const everyMs = 1000

/**
 * Watches all that descends from `root`, and ends what outlives the test file that started it by `graceMs`: a browser's processes end one after the other.
 * Whoever is started and loses its parent between two looks is not seen.
 */
export const watchLeftovers = (root: number, graceMs = 3000): Watch => {
  /** By pid: the process, the test file's that it belongs to, and since when that has been gone. */
  const known = new Map<number, { readonly child: Process, readonly file: Process, goneSince?: number }>()
  const ended: string[] = []

  const look = (isOver = false): void => {
    const now = new Map(processes().map((one) => [one.pid, one]))
    for (const child of now.values()) {
      const file = fileOf(child, now, root)
      if (file !== undefined && !isSame(known.get(child.pid)?.child, child)) known.set(child.pid, { child, file })
    }
    for (const [pid, one] of known) {
      if (!isSame(now.get(pid), one.child)) known.delete(pid)
      else if (isOver || !isSame(now.get(one.file.pid), one.file)) {
        one.goneSince ??= performance.now()
        if (performance.now() - one.goneSince >= graceMs) end(pid, one.child)
      }
    }
  }

  const end = (pid: number, { command }: Process): void => {
    known.delete(pid)
    try {
      process.kill(pid, 'SIGKILL')
      ended.push(command)
    } catch {} // it has just ended by itself
  }

  const timer = setInterval(look, everyMs)
  return {
    check: () => { look() },
    stop: async () => {
      clearInterval(timer)
      for (look(true); known.size > 0; look(true)) await sleep(Math.min(everyMs, graceMs))
      return ended
    },
  }
}

/** The test file's process among a process and its ancestors; undefined where there is none, or they don't descend from `root`. */
const fileOf = (child: Process, all: ReadonlyMap<number, Process>, root: number): Process | undefined => {
  let file: Process | undefined
  for (let one: Process | undefined = child; one !== undefined; one = all.get(one.parent)) {
    if (one.pid === root) return file
    if (isTestFile(one)) file = one
  }
  return undefined
}

const isSame = (one: Process | undefined, other: Process): boolean => one?.began === other.began
