/** What the webhook gets is what the log has, and no call waits for it. */
import t from 'tap'
import type { LoggedStep } from '../../src/login/audit.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createStore } from '../../src/stores/store.ts'
import { openWebhook } from '../../src/webhook/webhook.ts'
import { auditStepsIn } from '../support/audit-steps.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { seededBytes } from '../support/seeded-random.ts'
import { openTestService } from '../support/test-service.ts'
import { startReceiver, webhookSecret } from '../support/webhook-receiver.ts'
import { waitUntil } from '../support/waiting.ts'

const asLogged = (line: object): Record<string, unknown> => {
  const { level, time, msg, ...step } = line as Record<string, unknown>
  return step
}

await t.test('webhook: steps, refusals and what limits left out go there as they are logged', async (t) => {
  const steps: LoggedStep[] = []
  const service = await openTestService(t, { env: { REGISTRATION: 'approval', LIMIT_CREATE: '3' }, steps: { add: (step) => { steps.push(step) } } })
  const phone = await phoneOf(service)
  const from = '198.51.100.20'
  for (let n = 0; n < 30; n++) await service.call({ method: 'POST', path: '/api/tickets', from, headers: n % 2 === 0 ? { origin: 'https://evil.example' } : {}, body: {} })
  const ticket = (await service.call({ method: 'POST', path: '/api/tickets', body: {} })).json.ticket
  t.equal((await phone.scan(ticket)).status, 403)
  service.clock.advance(61_000)
  const logged = auditStepsIn(service.logged()).map(asLogged)
  t.strictSame(steps, logged)
  for (const event of ['phone-key.created', 'ticket.created', 'person.waiting', 'limit.hit']) t.ok(steps.some((step) => step.event === event), event)
  t.ok(steps.length < 20, 'a stranger\'s repetitions are not posted one by one')
})

/** Counts the operations on a store, apart from the webhook's own reads and writes where `isOfWebhook` says so. */
const countOperations = (store: Store) => {
  let login = 0
  let webhook = 0
  const isOfWebhook = (args: readonly unknown[]): boolean => JSON.stringify(args[0] ?? '').includes('webhook')
  const counting = new Proxy(store, {
    get: (target, name: keyof Store) => {
      const method = target[name] as (...args: unknown[]) => unknown
      if (typeof method !== 'function' || ['now', 'timeErrorMs', 'onChange', 'close'].includes(name)) return method
      return (...args: unknown[]) => {
        if (isOfWebhook(args)) webhook++
        else login++
        return method(...args)
      }
    },
  })
  return { store: counting, counts: () => ({ login, webhook }) }
}

await t.test('webhook: logins ask the store for the same, and the webhook for little, when the receiver is dead', async (t) => {
  const compared = 100
  const costs: number[] = []
  for (const [isOn, logins] of [[false, compared], [true, 1000]] as const) {
    const clock = createFakeClock(Date.now())
    const receiver = await startReceiver(t, clock)
    receiver.answerWith(() => 'hang')
    const ownStore = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
    t.teardown(() => ownStore.close())
    const { store, counts } = countOperations(ownStore)
    const webhook = isOn ? openWebhook(store, { url: receiver.url, secret: webhookSecret, proxy: null, sealingKey: Buffer.alloc(32), clock, random: seededBytes, log: createRecordingLog() }) : undefined
    t.teardown(() => webhook?.close())
    const service = await openTestService(t, { store, clock, env: { LIMIT_CREATE: '100000', LIMIT_PHONE: '100000', LOG_LEVEL: 'silent' }, ...webhook !== undefined && { steps: webhook } })
    const phone = await phoneOf(service)
    for (let n = 0; n < logins; n++) {
      const { consumed } = await logIn(service, { phone, from: `198.51.${n % 100}.${1 + n % 200}` })
      if (consumed.status !== 200) t.fail(`login ${n}: ${consumed.text}`)
      if (n === compared - 1) costs.push(counts().login)
      if (n % 10 === 0) clock.advance(1000) // ten logins a second
    }
    const { login, webhook: extra } = counts()
    if (!isOn) {
      t.equal(extra, 0, 'no work for the store without the webhook')
      continue
    }
    t.comment(`${(login / logins).toFixed(1)} operations a login, and ${(extra / logins).toFixed(2)} of the webhook`)
    t.ok(receiver.tries.length > 0 && receiver.mostOpen <= 8, `${receiver.mostOpen} calls at a time hang`)
    t.ok(extra < 4 * logins, `${extra} operations of the webhook for ${logins} logins`)
    receiver.answerWith(() => 204)
    await waitUntil(() => {
      clock.advance(1000)
      return receiver.taken.length >= logins
    })
  }
  t.equal(costs[1], costs[0], 'no call of a login asks more')
})
