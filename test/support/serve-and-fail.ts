/** A server process that then fails in a given way: `node serve-and-fail.ts <how> <port of a peer that resets connections>`. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { serve } from '../../src/serve.ts'

const [how = '', peer = ''] = process.argv.slice(2)
const log: FastifyBaseLogger = pino({ base: null })
const app: FastifyInstance = fastify({ loggerInstance: log })
app.decorate('beginShutdown', () => {})
app.get('/', () => 'here')

const callPeer = (): Socket => {
  const socket = connect(Number(peer), '127.0.0.1')
  return socket.once('connect', () => { socket.write('hello') })
}

const failures: Readonly<Record<string, () => void>> = {
  sockets: () => { for (let count = 0; count < 3; count++) callPeer() },
  rejection: () => { once(callPeer(), 'end').catch((error: unknown) => Promise.reject(error)) },
  bug: () => { throw new TypeError('a bug') },
  'rejected bug': () => { Promise.reject(new TypeError('a bug')) }, // eslint-disable-line @typescript-eslint/no-floating-promises -- as above
  'no error': () => { throw 'a text' }, // eslint-disable-line no-throw-literal -- as above
  'missing file': () => { readFile('/nothing') }, // eslint-disable-line @typescript-eslint/no-floating-promises -- as above
}

await serve(app, { host: '127.0.0.1', port: 0 }, async () => {})
setTimeout(() => failures[how]?.(), 0)
await sleep(500)
const { port } = app.server.address() as AddressInfo // an object for what listens on a port
log.info({ answered: await (await fetch(`http://127.0.0.1:${port}/`)).text() === 'here' }, 'after the failure')
