/** Owns a Chromium whose processes a test stops and wakes, as a closed lid or a phone's system does to all of it, or to its pages only. */
import { chromium, type Browser } from 'playwright-core'
import type { Test } from 'tap'
import { chromiumOptions } from './chromium.ts'
import { processes, type Process } from './processes.ts'

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
      stopped = familyOf(server.process().pid ?? 0).filter(({ command }) => what === 'all' || command.includes('--type=renderer')).map(({ pid }) => pid)
      if (stopped.length === 0) throw new Error('there is no process to stop')
      for (const pid of stopped) signal(pid, 'SIGSTOP')
    },
    wake,
  }
}

/** A process, and all that it started. */
const familyOf = (root: number): Process[] => {
  const all = processes()
  const childrenOf = (pid: number): Process[] => all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...childrenOf(child.pid)])
  return [...all.filter(({ pid }) => pid === root), ...childrenOf(root)]
}

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {} // it ended by itself meanwhile
}
