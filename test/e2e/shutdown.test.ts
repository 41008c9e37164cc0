// Told to go: everybody who waits is answered, nobody can hold the process up, and it ends with 0 within 5 s.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import { openStand, type Ending, type RunningProcess, type Stand } from '../support/process.ts'

/** The contract's word. */
const endWithinMs = 5000

/** Sends a signal and waits for the end, for as long as it may take. */
const end = async (running: RunningProcess, signal: NodeJS.Signals): Promise<Ending | 'too late'> => {
  running.kill(signal)
  return await Promise.race([running.ended, sleep(endWithinMs, 'too late' as const, { ref: false })])
}

const send = async (t: Test, { port }: Stand, text: string): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const isListening = ({ port }: Stand): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1')
  socket.once('error', () => { resolve(false) }).once('connect', () => {
    socket.destroy()
    resolve(true)
  })
})

for (const [signal, polls] of [['SIGTERM', 200], ['SIGINT', 20]] as const) {
  await t.test(`shutdown: ${polls} held polls are answered and the process ends with 0 when ${signal} comes`, async (t) => {
    const stand = await openStand(t, { env: { MAX_HELD_POLLS: String(polls) } })
    const running = await stand.start()
    const browsers = await Promise.all(Array.from({ length: polls }, () => openBrowser(stand)))
    const { answers } = await holdPolls(stand, browsers)

    t.hasStrict(await end(running, signal), { code: 0, signal: null, stderr: '' })
    for (const [index, answer] of (await answers).entries()) {
      t.hasStrict(answer, { status: 200, json: { ticket: browsers[index]?.ticket, state: 'pending', version: 1 } })
    }
    await t.rejects(stand.call({ path: '/health/live' }), { code: 'ECONNREFUSED' })

    await stand.start()
    const phone = await stand.phone()
    t.equal((await phone.scan(browsers[0]!.ticket)).status, 200, 'and the next process goes on')
  })
}

await t.test('shutdown: it ends with 0 all the same when one client never reads and another stops in the middle of a request', async (t) => {
  const stand = await openStand(t)
  const running = await stand.start()
  const browser = await openBrowser(stand)

  const deaf = await send(t, stand, 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2000))
  deaf.pause()
  const half = await send(t, stand, 'POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"return_to"')
  const headers = await send(t, stand, 'GET /health/li')
  t.equal((await browser.poll()).status, 200, 'others are served')

  t.hasStrict(await end(running, 'SIGTERM'), { code: 0, signal: null, stderr: '' })
  half.resume()
  headers.resume()
  await Promise.all([half, headers].map(async (socket) => { if (!socket.closed) await once(socket, 'close') }))
})

await t.test('shutdown: it is not ready any more, and says so where a request was on its way, when it goes down', async (t) => {
  const stand = await openStand(t)
  const running = await stand.start()
  t.equal((await stand.call({ path: '/health/ready' })).status, 200)

  const socket = await send(t, stand, 'GET /health/ready HTTP/1.1\r\nHost: x\r\n')
  t.equal((await stand.call({ path: '/health/live' })).status, 200, 'by then its beginning has been read')
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => { heard += text })
  const ended = end(running, 'SIGTERM')
  while (await isListening(stand));
  socket.write('\r\n')

  t.hasStrict(await ended, { code: 0, signal: null, stderr: '' })
  t.match(heard, /^HTTP\/1\.1 503 [^]+connection: close\r\n[^]+"detail":"Going down"/i)
})

await t.test('shutdown: npm start hands the signal on, and leaves nobody behind who listens', async (t) => {
  const stand = await openStand(t, { npm: 'start', env: { MAX_HELD_POLLS: '1' } })
  const running = await stand.start()
  const { answers } = await holdPolls(stand, [await openBrowser(stand)])
  t.not(await end(running, 'SIGTERM'), 'too late')
  t.hasStrict((await answers).map(({ status }) => status), [200])
  t.equal(await isListening(stand), false)
})
