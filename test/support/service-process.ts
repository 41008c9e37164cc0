import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startWechatSimulator, type WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { openPhone, type Service, type TestPhone } from './clients.ts'
import type { Answer, Call } from './test-service.ts'
import type { TeardownScope } from './teardown-scope.ts'
import { freePort } from './redis.ts'
import { remote } from './remote.ts'

const repository = join(import.meta.dirname, '../..')

/** How a process exited: `code` is null when a signal ended it. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningProcess {
  readonly pid: number
  readonly ended: Promise<ProcessExit>
  kill (signal: NodeJS.Signals): void
  /** Everything so far. */
  stdout (): string
}

export interface RunOptions {
  /** Relative to the repository, or absolute. */
  readonly script?: string | undefined
  /** Runs the script in place of this test's Node.js. */
  readonly program?: string | undefined
  readonly args?: readonly string[]
  /** A script of package.json to start by npm instead. It runs in the repository, so `env` has to name store and keys. */
  readonly npm?: string | undefined
  /** The working directory; never the repository, but for `npm`. */
  readonly folder: string
  /** Of the test's own environment only PATH and NODE_COMPILE_CACHE are passed on. */
  readonly env?: Readonly<Record<string, string>>
  /** A file for its stdout. */
  readonly logTo?: string | undefined
  /** A command that runs the command after it: as another user, or with mounts of its own. */
  readonly through?: readonly string[] | undefined
}

/** Runs a script of the repository, with this test's Node.js unless `program` says otherwise. Killed at the latest when the test ends. */
export const run = (t: TeardownScope, { script = 'src/server.ts', program = process.execPath, args = [], npm, folder, env = {}, logTo, through = [] }: RunOptions): RunningProcess => {
  const started = npm === undefined ? [program, resolve(repository, script), ...args] : ['npm', '--silent', 'run', npm, ...args.length > 0 ? ['--', ...args] : []]
  const [command, ...words] = [...through, ...started] as [string, ...string[]] // `started` has one
  const log = logTo === undefined ? 'pipe' : openSync(logTo, 'w')
  const child = spawn(command, words, {
    cwd: npm === undefined ? folder : repository,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', log, 'pipe'],
  })
  if (typeof log === 'number') closeSync(log)
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { output.stdout += text })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { output.stderr += text })
  const end = () => { child.kill('SIGKILL') }
  process.once('exit', end)
  const ended = once(child, 'close').then(([code, signal]): ProcessExit => {
    process.off('exit', end)
    return { code: code as ProcessExit['code'], signal: signal as ProcessExit['signal'], ...output } // as node:child_process documents 'close'
  })
  t.teardown(async () => {
    end()
    await ended
  })
  return { pid: child.pid ?? 0, ended, kill: (signal) => { child.kill(signal) }, stdout: () => output.stdout }
}

/** Makes a temporary folder, removed when the test ends. */
export const makeFolder = (t: TeardownScope): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}

export interface DeploymentOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly npm?: string
  /** The program that is the service, as in `RunOptions`. */
  readonly script?: string
  /** Used in place of a fresh one; the caller closes it. */
  readonly simulator?: WechatSimulator
  /** As in `RunOptions`. */
  readonly through?: readonly string[]
}

/** A service's address, folder and simulator of WeChat, which stay the same while its process is killed and started again. */
export interface Deployment {
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly simulator: WechatSimulator
  /** What the service is started with, and a command beside it. */
  readonly settings: Readonly<Record<string, string>>
  /** Starts a process and waits until it answers, with or without its store. `logTo` as in `RunOptions`. */
  start (env?: Readonly<Record<string, string>>, logTo?: string): Promise<RunningProcess>
  call (call: Call): Promise<Answer>
  /** Logs a person's phone in. */
  phone (person?: string): Promise<TestPhone>
}

/** Opens a deployment with the embedded store in its folder, and limits too high for a test to reach by accident. */
export const openDeployment = async (t: TeardownScope, { env = {}, npm, script, simulator: given, through }: DeploymentOptions = {}): Promise<Deployment> => {
  const folder = makeFolder(t)
  const simulator = given ?? await startWechatSimulator()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const service = remote(url)
  t.teardown(async () => {
    await service.close()
    if (given === undefined) await simulator.close()
  })

  const settings = {
    STORE_URL: `sqlite:${join(folder, 'data/scan-login.db')}`,
    KEYS_FILE: join(folder, 'data/keys.json'),
    PUBLIC_URL: url,
    HOST: '127.0.0.1',
    PORT: String(port),
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
    WECHAT_API_URL: simulator.url,
    LIMIT_CREATE: '100000',
    ...env,
  }

  const start: Deployment['start'] = async (more = {}, logTo) => {
    const running = run(t, { folder, npm, script, logTo, through, env: { ...settings, ...more } })
    const ending = await Promise.race([running.ended, waitUntilLive(service.call)])
    if (ending !== undefined) throw new Error(`the service exited with ${ending.code ?? ending.signal}: ${ending.stderr}`)
    return running
  }

  return {
    url,
    port,
    folder,
    simulator,
    settings,
    start,
    call: service.call,
    phone: (person = 'ming') => openPhone(service, { jsCode: simulator.jsCode(person), authority: `127.0.0.1:${port}` }),
  }
}

/** Waits until a service that answers has its store, too. */
export const waitUntilReady = async ({ call }: Service): Promise<void> => {
  while ((await call({ path: '/health/ready' })).status !== 200) await sleep(50)
}

/** Waits until a service answers, with or without its store. */
export const waitUntilLive = async (call: Deployment['call']): Promise<undefined> => {
  for (let tries = 0; tries < 400; tries++) {
    const answer = await call({ path: '/health/live' }).catch(() => undefined)
    if (answer?.status === 200) return
    await sleep(50)
  }
  throw new Error('the service does not answer')
}
