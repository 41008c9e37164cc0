/** What is measured: the service on its stores, and the rivals, each in a process of its own. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { drawCode } from '../../src/demo/wechat-simulator/code-image.ts'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { makeFolder } from '../support/service-process.ts'
import { freePort } from '../support/redis.ts'
import type { TeardownScope } from '../support/teardown-scope.ts'
import { startProcess, type MeasuredProcess } from './measured-process.ts'
import { createDeviceWay } from './ways/device-way.ts'
import { createExpressWay } from './ways/express-way.ts'
import { createLongPollWay } from './ways/long-poll.ts'
import type { Way } from './ways/way.ts'

const repository = join(import.meta.dirname, '../..')

/** Builds the service as production runs it; returns its program. */
const buildService = (scope: TeardownScope): string => {
  const folder = makeFolder(scope)
  execFileSync(process.execPath, [join(repository, '.ci/build/main.ts'), folder])
  return join(folder, 'server.js')
}

export type Rival = 'node:http' | 'Fastify' | 'WebSocket' | 'short polling' | 'device flow'

export const rivals: readonly Rival[] = ['node:http', 'Fastify', 'WebSocket', 'short polling', 'device flow']

/** How often pages ask that don't hold their polls. */
export const shortPollMs = 800

const scripts: Readonly<Record<Rival, string>> = {
  'node:http': 'node-http.js', Fastify: 'fastify.js', WebSocket: 'express.js', 'short polling': 'express.js', 'device flow': 'device-flow.js',
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly hasProbe?: boolean
}

export type StoreKind = 'sqlite' | 'memory' | { readonly redisUrl: string }

/** Starts subjects, which share one simulated WeChat. */
export interface Subjects {
  readonly wechatUrl: string
  /** Each on a folder of its own; `sqlite` is a file there. */
  startService (scope: TeardownScope, store: StoreKind, options?: StartOptions): Promise<MeasuredProcess>
  startRival (scope: TeardownScope, rival: Rival, options?: StartOptions): Promise<MeasuredProcess>
  /** The way of the service's own page, which the bare rivals answer, too. */
  longPollWay (process: MeasuredProcess, options?: { readonly pollEveryMs?: number }): Way
  /** A rival's own way. `askEveryMs` is how often a device asks for its token. */
  rivalWay (rival: Rival, process: MeasuredProcess, options?: { readonly askEveryMs?: number }): Way
}

const codeWidthPx = 430
/** More than any measurement reaches. */
const noLimit = '1000000'

export const createSubjects = async (scope: TeardownScope): Promise<Subjects> => {
  const simulator = await startWechatSimulator()
  scope.teardown(() => simulator.close())
  const picture = drawCode('a'.repeat(22), codeWidthPx, 'jpeg')
  Object.assign(simulator.settings, { picture, codesPerMinute: Infinity })
  const wechat = { WECHAT_APPID: simulator.appid, WECHAT_SECRET: simulator.secret, WECHAT_API_URL: simulator.url }
  const { jsCode } = simulator
  const script = buildService(scope)

  const startService: Subjects['startService'] = async (scope, store, { env = {}, ...options } = {}) => {
    const folder = makeFolder(scope)
    const port = await freePort()
    const keysFile = join(folder, 'keys.json')
    makeKeyFile(keysFile) // with Redis the service makes none
    return await startProcess(scope, {
      script,
      port,
      folder,
      env: {
        STORE_URL: store === 'sqlite' ? `sqlite:${join(folder, 'scan-login.db')}` : store === 'memory' ? 'sqlite::memory:' : store.redisUrl,
        KEYS_FILE: keysFile,
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        HOST: '127.0.0.1',
        PORT: String(port),
        TRUST_PROXY: '127.0.0.1',
        LIMIT_CREATE: noLimit,
        LIMIT_PHONE: noLimit,
        MAX_WAIT: '55',
        ...wechat,
        ...env,
      },
      ...options,
    })
  }
  const startRival: Subjects['startRival'] = async (scope, rival, { env = {}, ...options } = {}) => {
    const port = await freePort()
    return await startProcess(scope, {
      script: join(import.meta.dirname, 'rivals', scripts[rival]),
      port,
      folder: makeFolder(scope),
      env: { PORT: String(port), PICTURE_BYTES: String(picture.length), ...wechat, ...env },
      ...options,
    })
  }
  const longPollWay: Subjects['longPollWay'] = ({ port }, options = {}) => createLongPollWay({ port, jsCode, ...options })
  const rivalWay: Subjects['rivalWay'] = (rival, { port }, options = {}) => {
    switch (rival) {
      case 'node:http':
      case 'Fastify': return createLongPollWay({ port, jsCode })
      case 'WebSocket': return createExpressWay({ port, jsCode })
      case 'short polling': return createExpressWay({ port, jsCode, pollEveryMs: shortPollMs })
      case 'device flow': return createDeviceWay({ port, ...options })
    }
  }
  return { wechatUrl: simulator.url, startService, startRival, longPollWay, rivalWay }
}
