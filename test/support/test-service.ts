import type { FastifyInstance, InjectOptions } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import './shared-startup.ts'
import { buildApp } from '../../src/app.ts'
import { readConfig, type Config } from '../../src/config.ts'
import { startWechatSimulator, type WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import type { Metrics } from '../../src/http/metrics/metrics.ts'
import type { StepSink } from '../../src/login/audit.ts'
import type { FollowedClients } from '../../src/oidc/clients-file.ts'
import type { Places } from '../../src/login/ports.ts'
import type { Store } from '../../src/login/store-port.ts'
import { noPlaces } from '../../src/places/geoip-file.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { createStore } from '../../src/stores/store.ts'
import { createWechatDispatchers, destroyDispatchers } from '../../src/wechat/dispatchers.ts'
import { createWechat } from '../../src/wechat/wechat.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { realTimers } from './real-timers.ts'
import { seededBytes } from './seeded-random.ts'

/** An answer, by `app.inject()` or over HTTP. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly text: string
  // `any`: a test asserts on what it expects, which the compiler can't know.
  readonly json: any
}

export interface Call {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS'
  readonly path: string
  readonly headers?: Record<string, string>
  /** Sent as JSON, but a string or bytes as they are. */
  readonly body?: unknown
  readonly from?: string
}

/** The real app on a real store, whose WeChat client calls the simulator over HTTP. */
export interface TestService {
  readonly app: FastifyInstance
  readonly config: Config
  readonly clock: FakeClock
  readonly store: Store
  readonly simulator: WechatSimulator
  /** Returns everything that was logged so far, at every level, as text. */
  readonly logged: () => string
  call (call: Call): Promise<Answer>
}

export interface TestServiceOptions {
  readonly env?: Record<string, string>
  /** Used in place of a fresh one in memory; the caller closes it. */
  readonly store?: Store
  readonly clock?: FakeClock
  readonly keys?: ReturnType<typeof generateKeys>
  readonly simulator?: WechatSimulator
  readonly places?: Places
  /** The limit of a call to WeChat, for tests that wait for it; the usual limit otherwise. */
  readonly wechatTimeoutMs?: number
  /** Gets the audit's steps. */
  readonly steps?: StepSink
  /** Its steps are the caller's to pass on. */
  readonly metrics?: Metrics
  /** Apps that people log in to by OpenID Connect. */
  readonly clients?: FollowedClients
  /** Wraps the app's store, to make its calls fail. */
  readonly wrapStore?: (store: Store) => Store
}

/** Opens a service, closed when the test ends. */
export const openTestService = async (t: Test, options: TestServiceOptions = {}): Promise<TestService> => {
  const clock = options.clock ?? createFakeClock()
  const simulator = options.simulator ?? await startWechatSimulator({ clock })
  const lines: string[] = []
  const log = pino({ level: 'trace', base: null }, { write: (line: string) => { lines.push(line) } })
  const config = {
    ...readConfig({
      PUBLIC_URL: 'https://login.example.com',
      STORE_URL: 'sqlite::memory:',
      SITE_NAME: 'Example',
      CODE_SUPPLY: '0', // so that WeChat gets only calls that the test causes
      ...options.env,
    }),
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
  }
  const ownStore = options.store ?? createStore('sqlite::memory:', { clock, log })
  const wrapped = options.wrapStore?.(ownStore) ?? ownStore
  const store = options.metrics?.timeStore(wrapped) ?? wrapped
  const dispatchers = createWechatDispatchers()
  const wechat = createWechat({
    appid: simulator.appid,
    secret: simulator.secret,
    apiUrl: simulator.url,
    envVersion: 'release',
    dispatchers,
    store,
    clock: realTimers(clock),
    log,
    random: seededBytes,
    codeSupply: config.CODE_SUPPLY,
    callTimeoutMs: options.wechatTimeoutMs,
    onCall: options.metrics?.onWechatCall,
  })
  const app = await buildApp({ store, wechat, places: options.places ?? noPlaces, keys: options.keys ?? generateKeys(), clock, random: seededBytes, log, ...options.steps !== undefined && { steps: options.steps }, ...options.metrics !== undefined && { metrics: options.metrics }, ...options.clients !== undefined && { clients: options.clients } }, config)
  t.teardown(async () => {
    await app.close()
    wechat.close()
    await destroyDispatchers(dispatchers)
    if (options.store === undefined) await ownStore.close()
    if (options.simulator === undefined) await simulator.close()
  })
  return { app, config, clock, store, simulator, logged: () => lines.join(''), call: (call) => inject(app, call) }
}

const inject = async (app: FastifyInstance, { method = 'GET', path, headers = {}, body, from }: Call): Promise<Answer> => {
  const raw = typeof body === 'string' || Buffer.isBuffer(body)
  const options: InjectOptions = {
    method,
    url: path,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { payload: raw ? body : JSON.stringify(body) }),
    ...(from !== undefined && { remoteAddress: from }),
  }
  const { statusCode, headers: sent, stream } = await app.inject({ ...options, payloadAsStream: true })
  const bytes = Buffer.concat(await stream().toArray())
  // Decoding a picture as UTF-8 takes longer than the whole call.
  return asAnswer(statusCode, sent, bytes.toString(/^image\//.test(String(sent['content-type'])) ? 'latin1' : 'utf8'))
}

/** Makes an `Answer`. */
export const asAnswer = (status: number, headers: Answer['headers'], text: string): Answer => ({
  status,
  headers,
  text,
  json: /json/.test(String(headers['content-type'])) && text !== '' ? JSON.parse(text) : undefined,
})
