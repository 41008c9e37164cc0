/**
 * How soon a visitor sees the first code where WeChat is far away, in the time that one static file takes over the same connection. The picture alone is one
 * request, as a picture among the page's files would be. What the visitor waits for is the other row: it has the request for the ticket in it, which is answered
 * when the disk has the ticket, so that a flush is most of it.
 */
import { connect, createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fillAfterMs } from '../../../src/wechat/prefetched-codes.ts'
import type { TeardownScope } from '../../support/teardown-scope.ts'
import { expectStatus, openConnection, requestText } from '../load/connection.ts'
import { createSamples, type Measurement } from '../row.ts'
import type { Sizes } from '../sizes.ts'
import { median } from '../statistics.ts'
import type { Subjects } from '../subjects.ts'
import { codeRequest, createTicket } from '../ways/long-poll.ts'
import { nextVisitor } from '../ways/person.ts'
import { withScope } from '../with-scope.ts'

const wechatMs = 400
/** Time for the supply to be filled up: one code at a time. */
const refillMs = fillAfterMs + wechatMs * 1.5
const fillMs = wechatMs * 14

export const measureFirstCode = (subjects: Subjects, sizes: Sizes): Measurement => {
  const samples = createSamples()
  return {
    samples,
    measure: () => withScope(async (scope) => {
      const wechat = await openFarPeer(scope, Number(new URL(subjects.wechatUrl).port), wechatMs)
      const process = await subjects.startService(scope, 'sqlite', { env: { WECHAT_API_URL: wechat } })
      const { port } = process
      const first = openConnection(port)
      expectStatus(await first.send(codeRequest(await createTicket(first, port, nextVisitor()))), 200) // a service without visitors makes no codes
      first.close()
      await sleep(fillMs)
      const [codes, pictures, files]: [number[], number[], number[]] = [[], [], []]
      for (let n = 0; n < sizes.firstCodes; n++) {
        const connection = openConnection(port)
        const page = requestText({ path: '/login', host: `127.0.0.1:${port}` })
        expectStatus(await connection.send(page), 200)
        const codeStart = performance.now()
        const ticket = await createTicket(connection, port, nextVisitor())
        const pictureStart = performance.now()
        expectStatus(await connection.send(codeRequest(ticket)), 200)
        const fileStart = performance.now()
        expectStatus(await connection.send(requestText({ path: '/login.js', host: `127.0.0.1:${port}` })), 200)
        codes.push(fileStart - codeStart)
        pictures.push(fileStart - pictureStart)
        files.push(performance.now() - fileStart)
        connection.close()
        await sleep(refillMs)
      }
      samples.add('code', median(codes))
      samples.add('picture', median(pictures))
      samples.add('file', median(files))
    }),
    rows: () => {
      const goal = { atMost: 2, baseline: { name: 'a static file', figures: samples.of('file') } }
      return [
        { name: `first code: its picture, WeChat ${wechatMs} ms away`, unit: 'ms', figures: samples.of('picture'), goal },
        { name: `first code: ticket and picture, WeChat ${wechatMs} ms away`, unit: 'ms', figures: samples.of('code'), goal },
      ]
    },
  }
}

/** Opens a relay whose answers come this much later. */
const openFarPeer = async (scope: TeardownScope, port: number, ms: number): Promise<string> => {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    near.pipe(far)
    far.on('data', (bytes) => { setTimeout(() => { near.write(bytes) }, ms) })
    for (const socket of [near, far]) socket.on('error', () => {}).on('close', () => { for (const each of [near, far]) each.destroy() })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => { server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // an object for what listens on a port
}
