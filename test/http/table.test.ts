/** Every combination of state, call and actor over HTTP: the answer, and the ticket afterwards. */
import t from 'tap'
import { openBrowser, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { openTestService, type Answer } from '../support/test-service.ts'
import { phoneOf } from '../support/login.ts'
import { otherNumber } from '../support/seeded-random.ts'

const service = await openTestService(t, { env: { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' } })

interface Scene { browser: TestBrowser, number: string }

/** How a new ticket gets into each situation. Ming is the one who scans. */
const situations: Record<string, (scene: Scene, ming: TestPhone) => Promise<void>> = {
  pending: async () => {},
  scanned: async (scene, ming) => {
    await ming.scan(scene.browser.ticket)
    scene.number = await scene.browser.matchCode()
  },
  confirmed: async (scene, ming) => {
    await situations.scanned?.(scene, ming)
    await ming.confirm(scene.browser.ticket, scene.number)
  },
  consumed: async (scene, ming) => {
    await situations.confirmed?.(scene, ming)
    await scene.browser.consume()
  },
  'consumed long ago': async (scene, ming) => {
    await situations.consumed?.(scene, ming)
    service.clock.advance(31_000)
  },
  'cancelled unscanned': async (scene) => { await scene.browser.giveUp() },
  'cancelled by the phone': async (scene, ming) => {
    await situations.scanned?.(scene, ming)
    await ming.cancel(scene.browser.ticket)
  },
  'expired unscanned': async () => { service.clock.advance(181_000) },
  'expired scanned': async (scene, ming) => {
    await situations.scanned?.(scene, ming)
    service.clock.advance(181_000)
  },
  'expired confirmed': async (scene, ming) => {
    await situations.confirmed?.(scene, ming)
    service.clock.advance(181_000)
  },
  forgotten: async (scene) => {
    await scene.browser.giveUp()
    service.clock.advance(61_000)
  },
}

/** Each call by each actor. */
const acts: Record<string, (scene: Scene, phones: { ming: TestPhone, hong: TestPhone }) => Promise<Answer>> = {
  'Ming scans': ({ browser }, { ming }) => ming.scan(browser.ticket),
  'Hong scans': ({ browser }, { hong }) => hong.scan(browser.ticket),
  'Ming confirms': ({ browser, number }, { ming }) => ming.confirm(browser.ticket, number),
  'Ming confirms wrongly': ({ browser, number }, { ming }) => ming.confirm(browser.ticket, otherNumber(number)),
  'Hong confirms': ({ browser, number }, { hong }) => hong.confirm(browser.ticket, number),
  'Ming cancels': ({ browser }, { ming }) => ming.cancel(browser.ticket),
  'Hong cancels': ({ browser }, { hong }) => hong.cancel(browser.ticket),
  'the browser consumes': ({ browser }) => browser.consume(),
  'the browser gives up': ({ browser }) => browser.giveUp(),
  'the browser polls': ({ browser }) => browser.poll(),
  'another browser consumes': ({ browser }) => foreign('POST', `${browser.ticket}/consume`),
  'another browser gives up': ({ browser }) => foreign('DELETE', browser.ticket),
  'another browser polls': ({ browser }) => foreign('GET', browser.ticket),
}

let stranger: TestBrowser
const foreign = (method: 'GET' | 'POST' | 'DELETE', path: string): Promise<Answer> =>
  service.call({ method, path: `/api/tickets/${path}`, headers: { authorization: `Ticket ${stranger.secret}` } })

const no = '404 ticket-not-found'
const ask = [no, no, no]

/** For each situation: state and version, then each call's answer; after ` → ` the state afterwards, if it changes. */
const table: Record<string, { state: string, answers: string[] }> = {
  //                       Ming scans        Hong scans     Ming confirms     …wrongly                  Hong confirms   Ming cancels   Hong cancels   consume   give up   poll
  pending: { state: 'pending 1', answers: ['200 → scanned 2', '200 → scanned 2', '409 ticket-not-scanned', '409 ticket-not-scanned', '409 ticket-not-scanned', '409 ticket-not-scanned', '409 ticket-not-scanned', '409 ticket-not-confirmed', '204 → cancelled 2', '200', ...ask] },
  scanned: { state: 'scanned 2', answers: ['200', '409 ticket-taken', '200 → confirmed 3', '403 match-wrong → cancelled 3', '409 ticket-taken', '200 → cancelled 3', '409 ticket-taken', '409 ticket-not-confirmed', '204 → cancelled 3', '200', ...ask] },
  confirmed: { state: 'confirmed 3', answers: ['200', '409 ticket-taken', '200', '200', '409 ticket-taken', '409 ticket-confirmed', '409 ticket-taken', '200 → consumed 4', '409 ticket-confirmed', '200', ...ask] },
  consumed: { state: 'consumed 4', answers: ['409 ticket-consumed', '409 ticket-consumed', '200', '200', '409 ticket-consumed', '409 ticket-consumed', '409 ticket-consumed', '200', '204', '200', ...ask] },
  'consumed long ago': { state: 'consumed 4', answers: ['409 ticket-consumed', '409 ticket-consumed', '200', '200', '409 ticket-consumed', '409 ticket-consumed', '409 ticket-consumed', '409 ticket-consumed', '204', '200', ...ask] },
  'cancelled unscanned': { state: 'cancelled 2', answers: ['409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '204', '200', ...ask] },
  'cancelled by the phone': { state: 'cancelled 3', answers: ['409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '409 ticket-cancelled', '200', '409 ticket-cancelled', '409 ticket-cancelled', '204', '200', ...ask] },
  'expired unscanned': { state: 'expired 2', answers: ['409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '204', '200', ...ask] },
  'expired scanned': { state: 'expired 3', answers: ['409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '204', '200', ...ask] },
  'expired confirmed': { state: 'expired 4', answers: ['409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '409 ticket-expired', '204', '200', ...ask] },
  forgotten: { state: no, answers: Array.from({ length: 13 }, () => no) },
}

const stateOf = async (scene: Scene): Promise<string> => {
  const view = await scene.browser.poll()
  return view.status === 200 ? `${view.json.state} ${view.json.version}` : `${view.status} ${view.json.code}`
}

t.strictSame(Object.keys(table), Object.keys(situations), 'every situation has its row')

for (const [situation, { state, answers }] of Object.entries(table)) {
  for (const [index, [act, perform]] of Object.entries(acts).entries()) {
    const [answer = '', after = state] = (answers[index] ?? '').split(' → ')
    await t.test(`table: ${act} and is answered ${answer} when the ticket is ${situation}`, async (t) => {
      const phones = { ming: await phoneOf(service, 'ming'), hong: await phoneOf(service, 'hong') }
      stranger = await openBrowser(service)
      const scene: Scene = { browser: await openBrowser(service), number: '10' }
      await situations[situation]?.(scene, phones.ming)
      const given = await perform(scene, phones)
      t.equal(given.json?.code === undefined ? String(given.status) : `${given.status} ${given.json.code}`, answer)
      t.equal(await stateOf(scene), after)
    })
  }
}
