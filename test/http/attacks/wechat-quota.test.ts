/** One visitor against WeChat's quota: codes of many tickets in turn, refusals for everybody, slow codes, hundreds of js_codes. Each carried out against the whole service. */
import t, { type Test } from 'tap'
import type { Store } from '../../../src/login/store-port.ts'
import { generateKeys } from '../../../src/sessions/key-set.ts'
import { fillAfterMs } from '../../../src/wechat/prefetched-codes.ts'
import { onEveryStore } from '../../contract/store-harness.ts'
import { openBrowser } from '../../support/clients.ts'
import { openTestService, type Answer, type TestService, type TestServiceOptions } from '../../support/test-service.ts'
import { verdict } from '../../support/login.ts'
import { seededBytes } from '../../support/seeded-random.ts'

const codes = 'getwxacodeunlimit'
const links = 'generate_urllink'
const attacker = '192.0.2.66'
/** A picture larger than WeChat's: 900 of them don't fit into the cache. */
const picture = Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), seededBytes(100_000)])

const open = async (t: Test, { env, ...options }: TestServiceOptions = {}): Promise<TestService> => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '100000', LIMIT_GUESS: '60', ...env }, ...options })
  service.simulator.settings.picture = picture
  return service
}

const ticketsOf = async (service: TestService, from: string, count: number): Promise<string[]> => {
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push((await openBrowser(service, { from })).ticket)
  return ids
}

const codeOf = (service: TestService, ticket: string, from = attacker): Promise<Answer> => service.call({ path: `/api/tickets/${ticket}/code`, from })
const linkOf = (service: TestService, ticket: string): Promise<Answer> => service.call({ path: `/api/tickets/${ticket}/link` })
const until = async (condition: () => boolean): Promise<void> => { while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 5) }) }
const warnings = (service: TestService): number => service.logged().split('\n').filter((line) => /"level":[4-6]0/.test(line)).length

await t.test('E4 WeChat\'s quota: at most two calls per ticket, and no stranger\'s code is evicted, when the codes of 900 tickets are requested in turn', async (t) => {
  const service = await open(t)
  const [honest = ''] = await ticketsOf(service, '198.51.100.1', 1)
  t.equal((await codeOf(service, honest, '198.51.100.1')).status, 200)
  const ids = await ticketsOf(service, attacker, 900)
  for (let round = 0; round < 4; round++) {
    for (const id of ids) await codeOf(service, id)
  }
  const calls = service.simulator.countOf(codes)
  t.ok(calls <= 1 + 2 * ids.length, `${calls} calls`)
  t.equal((await codeOf(service, honest)).status, 200)
  t.equal(service.simulator.countOf(codes), calls, 'the honest visitor\'s code is still there')
})

await onEveryStore(t, 'E4 WeChat\'s quota: all instances together ask twice for a ticket when it is asked for at each of them', async (t, { stores }) => {
  const shared = { keys: generateKeys(), env: { WECHAT_URL_LINK: 'on' } }
  const on = (store: Store, options: TestServiceOptions = {}) => open(t, { ...shared, ...options, store })
  const first = await on(stores[0])
  const others = { clock: first.clock, simulator: first.simulator }
  const services = [first, await on(stores.at(-1) ?? stores[0], others), await on(stores[0], others), await on(stores[0], others)]
  const [ticket = ''] = await ticketsOf(first, attacker, 1)
  for (const [endpoint, ask, ok] of [[codes, codeOf, '200'], [links, linkOf, '302']] as const) {
    const answers: string[] = []
    for (let round = 0; round < 5; round++) {
      for (const service of services) answers.push(verdict(await ask(service, ticket)))
    }
    t.strictSame(answers.slice(0, 4), [ok, ok, '503 wechat-unavailable', '503 wechat-unavailable'])
    t.equal(first.simulator.countOf(endpoint), 2)
  }
})

