/** Connections to WeChat, apart for each endpoint: codes that are slow keep no phone waiting, and neither keeps an access token waiting. */
import { Agent, type Dispatcher } from 'undici'
import { paths, type Endpoint } from './endpoints.ts'

export type WechatDispatchers = Readonly<Record<Endpoint, Dispatcher>>

/** As many connections as calls may be under way, so that none waits for another's. */
export const maxUnderWay: Readonly<Record<Endpoint, number>> = {
  stable_token: 8,
  getwxacodeunlimit: 64,
  generate_urllink: 32,
  jscode2session: 128,
}

const connectTimeoutMs = 3000

/** Opens nothing before the first call. The caller destroys each. */
export const createWechatDispatchers = (): WechatDispatchers => Object.fromEntries((Object.keys(paths) as Endpoint[]).map((endpoint) => // the keys of `paths`
  [endpoint, new Agent({ connect: { timeout: connectTimeoutMs }, connections: maxUnderWay[endpoint] })])) as Record<Endpoint, Agent>

export const destroyDispatchers = async (dispatchers: WechatDispatchers): Promise<void> => {
  await Promise.all(Object.values(dispatchers).map((dispatcher) => dispatcher.destroy()))
}
