import { once } from 'node:events'
import t from 'tap'
import { createHttpServer } from '../../../src/http/http-server.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

await t.test('HTTP server: one line a minute says so when connections can\'t be accepted, and none before it listens', async (t) => {
  const clock = createFakeClock()
  const log = createRecordingLog()
  const server = createHttpServer((_request, response) => { response.end() }, { maxWaitMs: 25_000, trustProxy: [], maxHeldPolls: 10, clock, log })
  server.emit('error', new Error('EADDRINUSE'))
  t.strictSame(log.codes, [])
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (let second = 0; second < 60; second++) {
    for (let connection = 0; connection < 100; connection++) server.emit('error', new Error('ENOBUFS')) // as Node does; a process that is out of file descriptors says nothing
    if (second < 59) clock.advance(1_000)
  }
  t.strictSame(log.codes, ['accept-failed'])
  clock.advance(1_000)
  t.strictSame(log.codes, ['accept-failed', 'accept-failed'])
  server.close()
  await once(server, 'close')
})