await t.test('E4 WeChat\'s quota: two calls get through when four instances are called for one ticket at once', async (t) => {
  const first = await open(t)
  const others = { clock: first.clock, simulator: first.simulator, store: first.store }
  const services = [first, await open(t, others), await open(t, others), await open(t, others)]
  const [ticket = ''] = await ticketsOf(first, attacker, 1)
  const answers = await Promise.all(services.flatMap((service) => Array.from({ length: 10 }, () => codeOf(service, ticket))))
  t.equal(answers.filter(({ status }) => status === 200).length, 20)
  t.equal(first.simulator.countOf(codes), 2)
})

await t.test('E4 WeChat\'s quota: the address that caused a refusal waits, others get their codes, and the log stays short, when one address uses the quota up', async (t) => {
  const service = await open(t)
  const ids = await ticketsOf(service, attacker, 300)
  for (const id of ids.slice(0, 50)) await codeOf(service, id)
  service.simulator.fail(codes, 45011, 1)
  t.equal(verdict(await codeOf(service, ids[50] ?? '')), '503 wechat-unavailable')
  const before = service.simulator.countOf(codes)
  for (const id of ids.slice(51)) {
    const { status, headers } = await codeOf(service, id)
    t.strictSame([status, headers['retry-after']], [503, '1'])
  }
  t.equal(service.simulator.countOf(codes), before, 'the attacker\'s other tickets cost WeChat nothing')
  t.equal(warnings(service), 1)
  for (let visitor = 1; visitor <= 20; visitor++) {
    const from = `198.51.100.${visitor}`
    const [ticket = ''] = await ticketsOf(service, from, 1)
    t.equal((await codeOf(service, ticket, from)).status, 200, from)
  }
})

await t.test('E4 WeChat\'s quota: one call at a time checks for its end, at growing intervals, when WeChat refuses everybody', async (t) => {
  const service = await open(t)
  service.simulator.fail(codes, 45011)
  const ids = await ticketsOf(service, attacker, 20)
  for (let second = 0; second < 120; second++) {
    for (const id of ids) t.equal(verdict(await codeOf(service, id)), '503 wechat-unavailable')
    service.clock.advance(1000)
  }
  t.ok(service.simulator.countOf(codes) <= 9, `${service.simulator.countOf(codes)} calls in two minutes`)
  t.ok(warnings(service) <= 3)
})

await t.test('E4 WeChat\'s quota: prefetched codes serve new visitors, each a fair share, when WeChat refuses more', async (t) => {
  const service = await open(t, { env: { CODE_SUPPLY: '8' } })
  await openBrowser(service, { from: '198.51.100.1' })
  service.clock.advance(fillAfterMs)
  await until(() => service.simulator.countOf(codes) === 8)
  await until(() => service.simulator.calls.length === 9) // with that for the token
  service.simulator.fail(codes, 45011)
  const statusFor = async (from: string): Promise<number> => (await codeOf(service, (await openBrowser(service, { from })).ticket, from)).status
  const greedy: number[] = []
  for (let i = 0; i < 50; i++) greedy.push(await statusFor(attacker))
  t.ok(greedy.filter((status) => status === 200).length <= 2, 'one address gets at most a quarter')
  for (let visitor = 1; visitor <= 4; visitor++) t.equal(await statusFor(`203.0.113.${visitor}`), 200)
})

