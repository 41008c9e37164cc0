/** What the app needs in production: clock, randomness, log, store, keys, places, WeChat. */
import { pino, type Logger } from 'pino'
import type { AppDeps } from './app.ts'
import type { ServiceConfig } from './config.ts'
import { proxyFor } from './domain/proxy.ts'
import { randomBytes } from './domain/random-pool.ts'
import { openMetrics } from './http/metrics/metrics.ts'
import type { StepSink } from './login/audit.ts'
import type { Clock } from './login/ports.ts'
import { libraryLines, openLogOutput } from './log-output.ts'
import { followClientsFile } from './oidc/clients-file.ts'
import { noPlaces, openPlaces } from './places/geoip-file.ts'
import { createEndedSessions, sweepEndedSessions } from './sessions/ended-sessions.ts'
import { keyMarkOf, writeKeyMark } from './sessions/key-mark.ts'
import { openKeys } from './sessions/open-keys.ts'
import { createStore } from './stores/store.ts'
import { createWechatDispatchers, destroyDispatchers } from './wechat/dispatchers.ts'
import { openWebhook } from './webhook/webhook.ts'
import { createWechat } from './wechat/wechat.ts'

/** The machine's clocks and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  errorMs: () => 0,
  steady: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref()
    return () => clearTimeout(timer)
  },
}

export interface Runtime extends AppDeps {
  readonly log: Logger
  /** Stops re-reading the key file, stores the webhook's last steps, closes the store and WeChat's connections, and flushes the log last. The app has to be closed before. */
  close (): Promise<void>
}

/**
 * Opens everything a configuration names. Throws an Error whose message is one line for the operator when the places, the keys or the store
 * can't be opened. Starts without Redis or WeChat while they are unreachable. `lockStore` is called before anything is made or the store is opened, which
 * flushes what the service before has left: that may not write any more.
 */
export const openRuntime = async (config: ServiceConfig, clock: Clock = systemClock, lockStore: () => Promise<unknown> = async () => {}): Promise<Runtime> => {
  const { WEBHOOK_URL, WEBHOOK_SECRET } = config
  const output = openLogOutput(clock)
  const log = pino({ level: config.LOG_LEVEL, base: null, ...libraryLines }, output)
  const places = config.GEOIP_FILE === null ? noPlaces : openPlaces(config.GEOIP_FILE, log)
  await lockStore()
  const keys = openKeys(config.KEYS_FILE, { isShared: !config.STORE_URL.startsWith('sqlite:'), needsProvider: config.OIDC_CLIENTS_FILE !== null }, clock, log)
  const clients = config.OIDC_CLIENTS_FILE === null ? null : followClientsFile(config.OIDC_CLIENTS_FILE, clock, log)
  const metrics = config.METRICS_PORT === null ? null : await openMetrics(clock)
  const ownStore = createStore(config.STORE_URL, { clock, log })
  const store = metrics === null ? ownStore : metrics.timeStore(ownStore)
  const stopMarking = writeKeyMark(store, keyMarkOf(config.WECHAT_APPID, keys), { clock, log })
  // The store's clock, so that all instances agree on when a ticket expires.
  const shared: Clock = { ...clock, now: store.now, errorMs: store.timeErrorMs }
  const proxy = proxyFor(config.WECHAT_API_URL, config)
  const proxyHost = proxy === null ? null : new URL(proxy).host // without credentials
  if (proxyHost !== null) log.info(`calls to WeChat go through the proxy ${proxyHost}: it has to be on WeChat's IP white list with the address that it calls from (errcode 40164). To go around it, name WeChat's host in NO_PROXY`)
  const dispatchers = createWechatDispatchers({ proxy })
  const wechat = createWechat({
    appid: config.WECHAT_APPID,
    secret: config.WECHAT_SECRET,
    apiUrl: config.WECHAT_API_URL,
    envVersion: config.WECHAT_ENV_VERSION,
    dispatchers,
    proxyHost,
    store,
    clock: shared,
    log,
    random: randomBytes,
    codeSupply: config.CODE_SUPPLY,
    ticketTtlMs: (config.TICKET_TTL + 60) * 1000,
    onCall: metrics?.onWechatCall,
  })
  const webhook = WEBHOOK_URL === null || WEBHOOK_SECRET === null
    ? null
    : openWebhook(store, { url: WEBHOOK_URL, secret: WEBHOOK_SECRET, proxy: proxyFor(WEBHOOK_URL, config), sealingKey: keys.cookie, clock: shared, random: randomBytes, log })
  const stopSweeping = config.OIDC_CLIENTS_FILE === null ? sweepEndedSessions(createEndedSessions(store, { clock: shared, sealingKey: keys.cookie }), shared) : () => {}
  const close = async (): Promise<void> => {
    keys.stop()
    clients?.stop()
    stopSweeping()
    stopMarking()
    wechat.close()
    await webhook?.close()
    await Promise.all([destroyDispatchers(dispatchers), store.close()])
    await output.flush()
  }
  const steps = sinkOf([webhook, metrics?.steps ?? null].filter((sink) => sink !== null))
  return { store, wechat, places, keys, clock: shared, random: randomBytes, log, ...steps !== null && { steps }, ...metrics !== null && { metrics }, ...clients !== null && { clients }, close }
}

/** One sink for all of these; null for none. */
const sinkOf = (sinks: readonly StepSink[]): StepSink | null => sinks.length < 2 ? sinks[0] ?? null : { add: (step) => { for (const sink of sinks) sink.add(step) } }
