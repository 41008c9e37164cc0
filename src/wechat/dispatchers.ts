/** Connection pools to WeChat, one per endpoint: slow codes must not delay a phone's login, nor either of them the token. */
import { Agent, type Dispatcher } from 'undici'
import { paths, type Endpoint } from './endpoints.ts'

export type WechatDispatchers = Readonly<Record<Endpoint, Dispatcher>>

/** Calls at a time, and as many connections: so no call queues behind another. */
export const maxUnderWay: Readonly<Record<Endpoint, number>> = {
  stable_token: 8,
  getwxacodeunlimit: 64,
  generate_urllink: 32,
  jscode2session: 128,
}

const connectTimeoutMs = 3000

/** Opens no connection before the first call. The caller destroys the dispatchers. */
export const createWechatDispatchers = (): WechatDispatchers => Object.fromEntries((Object.keys(paths) as Endpoint[]).map((endpoint) => // the keys of `paths`
  [endpoint, new Agent({ connect: { timeout: connectTimeoutMs }, connections: maxUnderWay[endpoint] })])) as Record<Endpoint, Agent>

export const destroyDispatchers = async (dispatchers: WechatDispatchers): Promise<void> => {
  await Promise.all(Object.values(dispatchers).map((dispatcher) => dispatcher.destroy()))
}
