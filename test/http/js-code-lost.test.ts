/** A js_code that WeChat used up in a call whose answer was lost: the phone has to bring another, and it is none of the wrong ones. */
import { createServer } from 'node:http'
import t from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { listen } from '../support/listen.ts'
import { verdict } from '../support/login.ts'
import { openTestService } from '../support/test-service.ts'

await t.test('LIMIT_GUESS: a js_code doesn\'t count when the call that used it up was lost with its connection', async (t) => {
  const clock = createFakeClock()
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  let lost = 0
  const server = createServer((request, response) => {
    fetch(simulator.url + request.url).then(async (answer) => {
      const text = await answer.text()
      if (lost > 0) request.socket.destroy()
      else response.setHeader('content-type', 'application/json').end(text)
      lost--
    }, (error: unknown) => { t.fail(String(error)) })
  })
  server.keepAliveTimeout = 60_000
  const service = await openTestService(t, { clock, simulator: { ...simulator, url: await listen(t, server) }, env: { LIMIT_GUESS: '1' } })
  const logIn = (jsCode: string) => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCode }, from: '192.0.2.1' })
  const isOverLimit = () => service.logged().includes('limit.hit')

  t.equal((await logIn(simulator.jsCode('ming'))).status, 200)
  for (let n = 0; n < 3; n++) {
    lost = 1
    const answer = await logIn(simulator.jsCode('ming'))
    t.equal(verdict(answer), '401 js-code-invalid')
    t.equal(answer.json.reason, 'used')
    t.equal((await logIn(simulator.jsCode('ming'))).status, 200, 'on the connection that is kept next')
  }
  t.notOk(isOverLimit())
  for (let n = 0; n < 2; n++) t.equal(verdict(await logIn('made-up')), '401 js-code-invalid')
  t.ok(isOverLimit())
})
