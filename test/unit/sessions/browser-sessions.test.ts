import t, { type Test } from 'tap'
import { newId, newSecret } from '../../../src/domain/ids.ts'
import type { Ticket } from '../../../src/domain/ticket.ts'
import { Problem } from '../../../src/errors.ts'
import type { Audit, Step } from '../../../src/login/audit.ts'
import type { Store } from '../../../src/login/ports.ts'
import { createBrowserSessions } from '../../../src/sessions/browser-sessions.ts'
import { createPeople } from '../../../src/sessions/people.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/log.ts'
import { drawBytes } from '../../support/draws.ts'

const setUp = (t: Test, { idleMs = 60_000, wrap = (store: Store) => store } = {}) => {
  const clock = createFakeClock()
  const inner = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => inner.close())
  const store = wrap(inner)
  const people = createPeople(store, clock)
  const sessions = createBrowserSessions(store, people, clock, { idleMs, maxMs: 3_600_000, cookieKey: Buffer.alloc(32, 7) })
  const consumed = (): Ticket => ({
    schema: 1,
    id: newId(drawBytes),
    secretHash: 'hash',
    state: 'consumed',
    version: 4,
    createdAt: clock.now(),
    expiresAt: clock.now() + 60_000,
    returnTo: null,
    browser: { name: 'Chrome', system: 'Windows', ip: '192.0.2.1', place: null },
    match: null,
    person: { sub: 'ming', name: null },
    consumedAt: clock.now(),
  })
  const told: Step[] = []
  const audit: Audit = { tell: (step) => { told.push(step) } }
  return {
    clock,
    people,
    sessions: {
      ...sessions,
      open: (ticket: Ticket, secret: string) => sessions.open(ticket, secret, audit),
      end: (sub: string, id: string) => sessions.end(sub, id, 'phone', audit),
    },
    consumed,
    /** What the audit was told: event, id, and by whom or `again`. */
    told: () => told.splice(0).map((step) => [step.event, ...('sid' in step ? [step.sid] : []), ...('by' in step ? [step.by] : []), ...('again' in step ? ['again'] : [])].join(' ')),
  }
}

await t.test('sessions: the same ticket and secret open one session, another secret another, and the audit hears of each that is handed out', async (t) => {
  const { sessions, consumed, told } = setUp(t)
  const [ticket, secret] = [consumed(), newSecret(drawBytes)]
  const first = await sessions.open(ticket, secret)
  t.ok(first)
  t.strictSame(await sessions.open(ticket, secret), first)
  t.strictSame(told(), [`session.opened ${first?.session.id}`, `session.opened ${first?.session.id} again`])
  t.not((await sessions.open(ticket, newSecret(drawBytes)))?.session.id, first?.session.id)
})

await t.test('sessions: a session that was ended is not opened again by the same ticket', async (t) => {
  const { sessions, consumed, told } = setUp(t)
  const [ticket, secret] = [consumed(), newSecret(drawBytes)]
  const opened = await sessions.open(ticket, secret)
  told()
  t.equal(await sessions.end('hong', opened?.session.id ?? ''), false, 'by somebody else it is not ended')
  t.equal(await sessions.end('ming', opened?.session.id ?? ''), true)
  t.equal(await sessions.end('ming', opened?.session.id ?? ''), false, 'nor a second time')
  t.equal(await sessions.open(ticket, secret), undefined)
  t.strictSame(told(), [`session.ended ${opened?.session.id} phone`], 'the audit hears of it once')
  t.strictSame(await sessions.listOf('ming'), [])
})

await t.test('sessions: nothing is opened when the idle end has passed since the ticket was consumed', async (t) => {
  const { clock, sessions, consumed } = setUp(t, { idleMs: 5000 })
  const [ticket, secret] = [consumed(), newSecret(drawBytes)]
  t.ok(await sessions.open(ticket, secret))
  clock.advance(5000)
  t.equal(await sessions.open(ticket, secret), undefined)
})

await t.test('sessions: the hundred and first ends the oldest, and none lives that the phone does not see when the store fails in between', async (t) => {
  let failing = false
  const { clock, sessions, consumed, told } = setUp(t, {
    wrap: (inner) => new Proxy(inner, {
      get: (target, name: keyof Store) => (...args: unknown[]) => {
        if (failing && name === 'replace') throw new Problem('store-unavailable')
        return (target[name] as (...args: unknown[]) => unknown)(...args)
      },
    }),
  })
  const secrets: string[] = []
  for (let i = 0; i < 100; i++) {
    clock.advance(1)
    const opened = await sessions.open(consumed(), newSecret(drawBytes))
    secrets.push(opened?.secret ?? '')
  }
  const [ticket, secret] = [consumed(), newSecret(drawBytes)]
  failing = true
  await t.rejects(sessions.open(ticket, secret), { code: 'store-unavailable' })
  failing = false
  const listed = (await sessions.listOf('ming')).map(({ id }) => id)
  for (const one of secrets) {
    const [found] = await sessions.findBySecrets([one])
    if (found !== undefined && !listed.includes(found.id)) t.fail('a live session is not listed')
  }
  const oldest = listed.at(-1)
  told()
  const opened = await sessions.open(ticket, secret)
  t.strictSame(told(), [`session.ended ${oldest} newer`, `session.opened ${opened?.session.id}`])
  t.equal((await sessions.listOf('ming')).length, 100)
  t.strictSame(await sessions.findBySecrets([secrets[0] ?? '']), [], 'the oldest is ended')
  t.equal((await sessions.findBySecrets([secrets[1] ?? ''])).length, 1)
})

await t.test('sessions: those of other sites that have ended by themselves take nobody\'s room, and go off the list', async (t) => {
  const { clock, sessions, people, consumed, told } = setUp(t, { idleMs: 3_600_000 })
  const own = await sessions.open(consumed(), newSecret(drawBytes))
  const openAtShop = () => sessions.open({ ...consumed(), site: 'https://shop.example' }, newSecret(drawBytes))
  for (let i = 0; i < 99; i++) await openAtShop()
  clock.advance(20 * 60_000)
  for (let i = 0; i < 20; i++) await openAtShop()
  told()
  const [newest] = [await openAtShop(), await openAtShop()]
  t.strictSame(told().filter((step) => step.startsWith('session.ended')), [])
  const listed = (await sessions.listOf('ming')).map(({ id }) => id)
  t.ok(listed.includes(own?.session.id ?? '') && listed.includes(newest?.session.id ?? ''))
  t.equal(listed.length, 23)
  t.equal((await people.sessionsOf('ming')).length, 23 + 10, 'of what has ended only the ten are still listed that could have been opening')
})
