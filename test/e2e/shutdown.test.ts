// Shutdown by a signal: held polls are answered, no client can delay it, and the process ends with 0 within 5 s.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { holdPolls } from '../support/held-polls.ts'
import { openDeployment, type ProcessExit, type RunningProcess, type Deployment } from '../support/service-process.ts'

/** Held polls are answered and the process has ended within 5 s of a signal. */
const endWithinMs = 5000

/** Sends a signal and waits for the process to end, up to the limit. */
const end = async (running: RunningProcess, signal: NodeJS.Signals): Promise<ProcessExit | 'too late'> => {
  running.kill(signal)
  return await Promise.race([running.ended, sleep(endWithinMs, 'too late' as const, { ref: false })])
}

const send = async (t: Test, { port }: Deployment, text: string): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const isListening = ({ port }: Deployment): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1')
  socket.once('error', () => { resolve(false) }).once('connect', () => {
    socket.destroy()
    resolve(true)
  })
})

for (const [signal, polls] of [['SIGTERM', 200], ['SIGINT', 20]] as const) {
  await t.test(`shutdown: ${polls} held polls are answered and the process ends with 0 when ${signal} comes`, async (t) => {
    const deployment = await openDeployment(t, { env: { MAX_HELD_POLLS: String(polls) } })
    const running = await deployment.start()
    const browsers = await Promise.all(Array.from({ length: polls }, () => openBrowser(deployment)))
    const { answers } = await holdPolls(deployment, browsers)

    t.hasStrict(await end(running, signal), { code: 0, signal: null, stderr: '' })
    for (const [index, answer] of (await answers).entries()) {
      t.hasStrict(answer, { status: 200, json: { ticket: browsers[index]?.ticket, state: 'pending', version: 1 } })
    }
    await t.rejects(deployment.call({ path: '/health/live' }), { code: 'ECONNREFUSED' })

    await deployment.start()
    const phone = await deployment.phone()
    t.equal((await phone.scan(browsers[0]!.ticket)).status, 200, 'and the next process continues the ticket')
  })
}

await t.test('shutdown: it ends with 0 also when one client never reads and another stops in the middle of a request', async (t) => {
  const deployment = await openDeployment(t)
  const running = await deployment.start()
  const browser = await openBrowser(deployment)

  const unread = await send(t, deployment, 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(8))
  unread.pause()
  const halfSent = await send(t, deployment, 'POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"return_to"')
  const headers = await send(t, deployment, 'GET /health/li')
  t.equal((await browser.poll()).status, 200, 'others are served')

  t.hasStrict(await end(running, 'SIGTERM'), { code: 0, signal: null, stderr: '' })
  halfSent.resume()
  headers.resume()
  await Promise.all([halfSent, headers].map(async (socket) => { if (!socket.closed) await once(socket, 'close') }))
})

await t.test('shutdown: drain, phase 1: it is not ready, accepts and answers, and holds no poll, when SIGTERM has come', async (t) => {
  const deployment = await openDeployment(t, { env: { MAX_HELD_POLLS: '1' } })
  // The phase is short, and on a busy machine this test may miss it: then connections are refused, and it tries again.
  const shortestPhaseMs = 1_000
  const expected = [
    { status: 503, headers: { connection: 'close' }, json: { detail: 'The service is shutting down' } },
    { status: 200 },
    { status: 200, headers: { connection: 'close' }, json: { state: 'pending' } },
    { created: { status: 201, headers: { connection: 'close' } } },
  ]
  let isAnswered = false
  for (let rounds = 0; !isAnswered && rounds < 10; rounds++) {
    const running = await deployment.start()
    const browser = await openBrowser(deployment)
    const { answers } = await holdPolls(deployment, [browser])
    t.equal((await deployment.call({ path: '/health/ready' })).status, 200)

    const begun = performance.now()
    const ended = end(running, 'SIGTERM')
    t.hasStrict(await answers, [{ status: 200, headers: { connection: 'close' }, json: { state: 'pending' } }])
    const calls = await Promise.allSettled([
      deployment.call({ path: '/health/ready' }),
      deployment.call({ path: '/health/live' }),
      browser.poll(1, 25),
      openBrowser(deployment),
    ])
    const isOver = performance.now() - begun > shortestPhaseMs
    running.kill('SIGTERM') // again, as npm forwards the signal that systemd has sent to both
    t.hasStrict(await ended, { code: 0, signal: null, stderr: '' })
    isAnswered = calls.every(({ status }) => status === 'fulfilled')
    for (const [index, call] of calls.entries()) {
      if (call.status === 'fulfilled') t.hasStrict(call.value, expected[index])
      else t.ok(isOver && call.reason.code === 'ECONNREFUSED', call.reason)
    }
  }
  t.ok(isAnswered)
})

await t.test('shutdown: drain, phase 2: a call over an open connection is answered when new connections are refused', async (t) => {
  const deployment = await openDeployment(t)
  // The phase is short, and on a busy machine this test may miss it: then it tries again.
  let received = ''
  for (let rounds = 0; received === '' && rounds < 10; rounds++) {
    const running = await deployment.start()
    const kept = await send(t, deployment, 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(kept, 'data')
    kept.setEncoding('utf8').on('data', (text: string) => { received += text })
    const closed = new Promise((resolve) => { kept.once('close', resolve) }) // by an error, too

    const ended = end(running, 'SIGTERM')
    while (await isListening(deployment)) await sleep(5) // without the pause, these connections would exceed a limit, and the open one be closed
    kept.write('POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    await closed
    t.hasStrict(await ended, { code: 0, signal: null, stderr: '' })
  }
  t.match(received, /^HTTP\/1\.1 201 [^]+connection: close\r\n[^]+"state":"pending"/i)
})

await t.test('shutdown: it ends with 0 also when SIGINT comes after SIGTERM', async (t) => {
  const deployment = await openDeployment(t)
  const running = await deployment.start()
  const ended = end(running, 'SIGTERM')
  while ((await deployment.call({ path: '/health/ready' })).status === 200);
  running.kill('SIGINT')
  t.hasStrict(await ended, { code: 0, signal: null, stderr: '' })
})

await t.test('shutdown: nothing listens any more when npm start has forwarded the signal', async (t) => {
  const deployment = await openDeployment(t, { npm: 'start', env: { MAX_HELD_POLLS: '1' } })
  const running = await deployment.start()
  const { answers } = await holdPolls(deployment, [await openBrowser(deployment)])
  t.not(await end(running, 'SIGTERM'), 'too late')
  t.hasStrict((await answers).map(({ status }) => status), [200])
  t.equal(await isListening(deployment), false)
})
