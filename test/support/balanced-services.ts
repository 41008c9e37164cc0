import type { Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import type { Store } from '../../src/login/store-port.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { openPhone, type Service, type TestPhone } from './clients.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { openTestService, type TestService } from './test-service.ts'

export interface BalancedServices extends Service {
  readonly services: readonly TestService[]
  readonly clock: FakeClock
  /** Logs a person's phone in. */
  phone (person: string): Promise<TestPhone>
}

/** Opens an instance on each of the stores, which share their data. Each call goes to the next instance, as behind a load balancer. */
export const openBalancedServices = async (t: Test, stores: readonly Store[], env: Record<string, string>): Promise<BalancedServices> => {
  const clock = createFakeClock(Date.now())
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  const keys = generateKeys()
  const services: TestService[] = []
  for (const store of stores) services.push(await openTestService(t, { env, clock, keys, simulator, store }))
  let turn = 0
  const call: Service['call'] = (call) => (services[turn++ % services.length] as TestService).call(call)
  return { call, services, clock, phone: (person) => openPhone({ call }, { jsCode: simulator.jsCode(person), now: () => clock.now() }) }
}
