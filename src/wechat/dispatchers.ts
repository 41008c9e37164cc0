/** Connection pools to WeChat, one per endpoint: slow codes must not delay a phone's login, nor either of them the token. */
import type { Dispatcher } from 'undici'
import { createFreshDispatcher, createKeptDispatcher, type DispatcherOptions } from '../outgoing/dispatcher.ts'
import { paths, type Endpoint } from './endpoints.ts'

/** `fresh` opens a connection for each call, for calls that the others repeat. */
export type WechatDispatchers = Readonly<Record<Endpoint | 'fresh', Dispatcher>>

/** Calls at a time, and as many connections: so no call queues behind another. */
export const maxUnderWay: Readonly<Record<Endpoint, number>> = {
  stable_token: 8,
  getwxacodeunlimit: 64,
  generate_urllink: 32,
  jscode2session: 128,
}

/** Opens no connection before the first call. The caller destroys the dispatchers. */
export const createWechatDispatchers = (options: DispatcherOptions = {}): WechatDispatchers => {
  const fresh = createFreshDispatcher(options)
  return {
    ...Object.fromEntries((Object.keys(paths) as Endpoint[]).map((endpoint) => // the keys of `paths`
      [endpoint, createKeptDispatcher(options, maxUnderWay[endpoint], fresh)])) as Record<Endpoint, Dispatcher>,
    fresh,
  }
}

export const destroyDispatchers = async (dispatchers: WechatDispatchers): Promise<void> => {
  await Promise.all(Object.values(dispatchers).map((dispatcher) => dispatcher.destroy()))
}
