/** One visitor against WeChat's quota: tickets asked for in a circle, refusals caused for all, slow codes, js_codes by the hundred. Each performed against the whole service. */
import t, { type Test } from 'tap'
import type { Store } from '../../../src/login/ports.ts'
import { generateKeys } from '../../../src/sessions/key-file.ts'
import { onEveryStore } from '../../contract/store-harness.ts'
import { openBrowser } from '../../support/clients.ts'
import { openHouse, type Answer, type House, type HouseOptions } from '../../support/house.ts'
import { verdict } from '../../support/login.ts'
import { drawBytes } from '../../support/draws.ts'

const codes = 'getwxacodeunlimit'
const links = 'generate_urllink'
const attacker = '192.0.2.66'
/** As large as WeChat's are, and larger: 900 of them are more than is kept. */
const picture = Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), drawBytes(100_000)])

const open = async (t: Test, { env, ...options }: HouseOptions = {}): Promise<House> => {
  const house = await openHouse(t, { env: { LIMIT_CREATE: '100000', LIMIT_GUESS: '60', ...env }, ...options })
  house.simulator.settings.picture = picture
  return house
}

const ticketsOf = async (house: House, from: string, count: number): Promise<string[]> => {
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push((await openBrowser(house, { from })).ticket)
  return ids
}

const codeOf = (house: House, ticket: string, from = attacker): Promise<Answer> => house.call({ path: `/api/tickets/${ticket}/code`, from })
const linkOf = (house: House, ticket: string): Promise<Answer> => house.call({ path: `/api/tickets/${ticket}/link` })
const until = async (condition: () => boolean): Promise<void> => { while (!condition()) await new Promise((resolve) => { setTimeout(resolve, 5) }) }
const warnings = (house: House): number => house.logged().split('\n').filter((line) => /"level":[4-6]0/.test(line)).length

await t.test('E4 WeChat\'s quota: two calls for each ticket at the most, and no stranger\'s code is thrown out, when 900 tickets are asked for in a circle', async (t) => {
  const house = await open(t)
  const [honest = ''] = await ticketsOf(house, '198.51.100.1', 1)
  t.equal((await codeOf(house, honest, '198.51.100.1')).status, 200)
  const ids = await ticketsOf(house, attacker, 900)
  for (let round = 0; round < 4; round++) {
    for (const id of ids) await codeOf(house, id)
  }
  const calls = house.simulator.countOf(codes)
  t.ok(calls <= 1 + 2 * ids.length, `${calls} calls`)
  t.equal((await codeOf(house, honest)).status, 200)
  t.equal(house.simulator.countOf(codes), calls, 'the honest visitor\'s code is still there')
})

await onEveryStore(t, 'E4 WeChat\'s quota: all instances together ask twice for a ticket when it is asked for at each of them', async (t, { stores }) => {
  const shared = { keys: generateKeys(), env: { WECHAT_URL_LINK: 'on' } }
  const on = (store: Store, options: HouseOptions = {}) => open(t, { ...shared, ...options, store })
  const first = await on(stores[0])
  const others = { clock: first.clock, simulator: first.simulator }
  const houses = [first, await on(stores.at(-1) ?? stores[0], others), await on(stores[0], others), await on(stores[0], others)]
  const [ticket = ''] = await ticketsOf(first, attacker, 1)
  for (const [endpoint, ask, ok] of [[codes, codeOf, '200'], [links, linkOf, '302']] as const) {
    const told: string[] = []
    for (let round = 0; round < 5; round++) {
      for (const house of houses) told.push(verdict(await ask(house, ticket)))
    }
    t.strictSame(told.slice(0, 4), [ok, ok, '503 wechat-unavailable', '503 wechat-unavailable'])
    t.equal(first.simulator.countOf(endpoint), 2)
  }
})

await t.test('E4 WeChat\'s quota: of callers at the same time two get through when four instances are asked at once', async (t) => {
  const first = await open(t)
  const others = { clock: first.clock, simulator: first.simulator, store: first.store }
  const houses = [first, await open(t, others), await open(t, others), await open(t, others)]
  const [ticket = ''] = await ticketsOf(first, attacker, 1)
  const told = await Promise.all(houses.flatMap((house) => Array.from({ length: 10 }, () => codeOf(house, ticket))))
  t.equal(told.filter(({ status }) => status === 200).length, 20)
  t.equal(first.simulator.countOf(codes), 2)
})

await t.test('E4 WeChat\'s quota: whoever caused a refusal waits, the others get their codes, and the log stays short, when one address uses the quota up', async (t) => {
  const house = await open(t)
  const ids = await ticketsOf(house, attacker, 300)
  for (const id of ids.slice(0, 50)) await codeOf(house, id)
  house.simulator.fail(codes, 45011, 1)
  t.equal(verdict(await codeOf(house, ids[50] ?? '')), '503 wechat-unavailable')
  const before = house.simulator.countOf(codes)
  for (const id of ids.slice(51)) {
    const { status, headers } = await codeOf(house, id)
    t.strictSame([status, headers['retry-after']], [503, '1'])
  }
  t.equal(house.simulator.countOf(codes), before, 'the attacker\'s other tickets cost WeChat nothing')
  t.equal(warnings(house), 1)
  for (let visitor = 1; visitor <= 20; visitor++) {
    const from = `198.51.100.${visitor}`
    const [ticket = ''] = await ticketsOf(house, from, 1)
    t.equal((await codeOf(house, ticket, from)).status, 200, from)
  }
})

