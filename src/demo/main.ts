/** `npm run demo`: the demo on a loopback port. */
import { createServer } from 'node:net'
import { readEnvironment } from '../environment.ts'
import { takeOverSignals } from '../log-output.ts'
import { orExit, serve } from '../serve.ts'
import { openDemo } from './demo.ts'
import { demoEnvironment } from './environment.ts'

const host = '127.0.0.1'
const defaultPort = 3000

await orExit(async () => {
  const environment = readEnvironment({ withFile: false }) // a .env file would name the store of a real service
  if (environment.NODE_ENV === 'production') throw new Error('the demo lets anybody log in as anybody, so it does not start with NODE_ENV=production')
  const port = environment.PORT ?? String(await freePort())
  const { honoured, ignored } = demoEnvironment(environment)
  if (ignored.length > 0) process.stderr.write(`scan-login: the demo ignores these environment variables: ${ignored.join(', ')}. It has its own store, keys, address and simulated WeChat\n`)
  const { app, config, close } = await openDemo({ port, environment: honoured })
  takeOverSignals() // serve handles them
  await serve(app, { host, port: config.PORT }, close)
  process.stdout.write(`
  scan-login demo, with a simulated WeChat and simulated phones

  Open     ${config.PUBLIC_URL}/demo         the login page and a phone, side by side
  or       ${config.PUBLIC_URL}/login        the login page alone
  and      ${config.PUBLIC_URL}/demo/phone   a phone in a tab of its own

`)
})

/** Finds a free port: the default one, or a random one if that is taken. */
async function freePort (): Promise<number> {
  for (const port of [defaultPort, 0]) {
    const server = createServer()
    const found = await new Promise<number | undefined>((resolve) => {
      server.once('error', () => resolve(undefined))
      server.listen({ host, port }, () => resolve((server.address() as { port: number }).port)) // an object for a TCP server
    })
    await new Promise((resolve) => server.close(resolve))
    if (found !== undefined) return found
  }
  throw new Error('no free port to listen on')
}
