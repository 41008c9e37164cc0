/** The processes of the chaos test: a Redis that keeps acknowledged writes, instances that reach it through a fault proxy each, and a simulated WeChat. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startWechatSimulator, type WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { openFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import type { Answer, Call } from '../support/test-service.ts'
import type { TeardownScope } from '../support/teardown-scope.ts'
import { makeFolder, run, type RunningProcess } from '../support/service-process.ts'
import { freePort, startRedis, sendInlineCommand, type RedisServer } from '../support/redis.ts'
import { remote } from '../support/remote.ts'

export interface Instance {
  /** Its connection to Redis. */
  readonly proxy: FaultProxy
  readonly isUp: boolean
  call (call: Call): Promise<Answer>
  /** Sends it a signal and waits until it has ended. */
  end (signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Starts it again; resolves when it answers. */
  start (): Promise<void>
}

export interface World {
  readonly instances: readonly Instance[]
  readonly simulator: WechatSimulator
  /** Host and port of PUBLIC_URL, the same for all instances. */
  readonly authority: string
  readonly redis: {
    kill (signal: 'SIGSTOP' | 'SIGCONT'): void
    /** Kills it; acknowledged writes are on disk. */
    end (): Promise<void>
    start (): Promise<void>
    /** Sends a command, not through the proxies. */
    send (line: string): Promise<string>
  }
  /** How instances ended that had got no signal. */
  readonly crashes: readonly string[]
  /** Resolves when every instance can read and write. */
  waitUntilReady (): Promise<void>
}

export interface WorldOptions {
  readonly instances: number
  readonly ticketTtlMs: number
  readonly logLevel?: string
}

const noLimit = '1000000'

/** Starts all processes. */
export const openWorld = async (scope: TeardownScope, { instances: size, ticketTtlMs, logLevel = 'silent' }: WorldOptions): Promise<World> => {
  const folder = makeFolder(scope)
  const keysFile = join(folder, 'keys.json')
  makeKeyFile(keysFile)
  const simulator = await startWechatSimulator()
  scope.teardown(() => simulator.close())

  const redisArgs = ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always']
  let redis: RedisServer = await startRedis({ args: redisArgs })
  scope.teardown(() => redis.stop())

  const ports = await Promise.all(Array.from({ length: size }, freePort))
  const authority = `127.0.0.1:${ports[0]}`
  const env = {
    KEYS_FILE: keysFile,
    PUBLIC_URL: `http://${authority}`,
    HOST: '127.0.0.1',
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
    WECHAT_API_URL: simulator.url,
    TICKET_TTL: String(ticketTtlMs / 1000),
    LIMIT_CREATE: noLimit,
    LIMIT_GUESS: noLimit,
    LIMIT_PHONE: noLimit,
    LOG_LEVEL: logLevel,
  }

  const crashes: string[] = []
  const openInstance = async (port: number): Promise<Instance> => {
    const proxy = await openFaultProxy(scope, redis.port)
    const service = remote(`http://127.0.0.1:${port}`)
    scope.teardown(() => service.close())
    let running: RunningProcess | undefined
    let isUp = false
    return {
      proxy,
      get isUp () { return isUp },
      call: service.call,
      end: async (signal) => {
        isUp = false
        running?.kill(signal)
        await running?.ended
      },
      start: async () => {
        const started = run(scope, { folder, env: { ...env, PORT: String(port), STORE_URL: proxy.url } })
        running = started
        started.ended.then(({ code, signal, stderr }) => {
          if (isUp && running === started) crashes.push(`${code ?? signal}: ${stderr}`)
        }, () => {}) // it never rejects
        while ((await service.call({ path: '/health/live' }).catch(() => undefined))?.status !== 200) await sleep(50)
        isUp = true
      },
    }
  }
  const instances = await Promise.all(ports.map(openInstance))
  await Promise.all(instances.map((instance) => instance.start()))

  const world: World = {
    instances,
    simulator,
    authority,
    crashes,
    redis: {
      kill: (signal) => { redis.kill(signal) },
      end: () => redis.stop(),
      start: async () => { redis = await startRedis({ port: redis.port, args: redisArgs }) },
      send: (line) => sendInlineCommand(redis.port, line),
    },
    waitUntilReady: async () => {
      await Promise.all(instances.map(async ({ call }) => {
        while ((await call({ path: '/health/ready' }).catch(() => undefined))?.status !== 200) await sleep(100)
      }))
    },
  }
  await world.waitUntilReady()
  return world
}
