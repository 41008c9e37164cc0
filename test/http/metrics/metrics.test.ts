/** What the metrics of a service say after logins, refusals and faults, and what they never say. */
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openMetrics } from '../../../src/http/metrics/metrics.ts'
import { openBrowser } from '../../support/clients.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn, phoneOf } from '../../support/login.ts'
import { samplesIn, sumOf } from '../../support/metrics.ts'
import { openTestService, type TestServiceOptions } from '../../support/test-service.ts'

const openWithMetrics = async (t: Test, options: TestServiceOptions = {}) => {
  const clock = createFakeClock()
  const metrics = await openMetrics(clock)
  const service = await openTestService(t, { clock, metrics, steps: metrics.steps, ...options })
  return { metrics, service, clock, sum: (name: string, labels?: Record<string, string>) => sumOf(metrics, name, labels) }
}

await t.test('metrics: a login counts in each of its states, and its steps are timed', async (t) => {
  const { service, clock, sum } = await openWithMetrics(t)
  t.equal(await sum('scan_login_tickets_total', { state: 'consumed' }), 0, 'there from the beginning')
  const phone = await phoneOf(service)
  const browser = await openBrowser(service)
  clock.advance(7_000)
  await phone.scan(browser.ticket)
  clock.advance(3_000)
  await phone.confirm(browser.ticket, await browser.matchCode())
  clock.advance(500)
  t.equal((await browser.consume()).status, 200)
  await browser.consume() // repeated, as its answer got lost
  for (const state of ['pending', 'scanned', 'confirmed', 'consumed']) t.equal(await sum('scan_login_tickets_total', { state }), 1, state)
  for (const [step, seconds] of [['scanned', 7], ['confirmed', 3], ['consumed', 0.5]] as const) {
    t.equal(await sum('scan_login_step_duration_seconds_sum', { step }), seconds, step)
    t.equal(await sum('scan_login_step_duration_seconds_count', { step }), 1, step)
  }
  t.equal(await sum('scan_login_login_duration_seconds_sum'), 10.5)
  t.equal(await sum('scan_login_sessions_opened_total'), 1, 'the repetition is the same session')
})

await t.test('metrics: cancellations, ends of sessions and limits count by their reason', async (t) => {
  const { service, sum } = await openWithMetrics(t, { env: { LIMIT_CREATE: '3' } })
  const { cookie } = await logIn(service)
  t.equal((await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie, origin: 'https://login.example.com' } })).status, 204)
  await (await openBrowser(service)).giveUp()
  for (let n = 0; n < 5; n++) await service.call({ method: 'POST', path: '/api/tickets', body: {} })
  t.equal(await sum('scan_login_sessions_ended_total', { reason: 'browser' }), 1)
  t.equal(await sum('scan_login_sessions_ended_total'), 1)
  t.equal(await sum('scan_login_cancellations_total', { by: 'browser' }), 1)
  t.equal(await sum('scan_login_limits_hit_total', { limit: 'create' }), 1, 'once for its minute')
  t.equal(await sum('scan_login_limits_hit_total'), 1)
})

await t.test('metrics: refusals count with those that the log sums up', async (t) => {
  const { service, clock, sum } = await openWithMetrics(t)
  for (let n = 0; n < 5; n++) await service.call({ method: 'POST', path: '/api/tickets', headers: { origin: 'https://evil.example' }, body: {} })
  t.equal(await sum('scan_login_refusals_total', { code: 'cross-site' }), 1)
  clock.advance(61_000)
  t.equal(await sum('scan_login_refusals_total', { code: 'cross-site' }), 5)
})

await t.test('metrics: held polls are counted, and a woken one is timed until its answer', async (t) => {
  const { service, clock, sum } = await openWithMetrics(t)
  const phone = await phoneOf(service)
  const browser = await openBrowser(service)
  const poll = browser.poll(1, 25)
  while (await sum('scan_login_held_polls') !== 1) await setImmediate()
  t.equal(await sum('scan_login_held_polls_limit'), 20_000)
  clock.advance(1)
  await phone.scan(browser.ticket)
  t.equal((await poll).json.state, 'scanned')
  t.equal(await sum('scan_login_wake_up_delay_seconds_count'), 1)
  t.equal(await sum('scan_login_held_polls'), 0)

  await phone.confirm(browser.ticket, await browser.matchCode())
  await browser.poll(2, 25)
  t.equal(await sum('scan_login_wake_up_delay_seconds_count'), 1, 'who asks after the change was not woken')

  const other = await openBrowser(service)
  const unchanged = other.poll(1, 25)
  while (await sum('scan_login_held_polls') !== 1) await setImmediate()
  clock.advance(25_000)
  t.equal((await unchanged).json.state, 'pending')
  t.equal(await sum('scan_login_wake_up_delay_seconds_count'), 1, 'nor was one whose time is over')
})