await t.test('E4 WeChat\'s quota: one call at a time finds out when it is over, at longer and longer intervals, when WeChat refuses everybody', async (t) => {
  const house = await open(t)
  house.simulator.fail(codes, 45011)
  const ids = await ticketsOf(house, attacker, 20)
  for (let second = 0; second < 120; second++) {
    for (const id of ids) t.equal(verdict(await codeOf(house, id)), '503 wechat-unavailable')
    house.clock.advance(1000)
  }
  t.ok(house.simulator.countOf(codes) <= 9, `${house.simulator.countOf(codes)} calls in two minutes`)
  t.ok(warnings(house) <= 3)
})

await t.test('E4 WeChat\'s quota: the stock of codes serves new visitors, each a fair share, when WeChat refuses more', async (t) => {
  const house = await open(t, { env: { CODE_SUPPLY: '8' } })
  await openBrowser(house, { from: '198.51.100.1' })
  await until(() => house.simulator.countOf(codes) === 8)
  await until(() => house.simulator.calls.length === 9) // the token, too
  house.simulator.fail(codes, 45011)
  const statusFor = async (from: string): Promise<number> => (await codeOf(house, (await openBrowser(house, { from })).ticket, from)).status
  const greedy: number[] = []
  for (let i = 0; i < 50; i++) greedy.push(await statusFor(attacker))
  t.ok(greedy.filter((status) => status === 200).length <= 2, 'one address gets a quarter')
  for (let visitor = 1; visitor <= 4; visitor++) t.equal(await statusFor(`203.0.113.${visitor}`), 200)
})

await t.test('E4 WeChat\'s quota: no code is used up when tickets are refused for want of a slot', async (t) => {
  const house = await open(t, { env: { CODE_SUPPLY: '8', MAX_TICKETS: '1' } })
  const first = await openBrowser(house, { from: '198.51.100.1' })
  t.equal((await first.poll()).status, 200) // which secures its slot
  await until(() => house.simulator.countOf(codes) === 8)
  for (let visitor = 0; visitor < 50; visitor++) {
    t.equal(verdict(await house.call({ method: 'POST', path: '/api/tickets', from: `203.0.113.${visitor}` })), '503 too-many-tickets')
  }
  await new Promise((resolve) => { setTimeout(resolve, 100) }) // what would be made is made in the background
  t.equal(house.simulator.countOf(codes), 8)
  await first.giveUp()
  house.simulator.fail(codes, 45011)
  for (let visitor = 0; visitor < 8; visitor++) {
    const { ticket, giveUp } = await openBrowser(house, { from: `203.0.113.${visitor}` })
    t.equal((await codeOf(house, ticket)).status, 200)
    await giveUp()
  }
})

await t.test('E4 WeChat\'s quota: a phone logs in at once, and codes beyond what may be under way are told so, when 240 codes are slow', async (t) => {
  const house = await open(t)
  const release = house.simulator.hold(codes)
  t.teardown(release)
  const answers: Array<Promise<Answer>> = []
  const told: Answer[] = []
  for (let i = 0; i < 240; i++) {
    const from = `198.51.${i}.1`
    const [ticket = ''] = await ticketsOf(house, from, 1)
    answers.push(codeOf(house, ticket, from).then((answer) => {
      told.push(answer)
      return answer
    }))
  }
  await until(() => told.length >= 176)
  await until(() => house.simulator.countOf(codes) === 64)
  const login = await house.call({ method: 'POST', path: '/api/phone/login', body: { js_code: house.simulator.jsCode('ming') } })
  t.equal(login.status, 200)
  t.ok(told.every(({ status, headers }) => status === 503 && Number(headers['retry-after']) >= 1))
  release()
  await Promise.all(answers)
  t.equal(house.simulator.countOf(codes), 64)
})

const logInWith = (house: House, jsCode: string, device: string): Promise<Answer> =>
  house.call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCode }, from: attacker, headers: { 'user-agent': device } })

await t.test('ES js_codes: a few reach WeChat, and an honest phone at the same address gets in, when 600 wrong ones come at once', async (t) => {
  const house = await open(t)
  const flood = Array.from({ length: 600 }, (_, i) => logInWith(house, `made-up-${i}`, 'attacker'))
  const honest = logInWith(house, house.simulator.jsCode('ming'), 'honest phone')
  t.equal((await honest).status, 200)
  const told = (await Promise.all(flood)).map(verdict)
  const asked = house.simulator.countOf('jscode2session') - 1
  t.ok(asked <= 4 + 64, `${asked} calls`)
  t.equal(told.filter((one) => one === '401 js-code-invalid').length, asked)
  t.equal(told.filter((one) => one === '429 rate-limited').length, 600 - asked)
})

await t.test('ES js_codes: an address is never shut out, and costs two calls a second at the most, when wrong ones go on coming', async (t) => {
  const house = await open(t, { env: { LIMIT_GUESS: '5' } })
  for (let i = 0; i < 7; i++) await logInWith(house, `made-up-${i}`, 'attacker')
  const before = house.simulator.countOf('jscode2session')
  const order: string[] = []
  const note = (who: string) => (answer: Answer): void => { order.push(`${who}: ${verdict(answer)}`) }
  const flood = (from: number) => Array.from({ length: 100 }, (_, i) => logInWith(house, `more-${from + i}`, 'attacker').then(note('attacker')))
  const calls = [...flood(0), logInWith(house, house.simulator.jsCode('ming'), 'honest phone').then(note('honest')), ...flood(100)]
  const refused = 200 - 64 // of one device, 64 may wait
  await until(() => order.length === refused)
  t.strictSame([...new Set(order)], ['attacker: 429 rate-limited'], 'nobody has their turn before time has passed')
  house.clock.advance(500)
  await until(() => order.length > refused)
  t.equal(order.at(refused), 'honest: 200', 'the next turn is another device\'s')
  house.clock.advance(1500)
  await Promise.all(calls)
  t.ok(house.simulator.countOf('jscode2session') - before <= 8)
})
