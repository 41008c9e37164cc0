/**
 * The service behind the proxies under test: the real one in this process, on one port of every loopback address, with a record of the requests at each
 * address. So the address alone tells the networks apart.
 */
import type { Test } from 'tap'
import { readConfig } from '../../src/config.ts'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { openPhone, type TestPhone } from './clients.ts'
import { openApp } from './open-app.ts'
import { makeFolder } from './service-process.ts'
import { freePort } from './redis.ts'
import { remote } from './remote.ts'

export interface Arrival {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** Null while it is held, and also after it was cut. */
  status: number | null
  isCut: boolean
}

export interface ProxiedService {
  readonly port: number
  /** Returns the requests at an address so far. */
  arrivals (address: string): readonly Arrival[]
  /** Logs a phone in, without a proxy. */
  phone (person: string): Promise<TestPhone>
}

/** Opens the service, closed when the test ends. */
export const openProxiedService = async (t: Test): Promise<ProxiedService> => {
  const folder = makeFolder(t)
  const simulator = await startWechatSimulator()
  t.teardown(simulator.close)
  const port = await freePort('0.0.0.0') // the proxies of another file may listen on it at an address of their own
  const url = `http://127.0.0.1:${port}`
  const config = {
    ...readConfig({
      PUBLIC_URL: url,
      STORE_URL: `sqlite:${folder}/scan-login.db`,
      KEYS_FILE: `${folder}/keys.json`,
      WECHAT_API_URL: simulator.url,
      TRUST_PROXY: '127.0.0.0/8',
      LIMIT_CREATE: '100000',
      LIMIT_GUESS: '100000',
      LOG_LEVEL: 'silent', // warnings about a busy machine don't matter here
    }),
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
  }
  const app = await openApp(t, config)
  const record = new Map<string, Arrival[]>()
  const arrivals = (address: string): Arrival[] => record.get(address) ?? record.set(address, []).get(address) ?? []
  app.server.on('request', ({ method = '', url = '', socket }, response) => {
    const arrival: Arrival = { method, url, status: null, isCut: false }
    arrivals(socket.localAddress ?? '').push(arrival)
    response.once('close', () => {
      if (response.writableFinished) arrival.status = response.statusCode
      else arrival.isCut = true
    })
  })
  await app.listen({ host: '0.0.0.0', port })
  const service = remote(url)
  t.teardown(service.close)
  return {
    port,
    arrivals,
    phone: (person) => openPhone(service, { jsCode: simulator.jsCode(person), authority: `127.0.0.1:${port}` }),
  }
}
