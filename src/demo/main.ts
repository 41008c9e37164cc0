/** Owns `npm run demo`: the demo on a port of this machine, and of no other. */
import { createServer } from 'node:net'
import { readEnvironment } from '../runtime.ts'
import { orExit, serve } from '../serve.ts'
import { openDemo } from './demo.ts'
import { demoEnvironment } from './environment.ts'

const host = '127.0.0.1'
const usualPort = 3000

await orExit(async () => {
  const environment = readEnvironment({ withFile: false }) // where there is a .env, it names the store of a real service
  if (environment.NODE_ENV === 'production') throw new Error('the demo lets anybody be anybody and does not start with NODE_ENV=production')
  const port = environment.PORT ?? String(await freePort())
  const { honoured, ignored } = demoEnvironment(environment)
  if (ignored.length > 0) process.stderr.write(`scan-login: the demo ignores ${ignored.join(', ')} of the environment: it has a store, keys, an address and a WeChat of its own\n`)
  const { app, config, close } = await openDemo({ port, environment: honoured })
  await serve(app, { host, port: config.PORT }, close)
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
