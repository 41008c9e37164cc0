/** The demo: the real service on an embedded store, a simulator in place of WeChat, and simulated phones. `main.ts` makes it listen. */
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.ts'
import { readConfig, type Config } from '../config.ts'
import type { Place } from '../domain/place.ts'
import type { Clock, Places } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { openRuntime, systemClock } from '../runtime.ts'
import { wechatWithOwner, type DemoAdmission } from './demo-people.ts'
import { demoPlugin } from './demo-plugin.ts'
import { elsewhereRoutes, placeElsewhere } from './elsewhere.ts'
import { siteName } from './site-name.ts'
import { newestTicketOn } from './sites/newest-ticket.ts'
import type { DemoSite } from './sites/demo-sites.ts'
import { startWechatSimulator, type WechatSimulator } from './wechat-simulator.ts'

export interface Demo {
  readonly app: FastifyInstance
  readonly config: Config
  readonly simulator: WechatSimulator
  readonly store: Store
  /** Accepted values of the `Host` header; read at each request. */
  readonly hosts: Set<string>
  /** Closes the store and the simulator. Close the app first. */
  close (): Promise<void>
}

export interface DemoOptions {
  readonly port: string
  /** Settings that replace the demo's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly clock?: Clock
  /** Where other websites may use the demo: the sample websites, none of them if they are somebody's own. */
  readonly sites?: readonly DemoSite[] | undefined
}

/** The place of every address that the places file lacks: the demo listens on this machine only. */
const thisComputer: Place = { country: null, zh: '这台电脑', en: 'This computer' }

/** The loopback names of this machine. Any other name in `Host` may be DNS rebinding. */
const hostsOf = ({ PUBLIC_URL, PORT }: Config): Set<string> =>
  new Set([new URL(PUBLIC_URL).host, ...['localhost', '127.0.0.1', '[::1]'].map((name) => new URL(`http://${name}:${PORT}`).host)])

/** Builds the demo. Throws what `readConfig` and `openRuntime` throw. */
export const openDemo = async ({ port, environment = {}, clock = systemClock, sites }: DemoOptions): Promise<Demo> => {
  const simulator = await startWechatSimulator({ clock })
  const settings = readConfig({
    PUBLIC_URL: `http://localhost:${port}`,
    STORE_URL: 'sqlite:data/demo.db',
    KEYS_FILE: 'data/demo-keys.json',
    SITE_NAME: siteName,
    LOG_LEVEL: 'warn',
    ...environment,
    PORT: port,
    WECHAT_API_URL: simulator.url,
  })
  const admission: DemoAdmission = { registration: settings.REGISTRATION }
  const config = {
    ...settings,
    get REGISTRATION () { return admission.registration },
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
  }
  const runtime = await openRuntime(config, clock)
  const places: Places = { placeOf: (address) => runtime.places.placeOf(address) ?? placeElsewhere(address) ?? thisComputer }
  const hosts = hostsOf(config)
  const app = await buildApp({ ...runtime, places }, config, { isFramedByOwnPages: true, hosts })
  await app.register(demoPlugin, {
    prefix: config.basePath,
    wechat: wechatWithOwner(simulator, runtime),
    admission,
    serviceUrl: config.PUBLIC_URL,
    ...sites !== undefined && { sites: { sites, basePath: config.basePath, newestTicket: newestTicketOn(app.server) } },
  })
  await app.register(elsewhereRoutes, { prefix: config.basePath, basePath: config.basePath })
  const close = async (): Promise<void> => {
    await runtime.close()
    await simulator.close()
  }
  return { app, config, simulator, store: runtime.store, hosts, close }
}
