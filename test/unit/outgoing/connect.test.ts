/** Which of a host's addresses a call reaches, over real sockets. */
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { request } from 'undici'
import type { Lookup } from '../../../src/outgoing/connect.ts'
import { createWechatDispatchers, destroyDispatchers } from '../../../src/wechat/dispatchers.ts'
import { listen } from '../../support/listen.ts'
import { freePort } from '../../support/redis.ts'
import { startUnacceptingServer } from '../../support/unaccepting-server.ts'

const ipv4 = { address: '127.0.0.1', family: 4 }
const ipv6 = { address: '::1', family: 6 }

const call = async (t: Test, port: number, lookup: Lookup, options: { connectTimeoutMs?: number } = {}): Promise<string> => {
  const dispatchers = createWechatDispatchers({ lookup, ...options })
  t.teardown(() => destroyDispatchers(dispatchers))
  const { body } = await request(`http://wechat.test:${port}/`, { dispatcher: dispatchers.stable_token })
  return await body.text()
}

for (const [name, addresses] of [['before it', [ipv6, ipv4]], ['after it', [ipv4, ipv6]], ['before and after it', [ipv6, ipv6, ipv4, ipv6]]] as const) {
  await t.test(`connect: an address with a slow handshake is reached when addresses ${name} lead nowhere`, async (t) => {
    const slow = await startUnacceptingServer(t, '127.0.0.1')
    const nowhere = await startUnacceptingServer(t, '::1', slow.port)
    const answer = call(t, slow.port, async () => addresses, { connectTimeoutMs: 60_000 }) // a busy machine is late for the second SYN, and further ones follow
    await Promise.all([slow.whenDropped(), nowhere.whenDropped()])
    slow.accept()
    t.equal(await answer, 'accepted')
  })
}

await t.test('connect: the next address is tried at once when one refuses', async (t) => {
  const origin = await listen(t, createServer((_request, response) => { response.end('answered') }))
  t.equal(await call(t, Number(new URL(origin).port), async () => [...Array.from({ length: 20 }, () => ipv6), { address: '::ffff:127.0.0.1', family: 6 }]), 'answered', 'sooner than after 20 times 250 ms')
})

await t.test('connect: the call fails with the reason when no address can be reached', async (t) => {
  const port = await freePort()
  await t.rejects(call(t, port, async () => [ipv4, ipv6]), { code: 'ECONNREFUSED' })
  await t.rejects(call(t, port, async () => { throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }) }), { code: 'ENOTFOUND' })
  const { port: nowhere } = await startUnacceptingServer(t, '127.0.0.1')
  await t.rejects(call(t, nowhere, async () => [ipv4]), { code: 'UND_ERR_CONNECT_TIMEOUT' }, 'within the time of a call')
})
