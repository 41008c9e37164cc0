import { chromium, type Browser } from 'playwright-core'
import type { Test } from 'tap'
import { chromiumOptions } from './chromium.ts'
import { familyOf } from './processes.ts'

/** A Chromium whose processes a test stops, as a closed lid does to all of them, or a phone's system to those of its pages. */
export interface SleepingBrowser {
  readonly browser: Browser
  /** Stops all its processes, or only those of its pages, until `wake`. */
  sleep (what: 'all' | 'pages'): void
  wake (): void
}

/** Starts one, closed when the test ends. */
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

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {} // it has just exited
}
