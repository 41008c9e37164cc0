import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { Agent } from 'undici'
import { exchange } from '../../../src/wechat/exchange.ts'

const mib = 1024 * 1024

/** Answers `/<n>` with so many MiB, `/echo` with the call, and anything else never. */
const open = async (t: Test) => {
  const server = createServer((request, response) => {
    const [, path = ''] = (request.url ?? '').split(/[/?]/)
    if (path === 'echo') {
      text(request).then((body) => {
        response.writeHead(403).end(JSON.stringify([request.method, request.url, request.headers['content-type'], body]))
      }).catch(t.threw)
    } else if (path !== 'never') response.end(Buffer.alloc(Number(path) * mib))
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const dispatcher = new Agent()
  t.teardown(async () => {
    await dispatcher.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const { signal } = new AbortController()
  return { dispatcher, to: (path: string, json?: object) => ({ url: new URL(`http://127.0.0.1:${port}/${path}`), json, signal }) }
}

await t.test('exchange: a call is sent as it is, and its answer read whatever its status', async (t) => {
  const { dispatcher, to } = await open(t)
  const read = async (path: string, json?: object) => {
    const { status, bytes } = await exchange(dispatcher, to(path, json))
    return [status, JSON.parse(bytes.toString())]
  }
  t.strictSame(await read('echo?a=1'), [403, ['GET', '/echo?a=1', null, '']])
  t.strictSame(await read('echo', { b: '微信' }), [403, ['POST', '/echo', 'application/json', '{"b":"微信"}']])
})

await t.test('exchange: it rejects when an answer is longer than any of WeChat\'s', async (t) => {
  const { dispatcher, to } = await open(t)
  t.equal((await exchange(dispatcher, to('2'))).bytes.length, 2 * mib)
  await t.rejects(exchange(dispatcher, to('3')), { message: 'the answer is too large' })
})

await t.test('exchange: it ends with the reason when its signal aborts, before or after the call was sent', async (t) => {
  const { dispatcher, to } = await open(t)
  const controller = new AbortController()
  const waiting = exchange(dispatcher, { ...to('never'), signal: controller.signal })
  await exchange(dispatcher, to('echo')) // the other one is under way
  controller.abort(new Error('closed'))
  await t.rejects(waiting, { message: 'closed' })
  await t.rejects(exchange(dispatcher, { ...to('echo'), signal: controller.signal }), { message: 'closed' })
})
