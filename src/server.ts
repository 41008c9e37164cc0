/** `npm start` */
import { buildApp } from './app.ts'
import type { Config, ServiceConfig } from './config.ts'
import { readServiceSettings } from './environment.ts'
import { serveMetrics } from './http/metrics/metrics-server.ts'
import { takeOverSignals } from './log-output.ts'
import type { Log } from './login/ports.ts'
import { openRuntime, systemClock } from './runtime.ts'
import { orExit, serve } from './serve.ts'
import { lockStoreFile } from './stores/file-lock.ts'
import { readableByOthers } from './stores/readable-files.ts'
import { weakSettings } from './weak-settings.ts'

await orExit(async () => {
  const { environment, warnings, notes, config: settings } = readServiceSettings({ withSecretFiles: true })
  const config = withCredentials(settings, warnings)
  const runtime = await openRuntime(config, systemClock, () => lockStoreFile(config.STORE_URL, systemClock)) // locked until the process ends
  const log: Log = runtime.log
  for (const line of readableByOthers(config.STORE_URL, config.KEYS_FILE)) log.warn({ code: 'file-exposed' }, line)
  for (const line of warnings) log.warn({ code: 'setting-ignored' }, line)
  for (const line of notes) log.info({}, line)
  for (const line of weakSettings(config, { isProduction: environment.NODE_ENV === 'production' })) log.warn({ code: 'weak-setting' }, `weak setting: ${line}`)
  const app = await buildApp(runtime, config)
  const { METRICS_HOST: host, METRICS_PORT: port } = config
  const metricsServer = runtime.metrics === undefined || port === null ? null : await serveMetrics(runtime.metrics, { host, port, clock: systemClock, log })
  const release = async (): Promise<void> => {
    await metricsServer?.close() // answers until the last call of a visitor has ended
    await runtime.close()
  }
  takeOverSignals() // serve handles them
  await serve(app, { host: config.HOST, port: config.PORT }, release)
  log.info({}, `log in at ${config.PUBLIC_URL}/login`)
})

/** Throws an Error whose message has the lines about what is ignored, too: the credentials may be under another name. */
function withCredentials (config: Config, warnings: readonly string[]): ServiceConfig {
  const { WECHAT_APPID, WECHAT_SECRET } = config
  if (WECHAT_APPID !== null && WECHAT_SECRET !== null) return { ...config, WECHAT_APPID, WECHAT_SECRET }
  const missing = Object.entries({ WECHAT_APPID, WECHAT_SECRET }).filter(([, value]) => value === null).map(([name]) => name).join(' and ')
  throw new Error([`${missing} not set: set the AppID and AppSecret of your mini program. To try it without an account: npm run demo`, ...warnings].join('\n'))
}
