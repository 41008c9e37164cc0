/** Owns a Chromium whose processes a test stops and wakes, as a closed lid or a phone's system does to all of it, or to its pages only. */
import { readdirSync, readFileSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import type { Test } from 'tap'
import { chromiumOptions } from './chromium.ts'

export interface SleepingBrowser {
  readonly browser: Browser
  /** Stops all of it, or only the processes that pages live in. Nothing of it runs until `wake`. */
  sleep (what: 'all' | 'pages'): void
  wake (): void
}

/** Starts one; awake and gone when the test is over. */
export const launchSleepingBrowser = async (t: Test): Promise<SleepingBrowser> => {
  const server = await chromium.launchServer(chromiumOptions())
  const browser = await chromium.connect(server.wsEndpoint())
  let stopped: readonly number[] = []
  const wake = (): void => {
    for (const pid of stopped) signal(pid, 'SIGCONT')
    stopped = []
  }
  t.teardown(async () => {
    wake()
    await browser.close()
    await server.close()
  })
  return {
    browser,
    sleep: (what) => {
      const all = familyOf(server.process().pid ?? 0)
      stopped = what === 'all' ? all : all.filter((pid) => read(pid, 'cmdline').includes('--type=renderer'))
      if (stopped.length === 0) throw new Error('there is no process to stop')
      for (const pid of stopped) signal(pid, 'SIGSTOP')
    },
    wake,
  }
}

/** A process, and all that it started. */
const familyOf = (root: number): number[] => {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => [Number(pid), parentOf(read(Number(pid), 'stat'))] as const)
  const childrenOf = (pid: number): number[] => parents.filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...childrenOf(child)])
  return [root, ...childrenOf(root)]
}

/** `pid (name) state parent …`, and a name may have anything in it. */
const parentOf = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])

/** What /proc tells of a process; nothing where it has ended. */
const read = (pid: number, what: 'stat' | 'cmdline'): string => {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8')
  } catch {
    return ''
  }
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {} // it ended by itself meanwhile
}
