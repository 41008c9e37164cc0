import { inspect } from 'node:util'
import type { Test } from 'tap'
import { createWechatDispatchers, destroyDispatchers } from '../../src/wechat/dispatchers.ts'
import { startWechatSimulator, type Endpoint, type WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import type { Clock, Log } from '../../src/login/ports.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createStore } from '../../src/stores/store.ts'
import { createWechat, type Wechat, type WechatOptions } from '../../src/wechat/wechat.ts'
import { createFakeClock } from './fake-clock.ts'
import { seededBytes } from './seeded-random.ts'
import { waitUntil } from './waiting.ts'

/** A client of WeChat's API that calls the simulator over real HTTP, with a real store, a clock that the test moves and a log that it reads. */
export interface WechatHarness {
  readonly simulator: WechatSimulator
  readonly store: Store
  readonly wechat: Wechat
  /** `level: message`, then the fields as JSON; oldest first. */
  readonly lines: string[]
  /** Creates another client on the same store, as another instance of the service has. */
  instance (options?: Partial<WechatOptions>): Wechat
  callsTo (endpoint: Endpoint): number
  /** Moves the clock on by `ms`, once a timer of exactly `ms` is set. */
  passWait (ms: number): Promise<void>
  advance (ms: number): void
}

export const openWechatHarness = async (t: Test, options: Partial<WechatOptions> = {}): Promise<WechatHarness> => {
  const time = createFakeClock()
  const waits: number[] = []
  const clock: Clock = {
    now: time.now,
    errorMs: time.errorMs,
    steady: time.steady,
    after: (ms, call) => {
      waits.push(ms)
      const cancel = time.after(ms, call)
      return () => {
        const at = waits.indexOf(ms)
        if (at >= 0) waits.splice(at, 1)
        cancel()
      }
    },
  }
  const lines: string[] = []
  const note = (level: string) => (fields: object, message: string): void => { lines.push(`${level}: ${message} ${JSON.stringify(fields)}`) }
  const log: Log = { info: note('info'), warn: note('warn'), error: note('error') }
  const simulator = await startWechatSimulator({ clock })
  const store = createStore('sqlite::memory:', { clock, log })
  const dispatchers = createWechatDispatchers()
  const instances: Wechat[] = []
  const instance = (others: Partial<WechatOptions> = {}): Wechat => {
    const { appid, secret, url: apiUrl } = simulator
    const made = createWechat({ appid, secret, apiUrl, envVersion: 'release', dispatchers, random: seededBytes, store, clock, log, ...options, ...others })
    instances.push(made)
    return made
  }
  t.teardown(async () => {
    for (const made of instances) made.close()
    await simulator.close()
    await destroyDispatchers(dispatchers)
    await store.close()
  })
  return {
    simulator,
    store,
    lines,
    wechat: instance(),
    instance,
    callsTo: (endpoint) => simulator.calls.filter((call) => call.endpoint === endpoint).length,
    passWait: async (ms) => {
      await waitUntil(() => waits.includes(ms))
      waits.splice(waits.indexOf(ms), 1)
      time.advance(ms)
    },
    advance: time.advance,
  }
}

/** Returns what a promise rejects with. */
export const rejectionOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It did not reject')
}

/** Returns all text of log lines and errors, to be searched for secrets. */
export const everythingShown = (lines: readonly string[], ...errors: unknown[]): string =>
  `${lines.join('\n')}\n${inspect(errors, { depth: Infinity, showHidden: true })}`
