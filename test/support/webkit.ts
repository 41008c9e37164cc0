import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { limitConcurrency } from './limit-concurrency.ts'
import { installed } from './installed.ts'
import { freePort } from './redis.ts'
import type { RealBrowser } from './real-browser.ts'

/** Starts Debian's WebKitGTK on a virtual screen, driven by W3C WebDriver. The caller closes it. Pages of the same host share their cookies, and a page can't have a proxy of its own. */
export const openWebkit = async (): Promise<RealBrowser> => {
  const screen = await openScreen()
  const port = await freePort()
  const driver = start('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], { DISPLAY: screen.display })
  const remote = createRemote(port)
  const close = async (): Promise<void> => {
    await remote.close()
    await driver.end()
    await screen.end()
  }
  try {
    const session = await openSession(remote)
    const inTurn = limitConcurrency(1) // a session drives one window at a time: switching windows must not interleave
    return {
      open: async (url) => {
        const { handle } = await session('POST', 'window/new', { type: 'window' }) as { handle: string } // W3C WebDriver §11.5
        const inWindow = (path: string, body: object): Promise<unknown> => inTurn(async () => {
          await session('POST', 'window', { handle })
          return await session('POST', path, body)
        })
        const evaluate = (expression: string): Promise<unknown> => inWindow('execute/sync', { script: `return (${expression})`, args: [] })
        for (let tries = 1; ; tries++) { // a new window's own empty page may load late and replace the one that was asked for
          await inWindow('url', { url })
          for (let checks = 0; checks < 30; checks++) {
            if (await evaluate('location.href').catch(() => 'about:blank') !== 'about:blank') return { evaluate }
            await sleep(100)
          }
          if (tries === 5) throw new Error(`WebKit: ${url} does not load`)
        }
      },
      close: async () => {
        await session('DELETE', '').catch(() => {}) // it may have exited already
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Command = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>

const createRemote = (port: number) => {
  const agent = new Agent({ headersTimeout: 30_000 })
  const call: Command = async (method, path, body) => {
    const answer = await request(`http://127.0.0.1:${port}/${path}`, { dispatcher: agent, method, body: body === undefined ? null : JSON.stringify(body) })
    const { value } = await answer.body.json() as { value: unknown } // W3C WebDriver §6.3
    if (answer.statusCode !== 200) throw new Error(`WebKit: ${method} ${path}: ${JSON.stringify(value)}`)
    return value
  }
  return { call, close: () => agent.destroy() }
}

const openSession = async ({ call }: { call: Command }): Promise<Command> => {
  for (let tries = 0; !await call('GET', 'status').then(() => true, () => false); tries++) {
    if (tries > 100) throw new Error('WebKitWebDriver does not answer')
    await sleep(50)
  }
  const { sessionId } = await call('POST', 'session', {
    capabilities: {
      alwaysMatch: {
        browserName: 'MiniBrowser',
        pageLoadStrategy: 'none',
        'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
      },
    },
  }) as { sessionId: string } // W3C WebDriver §8.1
  return (method, path, body) => call(method, `session/${sessionId}${path === '' ? '' : '/'}${path}`, body)
}

/** Finds the package's browser, which is not on PATH. */
const miniBrowser = (): string => {
  const machine = readdirSync('/usr/lib').find((folder) => folder.endsWith('-linux-gnu')) ?? ''
  return join('/usr/lib', machine, 'webkit2gtk-4.1/MiniBrowser')
}

/** Opens a virtual screen with the first free display number. */
const openScreen = async (): Promise<{ readonly display: string, end: () => Promise<void> }> => {
  const { child, end } = start('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {}, ['ignore', 'ignore', 'ignore', 'pipe'])
  const output = child.stdio[3]
  if (output === null || output === undefined) throw new Error('Xvfb has no pipe for its display number')
  const [number] = await Promise.race([once(output, 'data'), once(child, 'close').then(() => { throw new Error('Xvfb ended') })]) as [Buffer]
  return { display: `:${number.toString().trim()}`, end }
}

const start = (command: string, words: readonly string[], env: Readonly<Record<string, string>>, stdio: StdioOptions = 'ignore'): { readonly child: ChildProcess, end: () => Promise<void> } => {
  const child = spawn(installed(command), words, { env: { ...process.env, ...env }, stdio })
  const kill = () => { child.kill('SIGTERM') }
  process.once('exit', kill)
  const ended = once(child, 'close')
  ended.catch(() => {}) // `end` awaits it and reports
  return {
    child,
    end: async () => {
      kill()
      await ended
      process.off('exit', kill)
    },
  }
}