await t.test('E4 WeChat\'s quota: no code is used up when tickets are refused without a slot', async (t) => {
  const service = await open(t, { env: { CODE_SUPPLY: '8', MAX_TICKETS: '1' } })
  const first = await openBrowser(service, { from: '198.51.100.1' })
  t.equal((await first.poll()).status, 200) // secures its slot
  service.clock.advance(fillAfterMs)
  await until(() => service.simulator.countOf(codes) === 8)
  for (let visitor = 0; visitor < 50; visitor++) {
    t.equal(verdict(await service.call({ method: 'POST', path: '/api/tickets', from: `203.0.113.${visitor}` })), '503 too-many-tickets')
  }
  service.clock.advance(fillAfterMs)
  await new Promise((resolve) => { setTimeout(resolve, 100) }) // codes are made in the background
  t.equal(service.simulator.countOf(codes), 8)
  await first.giveUp()
  service.simulator.fail(codes, 45011)
  for (let visitor = 0; visitor < 8; visitor++) {
    const { ticket, giveUp } = await openBrowser(service, { from: `203.0.113.${visitor}` })
    t.equal((await codeOf(service, ticket)).status, 200)
    await giveUp()
  }
})

await t.test('E4 WeChat\'s quota: a phone logs in at once, and codes beyond the limit of concurrent calls are refused, when 240 codes are slow', async (t) => {
  const service = await open(t)
  const release = service.simulator.hold(codes)
  t.teardown(release)
  const answers: Array<Promise<Answer>> = []
  const refusals: Answer[] = []
  for (let i = 0; i < 240; i++) {
    const from = `198.51.${i}.1`
    const [ticket = ''] = await ticketsOf(service, from, 1)
    answers.push(codeOf(service, ticket, from).then((answer) => {
      refusals.push(answer)
      return answer
    }))
  }
  await until(() => refusals.length >= 176)
  await until(() => service.simulator.countOf(codes) === 64)
  const login = await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } })
  t.equal(login.status, 200)
  t.ok(refusals.every(({ status, headers }) => status === 503 && Number(headers['retry-after']) >= 1))
  release()
  await Promise.all(answers)
  t.equal(service.simulator.countOf(codes), 64)
})

const logInWith = (service: TestService, jsCode: string, device: string): Promise<Answer> =>
  service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCode }, from: attacker, headers: { 'user-agent': device } })

await t.test('js_codes: only a few reach WeChat, and an honest phone at the same address logs in, when 600 wrong ones come at once', async (t) => {
  const service = await open(t)
  const flood = Array.from({ length: 600 }, (_, i) => logInWith(service, `made-up-${i}`, 'attacker'))
  const honest = logInWith(service, service.simulator.jsCode('ming'), 'honest phone')
  t.equal((await honest).status, 200)
  const answers = (await Promise.all(flood)).map(verdict)
  const asked = service.simulator.countOf('jscode2session') - 1
  t.ok(asked <= 4 + 64, `${asked} calls`)
  t.equal(answers.filter((one) => one === '401 js-code-invalid').length, asked)
  t.equal(answers.filter((one) => one === '429 rate-limited').length, 600 - asked)
})

await t.test('js_codes: an address is never locked out, and causes at most two calls a second, when wrong ones go on coming', async (t) => {
  const service = await open(t, { env: { LIMIT_GUESS: '5' } })
  for (let i = 0; i < 7; i++) await logInWith(service, `made-up-${i}`, 'attacker')
  const before = service.simulator.countOf('jscode2session')
  const order: string[] = []
  const note = (who: string) => (answer: Answer): void => { order.push(`${who}: ${verdict(answer)}`) }
  const flood = (from: number) => Array.from({ length: 100 }, (_, i) => logInWith(service, `more-${from + i}`, 'attacker').then(note('attacker')))
  const calls = [...flood(0), logInWith(service, service.simulator.jsCode('ming'), 'honest phone').then(note('honest')), ...flood(100)]
  const refused = 200 - 64 // 64 per device may wait
  await until(() => order.length === refused)
  t.strictSame([...new Set(order)], ['attacker: 429 rate-limited'], 'none is judged before time has passed')
  service.clock.advance(500)
  await until(() => order.length > refused)
  t.equal(order.at(refused), 'honest: 200', 'the next turn is another device\'s')
  service.clock.advance(1500)
  await Promise.all(calls)
  t.ok(service.simulator.countOf('jscode2session') - before <= 8)
})
