import type { Test } from 'tap'
import { startWechatSimulator, type WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import type { Answer, Call } from './test-service.ts'
import { makeFolder, openDeployment, waitUntilReady, type ProcessExit, type RunningProcess, type Deployment } from './service-process.ts'
import { runProxy } from './proxies.ts'
import { balancerConfig, type BalancerKind } from './proxy-files.ts'
import { freePort, startRedis } from './redis.ts'
import { remote } from './remote.ts'

/** Three instances as processes on one real Redis, behind a real load balancer. */
export interface Instances {
  /** The balancer's address, the only one that clients know. */
  readonly url: string
  readonly simulator: WechatSimulator
  /** Calls the balancer. */
  call (call: Call): Promise<Answer>
  /** Restarts one after the other: each gets SIGTERM, exits, and is ready again before the next one's turn. Resolves with how each exited. */
  restartInTurn (): Promise<readonly ProcessExit[]>
}

/** Starts Redis, instances and balancer, which has the README's configuration. */
export const openInstances = async (t: Test, kind: BalancerKind): Promise<Instances> => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const simulator = await startWechatSimulator()
  t.teardown(() => simulator.close())
  const keyFile = `${makeFolder(t)}/keys.json`
  makeKeyFile(keyFile)
  const listen = `127.0.0.1:${await freePort()}`
  const url = `http://${listen}`
  const open = async (): Promise<{ deployment: Deployment, running: RunningProcess }> => {
    const deployment = await openDeployment(t, {
      simulator,
      env: { STORE_URL: redis.url, KEYS_FILE: keyFile, PUBLIC_URL: url, TRUST_PROXY: '127.0.0.1', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000', LOG_LEVEL: 'warn' },
    })
    const running = await deployment.start()
    await waitUntilReady(deployment)
    return { deployment, running }
  }
  const instances = [await open(), await open(), await open()] as const
  const upstreamOf = ({ deployment }: { deployment: Deployment }): string => `127.0.0.1:${deployment.port}`
  await runProxy(t, kind, { listen, upstream: '' }, (folder) => balancerConfig(kind, folder, listen, [upstreamOf(instances[0]), upstreamOf(instances[1]), upstreamOf(instances[2])]))
  const balancer = remote(url)
  t.teardown(() => balancer.close())
  return {
    url,
    simulator,
    call: balancer.call,
    async restartInTurn () {
      const exits: ProcessExit[] = []
      for (const instance of instances) {
        instance.running.kill('SIGTERM')
        exits.push(await instance.running.ended)
        instance.running = await instance.deployment.start()
        await waitUntilReady(instance.deployment)
      }
      return exits
    },
  }
}