await t.test('metrics: requests count by the pattern of their route, whatever strangers send', async (t) => {
  const { service, metrics, sum } = await openWithMetrics(t, { env: { PUBLIC_URL: 'https://example.com/login' } })
  const browser = await openBrowser(service, { prefix: '/login' })
  await browser.poll()
  for (let n = 0; n < 20; n++) {
    await service.call({ path: `/login/unknown-${n}` })
    await service.call({ path: `/login/api/tickets/secret${n}` })
  }
  t.equal(await sum('scan_login_http_request_duration_seconds_count', { method: 'GET', route: '/api/tickets/:ticket', status: '2xx' }), 1)
  t.equal(await sum('scan_login_http_request_duration_seconds_count', { method: 'GET', route: '/api/tickets/:ticket', status: '4xx' }), 20)
  const text = await metrics.text()
  t.notMatch(text, /unknown-1|secret1/)
  t.ok(new Set(samplesIn(text).map(({ labels }) => labels.route)).size < 6)
})

await t.test('metrics: calls to WeChat and to the store count by how they end', async (t) => {
  let isAway = false
  const { service, sum } = await openWithMetrics(t, {
    wrapStore: (store) => ({ ...store, read: async (key) => isAway ? await Promise.reject(new Error('away')) : await store.read(key), lengthOfList: async (list) => isAway ? await Promise.reject(new Error('away')) : await store.lengthOfList(list) }),
  })
  await logIn(service)
  t.equal(await sum('scan_login_wechat_call_duration_seconds_count', { endpoint: 'jscode2session', outcome: 'ok' }), 1)
  t.equal((await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: 'wrong' } })).status, 401)
  t.equal(await sum('scan_login_wechat_call_duration_seconds_count', { endpoint: 'jscode2session', outcome: 'refused' }), 1)
  t.equal(await sum('scan_login_wechat_errors_total', { endpoint: 'jscode2session', errcode: '40029' }), 1)
  t.ok(await sum('scan_login_store_call_duration_seconds_count', { operation: 'replace', outcome: 'ok' }) >= 3)
  t.equal(await sum('scan_login_store_call_duration_seconds_count', { outcome: 'failed' }), 0)
  isAway = true
  await service.call({ path: '/health/ready' })
  const browser = await openBrowser(service)
  await browser.poll()
  t.ok(await sum('scan_login_store_call_duration_seconds_count', { operation: 'read', outcome: 'failed' }) > 0)
})

await t.test('metrics: people count by their state, are read now and then, and are missing while the store is', async (t) => {
  let [reads, isAway] = [0, false]
  const { service, clock, metrics, sum } = await openWithMetrics(t, {
    env: { REGISTRATION: 'approval' },
    wrapStore: (store) => ({
      ...store,
      lengthOfList: async (list) => {
        reads++
        if (isAway) throw new Error('away')
        return await store.lengthOfList(list)
      },
    }),
  })
  const phone = await phoneOf(service)
  t.equal((await phone.scan((await openBrowser(service)).ticket)).status, 403)
  t.equal(await sum('scan_login_people', { state: 'waiting' }), 1)
  for (let n = 0; n < 10; n++) await metrics.text()
  t.equal(reads, 3, 'one for each state')
  clock.advance(15_001)
  isAway = true
  t.notMatch(await metrics.text(), /^scan_login_people\{/m)
  clock.advance(15_001)
  isAway = false
  t.equal(await sum('scan_login_people', { state: 'waiting' }), 1)
})

await t.test('metrics: they name no person, address, ticket, session or key when people log in', async (t) => {
  const { service, metrics } = await openWithMetrics(t)
  const { browser, consumed, phone } = await logIn(service, { from: '198.51.100.20' })
  await phone.rename('Ming')
  const text = await metrics.text()
  for (const secret of [browser.ticket.slice(0, 8), browser.secret, consumed.json.user.sub, '198.51.100', 'Ming', 'Chrome', 'Windows']) t.notOk(text.includes(secret), secret)
  t.match(text, /# EOF\n$/)
})

await t.test('metrics: memory stays bounded when tickets are made and never end', async (t) => {
  const clock = createFakeClock()
  const metrics = await openMetrics(clock)
  for (let n = 0; n < 20_001; n++) metrics.steps.add({ event: 'ticket.created', ticket: `t${n}` })
  metrics.steps.add({ event: 'ticket.scanned', ticket: 't0' })
  t.equal(await sumOf(metrics, 'scan_login_step_duration_seconds_count', { step: 'scanned' }), 0, 'the oldest is not timed any more')
  metrics.steps.add({ event: 'ticket.scanned', ticket: 't1' })
  t.equal(await sumOf(metrics, 'scan_login_step_duration_seconds_count', { step: 'scanned' }), 1)
  for (const step of [{ event: 'ticket.stolen' }, { event: 'refused', code: 'wx-1' }, { event: 'limit.hit', limit: '198.51.100.20' }, { event: 'session.ended', by: 'Ming' }]) metrics.steps.add(step)
  t.notMatch(await metrics.text(), /stolen|wx-1|198\.51|Ming/, 'a word that is in no list is no label')
})
