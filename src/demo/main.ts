/** Owns `npm run demo`: the service for real on the embedded store, and a simulator in WeChat's place. For one's own machine only. */
import { createServer } from 'node:net'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { openRuntime, readEnvironment } from '../runtime.ts'
import { orExit, serve } from '../serve.ts'
import { demoPhonePlugin } from './phone-plugin.ts'
import { startWechatSimulator } from './wechat-simulator.ts'

const host = '127.0.0.1'
const usualPort = 3000

await orExit(async () => {
  const environment = readEnvironment({ withFile: false }) // where there is a .env, it names the store of a real service
  if (environment.NODE_ENV === 'production') throw new Error('the demo lets anybody be anybody and does not start with NODE_ENV=production')
  const port = environment.PORT ?? String(await freePort())
  const simulator = await startWechatSimulator()
  const config = {
    ...readConfig({
      PUBLIC_URL: `http://localhost:${port}`,
      STORE_URL: 'sqlite:data/demo.db',
      KEYS_FILE: 'data/demo-keys.json',
      SITE_NAME: 'scan-login demo',
      LOG_LEVEL: 'warn',
      ...environment,
      PORT: port,
      WECHAT_API_URL: simulator.url,
    }),
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
  }
  const runtime = openRuntime(config)
  const app = await buildApp(runtime, config, { isFramedByOwnPages: true })
  await app.register(demoPhonePlugin, { prefix: config.basePath, wechat: simulator, serviceUrl: config.PUBLIC_URL })
  await serve(app, { host, port: config.PORT }, async () => {
    await runtime.release()
    await simulator.close()
  })
  process.stdout.write(`
  scan-login, with a simulated WeChat and phones that are anybody you like

  Open     ${config.PUBLIC_URL}/demo         the login page and a phone, side by side
  or       ${config.PUBLIC_URL}/login        the login page alone
  and      ${config.PUBLIC_URL}/demo/phone   a phone in a tab of its own

`)
})

/** The usual port, or any other while somebody else listens there. */
async function freePort (): Promise<number> {
  for (const port of [usualPort, 0]) {
    const server = createServer()
    const found = await new Promise<number | undefined>((resolve) => {
      server.once('error', () => resolve(undefined))
      server.listen({ host, port }, () => resolve((server.address() as { port: number }).port)) // listens on TCP
    })
    await new Promise((resolve) => server.close(resolve))
    if (found !== undefined) return found
  }
  throw new Error('there is no free port to listen on')
}
