/** Owns the start for real: `npm start`. */
import { buildApp } from './app.ts'
import { readConfig } from './config.ts'
import { openRuntime, readEnvironment } from './runtime.ts'
import { orExit, serve } from './serve.ts'

await orExit(async () => {
  const config = readConfig(readEnvironment())
  const { WECHAT_APPID: appid, WECHAT_SECRET: secret } = config
  if (appid === null || secret === null) {
    const missing = [...(appid === null ? ['WECHAT_APPID'] : []), ...(secret === null ? ['WECHAT_SECRET'] : [])].join(' and ')
    throw new Error(`${missing} not set: they are the mini program's AppID and AppSecret. To try it without an account: npm run demo`)
  }
  const runtime = openRuntime(config, { appid, secret })
  const app = await buildApp(runtime, config)
  await serve(app, { host: config.HOST, port: config.PORT }, runtime.release)
  runtime.log.info(`log in at ${config.PUBLIC_URL}/login`)
})
