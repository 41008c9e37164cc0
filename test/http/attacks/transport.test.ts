/** Requests that are late, encoded or of an unsupported type: refused with a problem, before they cost anything. */
import t from 'tap'
import { readAnswer, sendRaw, type RawAnswer } from '../../support/fuzz/wire.ts'
import { openTestService } from '../../support/test-service.ts'
import { verdict } from '../../support/login.ts'

const bytes = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'), 'latin1')

const outcomeOf = (answer: RawAnswer | undefined): unknown[] => {
  const problem = JSON.parse(answer?.body ?? '{}') as { code?: string, status?: number }
  return [answer?.status, problem.status, problem.code, answer?.headers['content-type']?.replace(/;.*/, ''), answer?.headers.connection]
}

await t.test('requests: one is answered 408 when its headers or body don\'t come in time', async (t) => {
  const service = await openTestService(t)
  const port = Number(new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).port)
  const texts = [
    bytes('GET /api/session HTTP/1.1', 'Host: a', 'X: '),
    bytes('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Content-Length: 9', '', '{'),
    bytes('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Transfer-Encoding: chunked', '', '2', '{'),
  ]
  for (const answer of await Promise.all(texts.map((text) => sendRaw(port, text)))) {
    t.strictSame(outcomeOf(readAnswer(answer)), [408, 408, 'bad-request', 'application/problem+json', 'close'])
  }
})

await t.test('requests: one is answered 501, and nothing more is read, when its transfer coding is unknown', async (t) => {
  const service = await openTestService(t, { env: { MAX_TICKETS: '20' } })
  const port = Number(new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).port)
  const smuggled = 'POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'
  for (const coding of ['gzip, chunked', 'deflate, chunked', 'identity, chunked', 'GZIP ,chunked', 'gzip\r\nTransfer-Encoding: chunked', 'x-own, chunked']) {
    const answer = readAnswer(await sendRaw(port, bytes('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Transfer-Encoding: ${coding}`, '', '2', '{}', '0', '', smuggled)))
    t.strictSame(outcomeOf(answer), [501, 501, 'bad-request', 'application/problem+json', 'close'], coding)
    t.equal(answer?.text.match(/^HTTP\/1\.1 /gm)?.length, 1)
  }
  for (const coding of ['chunked', 'Chunked', ' chunked ']) {
    const answer = readAnswer(await sendRaw(port, bytes('POST /api/tickets HTTP/1.1', 'Host: a', 'Connection: close', 'Content-Type: application/json', `Transfer-Encoding: ${coding}`, '', '2', '{}', '0', '', '')))
    t.equal(answer?.status, 201, coding)
  }
  const old = readAnswer(await sendRaw(port, bytes('POST /api/tickets HTTP/1.0', 'Content-Type: application/json', 'Transfer-Encoding: chunked', '', '2', '{}', '0', '', '')))
  t.equal(old?.status, 400, 'HTTP/1.0 has none')
})

await t.test('E6 bodies: a request is answered 415, before anything is counted or read, when its type isn\'t JSON', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '1' } })
  const port = Number(new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).port)
  const types = ['text/plain', 'text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'application/problem+json', 'text/json', 'text/plain; a=application/json', 'nonsense']
  for (const type of types) {
    for (const length of ['Content-Length: 9000', 'Transfer-Encoding: chunked']) {
      const answer = readAnswer(await sendRaw(port, bytes('POST /api/tickets HTTP/1.1', 'Host: a', 'Connection: close', `Content-Type: ${type}`, length, '', '')))
      t.equal(answer?.status, 415, `${type}, whose body never comes`)
      t.match(answer?.body, /"code":"unsupported-media-type"/)
    }
  }
  const nameless = readAnswer(await sendRaw(port, bytes('POST /api/tickets HTTP/1.1', 'Host: a', 'Connection: close', 'Content-Length: 2', '', '{}')))
  t.equal(nameless?.status, 415)
  const call = (headers: Record<string, string>, body?: string) => service.call({ method: 'POST', path: '/api/tickets', headers, ...(body !== undefined && { body }) })
  t.equal(verdict(await call({ 'content-type': 'application/json; charset=utf-8' }, '{}')), '201', 'nothing was counted')
  t.equal(verdict(await call({ 'content-type': 'text/plain', 'content-length': '0' })), '429 rate-limited', 'a type without bytes is accepted')
})
