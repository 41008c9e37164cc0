import { createServer } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { lookAtTls } from '../../../src/commands/doctor/tls-look.ts'

await t.test('doctor: a look at TLS ends when a server sends a byte now and then, and never a certificate', async (t) => {
  const record = Buffer.from([22, 3, 3, 64, 0]) // the head of a handshake's record of 16 KiB
  const server = createServer((socket) => {
    socket.write(record)
    const drip = setInterval(() => { socket.write('\0') }, 500)
    socket.on('error', () => {}).on('close', () => { clearInterval(drip) })
  }).listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on TCP')
  t.strictSame(await lookAtTls('127.0.0.1', address.port, 'login.example.com'), { code: 'ETIMEDOUT', error: 'no answer within 5 s' })
})
