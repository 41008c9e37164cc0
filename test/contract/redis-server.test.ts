/** The real Redis that tests start: nobody else's is taken for it, and no stranger at its port is waited for. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import t from 'tap'
import { freePort, sendInlineCommand, startRedis } from '../support/redis.ts'

await t.test('redis: the start is refused when another Redis, or a server that never answers, was faster at the port', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  await t.rejects(startRedis({ port: redis.port }), { message: /^redis-server (?:ended with 1|does not answer)$/ })
  t.equal(await sendInlineCommand(redis.port, 'PING'), '+PONG', 'that one runs on')

  const sockets: Socket[] = []
  const silent = createServer((socket) => { sockets.push(socket) }).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  await t.rejects(startRedis({ port: (silent.address() as AddressInfo).port }), { message: /^redis-server (?:ended with 1|does not answer)$/ })
})

await t.test('redis: each port is given once, to callers at the same time and from one block to the next', async (t) => {
  const ports = await Promise.all(Array.from({ length: 150 }, () => freePort()))
  t.equal(new Set(ports).size, 150)
  t.ok(ports.every((port) => port >= 10_000 && port < 20_000))
})
