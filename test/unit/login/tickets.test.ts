// State × call × actor without HTTP: what each gives, the state it leaves, and what the audit hears of it.
import t, { type Test } from 'tap'
import { newId, newSecret } from '../../../src/domain/ids.ts'
import { Problem, type ProblemCode } from '../../../src/errors.ts'
import { refuse } from '../../../src/login/update-ticket.ts'
import { browserFields, stepOf, type Step } from '../../../src/domain/step.ts'
import { ticketOfBrowser } from '../../../src/login/browser-ticket.ts'
import { cancelByBrowser, cancelByPhone } from '../../../src/login/cancel-ticket.ts'
import { confirmTicket } from '../../../src/login/confirm-ticket.ts'
import { consumeTicket } from '../../../src/login/consume-ticket.ts'
import { createTicket } from '../../../src/login/create-ticket.ts'
import type { LoginDeps } from '../../../src/login/deps.ts'
import { readCodeTicket } from '../../../src/login/read-code-ticket.ts'
import { scanTicket } from '../../../src/login/scan-ticket.ts'
import { seededBytes, otherNumber } from '../../support/seeded-random.ts'
import { whileTimePasses } from '../../support/fake-clock.ts'
import { openLoginUseCases } from '../../support/login-use-cases.ts'

type Rules = ReturnType<typeof openLoginUseCases>
type Made = Awaited<ReturnType<Rules['make']>>

const ip = '192.0.2.1'
const scan = ({ deps }: Rules, { ticket: { id } }: Made, sub = 'ming') => scanTicket(deps, { id, sub, ip })
const confirm = ({ deps, clock }: Rules, { ticket: { id }, number }: Made, sub = 'ming', matchCode = number) => confirmTicket(deps, { id, sub, matchCode, since: clock.now() })
const consume = ({ deps }: Rules, { claim }: Made) => consumeTicket(deps, claim, [])
const poll = ({ deps }: Rules, { claim }: Made) => ticketOfBrowser(deps, claim)

const situations: Record<string, (rules: Rules, made: Made) => Promise<unknown>> = {
  pending: async () => {},
  scanned: scan,
  confirmed: async (rules, made) => { await scan(rules, made); await confirm(rules, made) },
  consumed: async (rules, made) => { await situations.confirmed?.(rules, made); await consume(rules, made) },
  'consumed half a minute ago': async (rules, made) => { await situations.consumed?.(rules, made); rules.clock.advance(30_000) },
  'cancelled unscanned': ({ deps }, { claim }) => cancelByBrowser(deps, claim),
  'cancelled by the phone': async (rules, made) => { await scan(rules, made); await cancelByPhone(rules.deps, { id: made.ticket.id, sub: 'ming' }) },
  'expired unscanned': async ({ clock }) => { clock.advance(180_000) },
  'expired scanned': async (rules, made) => { await scan(rules, made); rules.clock.advance(180_000) },
  'expired confirmed': async (rules, made) => { await situations.confirmed?.(rules, made); rules.clock.advance(180_000) },
}

const acts: Record<string, (rules: Rules, made: Made) => Promise<unknown>> = {
  'Ming scans': scan,
  'Hong scans': (rules, made) => scan(rules, made, 'hong'),
  'Ming confirms': confirm,
  'Ming confirms wrongly': (rules, made) => confirm(rules, made, 'ming', otherNumber(made.number ?? '')),
  'Hong confirms': (rules, made) => confirm(rules, made, 'hong'),
  'Ming cancels': ({ deps }, { ticket: { id } }) => cancelByPhone(deps, { id, sub: 'ming' }),
  'Hong cancels': ({ deps }, { ticket: { id } }) => cancelByPhone(deps, { id, sub: 'hong' }),
  'the browser consumes': consume,
  'the browser gives up': ({ deps }, { claim }) => cancelByBrowser(deps, claim),
  'the browser asks': poll,
  'somebody asks for the code': ({ deps }, { ticket: { id } }) => readCodeTicket(deps, id),
}

/** For each situation the state it is, then what each act gives; after ` → ` the state it leaves, where that is another. */
const table: Record<string, [state: string, ...given: string[]]> = {
  //       state        Ming scans           Hong scans           Ming confirms           …wrongly                      Hong confirms         Ming cancels          Hong cancels          consume                 give up           ask   code
  pending: ['pending 1', 'ok → scanned 2', 'ok → scanned 2', 'ticket-not-scanned', 'ticket-not-scanned', 'ticket-not-scanned', 'ticket-not-scanned', 'ticket-not-scanned', 'ticket-not-confirmed', 'ok → cancelled 2', 'ok', 'ok'],
  scanned: ['scanned 2', 'ok', 'ticket-taken', 'ok → confirmed 3', 'match-wrong → cancelled 3', 'ticket-taken', 'ok → cancelled 3', 'ticket-taken', 'ticket-not-confirmed', 'ok → cancelled 3', 'ok', 'ok'],
  confirmed: ['confirmed 3', 'ok', 'ticket-taken', 'ok', 'ok', 'ticket-taken', 'ticket-confirmed', 'ticket-taken', 'ok → consumed 4', 'ticket-confirmed', 'ok', 'ok'],
  consumed: ['consumed 4', 'ticket-consumed', 'ticket-consumed', 'ok', 'ok', 'ticket-consumed', 'ticket-consumed', 'ticket-consumed', 'ok', 'ok', 'ok', 'ticket-not-found'],
  'consumed half a minute ago': ['consumed 4', 'ticket-consumed', 'ticket-consumed', 'ok', 'ok', 'ticket-consumed', 'ticket-consumed', 'ticket-consumed', 'ticket-consumed', 'ok', 'ok', 'ticket-not-found'],
  'cancelled unscanned': ['cancelled 2', ...Array<string>(8).fill('ticket-cancelled'), 'ok', 'ok', 'ticket-not-found'],
  'cancelled by the phone': ['cancelled 3', ...Array<string>(5).fill('ticket-cancelled'), 'ok', 'ticket-cancelled', 'ticket-cancelled', 'ok', 'ok', 'ticket-not-found'],
  'expired unscanned': ['expired 2', ...Array<string>(8).fill('ticket-expired'), 'ok', 'ok', 'ticket-not-found'],
  'expired scanned': ['expired 3', ...Array<string>(8).fill('ticket-expired'), 'ok', 'ok', 'ticket-not-found'],
  'expired confirmed': ['expired 4', ...Array<string>(8).fill('ticket-expired'), 'ok', 'ok', 'ticket-not-found'],
}

const outcomeOf = async (act: Promise<unknown>): Promise<string> => {
  try {
    await act
    return 'ok'
  } catch (error) {
    return error instanceof Problem ? error.code : String(error)
  }
}

t.strictSame(Object.keys(table), Object.keys(situations), 'every situation has its row')

for (const [situation, [state, ...cells]] of Object.entries(table)) {
  for (const [index, [act, perform]] of Object.entries(acts).entries()) {
    const [outcome, after = state] = (cells[index] ?? '').split(' → ')
    await t.test(`ticket: ${act} and is given ${outcome} when it is ${situation}`, async (t) => {
      const rules = openLoginUseCases(t)
      const made = await rules.make()
      await situations[situation]?.(rules, made)
      t.equal(await outcomeOf(perform(rules, made)), outcome)
      const { state, version } = await poll(rules, made)
      t.equal(`${state} ${version}`, after)
    })
  }
}

await t.test('ticket: it is not found when the id or the secret is unknown, another\'s or malformed', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const [{ claim }, other] = [await make(), await make()]
  for (const wrong of [{ ...claim, secret: other.secret }, { ...claim, id: newId(seededBytes) }, { ...claim, id: 'x' }, { ...claim, secret: 'x' }, { ...claim, secret: newSecret(seededBytes) }]) {
    for (const act of [ticketOfBrowser, cancelByBrowser]) t.equal(await outcomeOf(act(deps, wrong)), 'ticket-not-found')
  }
  for (const id of [newId(seededBytes), 'x', '']) {
    t.equal(await outcomeOf(scanTicket(deps, { id, sub: 'ming', ip })), 'ticket-not-found')
    t.equal(await outcomeOf(readCodeTicket(deps, id)), 'ticket-not-found')
  }
})

await t.test('ticket: no question reaches the store when an id or a secret is malformed', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const { claim } = await make()
  const read = () => { throw new Error('was asked') }
  const shy = { ...deps, tickets: { ...deps.tickets, read } }
  for (const act of [
    () => ticketOfBrowser(shy, { ...claim, id: 'x' }), () => ticketOfBrowser(shy, { ...claim, secret: 'x' }),
    () => cancelByPhone(shy, { id: 'x', sub: 'ming' }), () => readCodeTicket(shy, 'x'),
  ]) t.equal(await outcomeOf(act()), 'ticket-not-found')
})

const told = (steps: readonly Step[]): string[] => steps.map((step) => [step.event, ...Object.entries(step).filter(([name]) => ['sub', 'by', 'count', 'seconds', 'limit'].includes(name)).map(([name, value]) => `${name}=${value}`)].join(' '))

await t.test('ticket: the audit hears of each step once, with who took it, when it was taken', async (t) => {
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await situations.consumed?.(rules, made)
  await consume(rules, made)
  const steps = rules.told()
  t.strictSame(told(steps), ['ticket.created', 'ticket.scanned sub=ming', 'ticket.confirmed sub=ming', 'ticket.consumed sub=ming', 'session.opened sub=ming', 'session.opened sub=ming'])
  t.ok(steps.every((step) => step.event === 'session.opened' || ('ticket' in step && step.ticket === made.ticket.id.slice(0, 8))))

  const ends = {
    'ticket.cancelled by=browser': situations['cancelled unscanned'],
    'ticket.cancelled sub=ming by=phone': situations['cancelled by the phone'],
    'ticket.expired sub=ming': async (rules: Rules, made: Made) => { await situations['expired scanned']?.(rules, made); await poll(rules, made); await poll(rules, made) },
    'ticket.cancelled sub=ming by=wrong-number count=1': async (rules: Rules, made: Made) => { await scan(rules, made); await outcomeOf(acts['Ming confirms wrongly']!(rules, made)) },
  }
  for (const [last, end] of Object.entries(ends)) {
    const rules = openLoginUseCases(t)
    await end?.(rules, await rules.make())
    t.equal(told(rules.told()).at(-1), last)
  }
})

await t.test('audit: a step names its ticket, its person and, when it is a cancel, by whom', async (t) => {
  const { make } = openLoginUseCases(t)
  const { ticket } = await make()
  const start = ticket.id.slice(0, 8)
  const ofMing = { ...ticket, person: { sub: 'ming', name: null } }
  t.strictSame(stepOf(ticket, 'browser'), { event: 'ticket.pending', ticket: start })
  t.strictSame(stepOf({ ...ofMing, state: 'scanned' }, 'phone'), { event: 'ticket.scanned', ticket: start, sub: 'ming' })
  t.strictSame(stepOf({ ...ofMing, state: 'cancelled' }, 'phone'), { event: 'ticket.cancelled', ticket: start, sub: 'ming', by: 'phone' })
  t.strictSame(stepOf({ ...ofMing, state: 'cancelled' }, { by: 'wrong-number', count: 2 }), { event: 'ticket.cancelled', ticket: start, sub: 'ming', by: 'wrong-number', count: 2 })
  t.strictSame(browserFields({ name: 'Chrome', system: 'Windows', ip: '192.0.2.1', place: '上海', placeEn: 'Shanghai' }), { browser: 'Chrome', system: 'Windows', place: '上海' })
})

await t.test('ticket: whoever loses a race decides again on what the winner left, and who waits is woken, when two move it', async (t) => {
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await scan(rules, made)
  const waiter = rules.deps.waitingRoom.enter(made.ticket.id, ['home'])
  const wait = waiter.wait(1000, new AbortController().signal, 2)
  rules.told()
  const outcomes = await Promise.all([outcomeOf(confirm(rules, made)), outcomeOf(cancelByBrowser(rules.deps, made.claim))])
  t.strictSame(outcomes.filter((outcome) => outcome === 'ok').length, 1)
  t.match(outcomes.find((outcome) => outcome !== 'ok'), /^ticket-(?:confirmed|cancelled)$/)
  t.equal(rules.told().length, 1)
  t.equal(await wait, 'changed')
})

await t.test('ticket: a move that came too late is told to nobody, and the one that was quicker decides, when it comes in between', async (t) => {
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await scan(rules, made)
  rules.told()
  let isFirst = true
  const replace: LoginDeps['tickets']['replace'] = async (...move) => {
    if (isFirst) await cancelByBrowser(rules.deps, made.claim)
    isFirst = false
    return await rules.deps.tickets.replace(...move)
  }
  t.equal(await outcomeOf(confirm({ ...rules, deps: { ...rules.deps, tickets: { ...rules.deps.tickets, replace } } }, made)), 'ticket-cancelled')
  t.strictSame(told(rules.told()), ['ticket.cancelled sub=ming by=browser'])
})

await t.test('ticket: nothing is written, and nobody is woken, when nothing changes', async (t) => {
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  const waiter = rules.deps.waitingRoom.enter(made.ticket.id, ['home'])
  const replace = () => { throw new Error('was written') }
  t.equal((await ticketOfBrowser({ ...rules.deps, tickets: { ...rules.deps.tickets, replace } }, made.claim)).version, 1)
  const wait = waiter.wait(1000, new AbortController().signal, 1)
  rules.clock.advance(1000)
  t.equal(await wait, 'timed-out')
})

await t.test('scan: the phone is told where it is, and of another country, when both places are known', async (t) => {
  const rules = openLoginUseCases(t)
  const us = { country: 'US', zh: '纽约', en: 'New York' }
  const placesOf = (places: Record<string, typeof us>): LoginDeps['places'] => ({ placeOf: (address) => places[address] ?? null })
  const made = await rules.make()
  t.hasStrict(await scanTicket(rules.deps, { id: made.ticket.id, sub: 'ming', ip: '198.51.100.7' }), { phonePlace: null, isOtherCountry: false, isSamePhone: false })
  t.hasStrict(await scanTicket({ ...rules.deps, places: placesOf({ '198.51.100.7': us }) }, { id: made.ticket.id, sub: 'ming', ip: '198.51.100.7' }), { phonePlace: us, isOtherCountry: false })
  const deps = { ...rules.deps, places: placesOf({ '192.0.2.1': { country: 'CN', zh: '上海', en: 'Shanghai' }, '198.51.100.7': us }) }
  const { ticket: { id } } = await createTicket(deps, { returnTo: null, browser: { name: 'Chrome', system: 'Windows', ip: '192.0.2.1' }, site: null })
  t.equal((await scanTicket(deps, { id, sub: 'ming', ip: '198.51.100.7' })).isOtherCountry, true)
  t.equal((await scanTicket(deps, { id, sub: 'ming', ip: '192.0.2.1' })).isOtherCountry, false)
})

await t.test('scan: browser and phone may be one when the browser says that it is on a phone and both are on one connection', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const browser = { name: 'Safari', system: 'iOS', ip: '203.0.113.7' }
  for (const [isPhone, ip, isSamePhone] of [[true, '203.0.113.7', true], [true, '203.0.113.8', false], [false, '203.0.113.7', false], [undefined, '203.0.113.7', false]] as const) {
    const { ticket } = await make({ browser: { ...browser, ...(isPhone !== undefined && { isPhone }) } })
    t.equal((await scanTicket(deps, { id: ticket.id, sub: 'ming', ip })).isSamePhone, isSamePhone, `${isPhone} ${ip}`)
  }
})

await t.test('confirm: the ticket is given the person\'s name and the date of the key, which nobody is told before, when they say yes', async (t) => {
  const rules = openLoginUseCases(t)
  await rules.people.rename('ming', '小雨')
  const made = await rules.make()
  t.strictSame((await scan(rules, made)).ticket.person, { sub: 'ming', name: null })
  t.strictSame((await confirmTicket(rules.deps, { id: made.ticket.id, sub: 'ming', matchCode: made.number, since: 7 })).person, { sub: 'ming', name: '小雨', since: 7 })
})

await t.test('confirm: a number is needed when the ticket asks for one, and none is looked at when it does not', async (t) => {
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await t.rejects(confirmTicket(rules.deps, { id: made.ticket.id, sub: 'ming', matchCode: undefined, since: 0 }), { code: 'ticket-not-scanned' }, 'nor before it is scanned')
  await scan(rules, made)
  await t.rejects(confirmTicket(rules.deps, { id: made.ticket.id, sub: 'ming', matchCode: undefined, since: 0 }), { code: 'bad-request', message: 'match_code is needed' })
  const off = openLoginUseCases(t, { settings: { matchNumbers: 'off' } })
  for (const matchCode of [undefined, '10']) {
    const made = await off.make()
    t.equal((await scan(off, made)).ticket.matchMode, undefined)
    t.equal((await confirmTicket(off.deps, { id: made.ticket.id, sub: 'ming', matchCode, since: 0 })).state, 'confirmed')
  }
})

const guessWrongly = async (rules: Rules): Promise<string> => {
  const made = await rules.make()
  await scan(rules, made)
  return await outcomeOf(confirm(rules, made, 'ming', otherNumber(made.number ?? '')))
}

await t.test('number: it is tapped, and typed by who was wrong in the last day and by everybody with MATCH_NUMBERS=type, when it is asked for', async (t) => {
  const rules = openLoginUseCases(t)
  const modeOf = async (rules: Rules, sub = 'ming') => (await scan(rules, await rules.make(), sub)).ticket.matchMode
  t.equal(await modeOf(rules), 'tap')
  t.equal(await guessWrongly(rules), 'match-wrong')
  t.strictSame([await modeOf(rules), await modeOf(rules, 'hong')], ['type', 'tap'])
  rules.clock.advance(24 * 3_600_000)
  t.equal(await modeOf(rules), 'tap')
  t.equal(await modeOf(openLoginUseCases(t, { settings: { matchNumbers: 'type' } })), 'type')
})

await t.test('number: tickets for which three were offered end, and those for which it is typed do not, when their person was wrong elsewhere', async (t) => {
  const rules = openLoginUseCases(t)
  const [confirmed, scannedAgain, unscanned, approved] = [await rules.make(), await rules.make(), await rules.make(), await rules.make()]
  for (const made of [confirmed, scannedAgain, approved]) await scan(rules, made)
  await confirm(rules, approved)
  t.equal(await guessWrongly(rules), 'match-wrong')
  await scan(rules, unscanned)
  rules.told()
  t.equal(await outcomeOf(confirm(rules, confirmed)), 'ticket-cancelled', 'even by the right one')
  t.equal(await outcomeOf(scan(rules, scannedAgain)), 'ticket-cancelled')
  t.strictSame(told(rules.told()), ['ticket.cancelled sub=ming by=wrong-number', 'ticket.cancelled sub=ming by=wrong-number'])
  t.equal((await scan(rules, unscanned)).ticket.state, 'scanned')
  t.equal((await confirm(rules, unscanned)).state, 'confirmed')
  t.equal((await scan(rules, unscanned)).ticket.state, 'confirmed')
  t.equal((await scan(rules, approved)).ticket.state, 'confirmed', 'nor does one that was approved before')
  const off = openLoginUseCases(t, { settings: { matchNumbers: 'off' } })
  const without = await off.make()
  await scan(off, without)
  await off.deps.wrongNumbers.add('ming')
  t.equal((await scan(off, without)).ticket.state, 'scanned', 'nor one that asks for none')
})

await t.test('number: its person waits, scanning and confirming, and the audit hears for how long, when three were wrong within an hour', async (t) => {
  const rules = openLoginUseCases(t)
  const waiting = await rules.make()
  await guessWrongly(rules)
  await scan(rules, waiting)
  await guessWrongly(rules)
  t.notOk(told(rules.told()).some((step) => step.startsWith('limit.hit')), 'not before')
  t.equal(await guessWrongly(rules), 'match-wrong')
  t.ok(told(rules.told()).includes('limit.hit limit=wrong-number sub=ming seconds=600'))
  rules.clock.advance(100)
  const refusal = { code: 'rate-limited', message: 'Too many wrong numbers', retryAfterSeconds: 600, extra: { reason: 'wrong-numbers' } }
  await t.rejects(scan(rules, await rules.make()), refusal)
  await t.rejects(confirm(rules, waiting), refusal, 'also with the right one')
  t.equal((await poll(rules, waiting)).state, 'scanned')
  t.equal((await scan(rules, await rules.make(), 'hong')).ticket.state, 'scanned', 'nobody else does')
  t.notOk(told(rules.told()).some((step) => step.startsWith('limit.hit')), 'who waits hits no limit again')
  rules.clock.advance(599_900 - 1)
  await t.rejects(scan(rules, await rules.make()), { code: 'rate-limited', retryAfterSeconds: 1 })
  rules.clock.advance(1)
  t.equal((await scan(rules, await rules.make())).ticket.state, 'scanned')
  const noNumbers = { ...rules.deps, settings: { ...rules.deps.settings, matchNumbers: 'off' as const }, wrongNumbers: { ...rules.deps.wrongNumbers, standingOf: () => Promise.resolve({ mustType: true, waitMs: 1 }) } }
  t.equal((await scanTicket(noNumbers, { id: (await rules.make()).ticket.id, sub: 'ming', ip })).ticket.state, 'scanned', 'nor does anybody where no number is asked for')
})

await t.test('number: one is judged at a time when their person taps two at once', async (t) => {
  const rules = openLoginUseCases(t)
  const tickets = [await rules.make(), await rules.make()]
  for (const made of tickets) await scan(rules, made)
  const outcomes = await whileTimePasses(rules.clock, Promise.all(tickets.map((made) => outcomeOf(confirm(rules, made, 'ming', otherNumber(made.number ?? ''))))))
  t.strictSame(outcomes.sort(), ['match-wrong', 'ticket-cancelled'])
})

await t.test('number: the ticket ends, and the fault is told, when a wrong one can\'t be counted', async (t) => {
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await scan(rules, made)
  rules.told()
  const add = () => Promise.reject(new Problem('store-unavailable'))
  const deps = { ...rules.deps, wrongNumbers: { ...rules.deps.wrongNumbers, add } }
  t.equal(await outcomeOf(confirm({ ...rules, deps }, made, 'ming', otherNumber(made.number ?? ''))), 'store-unavailable')
  t.equal((await poll(rules, made)).state, 'cancelled')
  t.strictSame(told(rules.told()), ['ticket.cancelled sub=ming by=wrong-number'])
  const another = await rules.make()
  await scan(rules, another)
  const replace = () => Promise.reject(new Problem('internal'))
  t.equal(await outcomeOf(confirm({ ...rules, deps: { ...deps, tickets: { ...deps.tickets, replace } } }, another, 'ming', otherNumber(another.number ?? ''))), 'store-unavailable', 'also when it can\'t be cancelled')
})

/** Lets something happen to the ticket when its person's number is being judged, before that begins or after it was counted. */
const meanwhile = (rules: Rules, at: 'before' | 'after', happens: () => Promise<unknown>): Rules => {
  const { wrongNumbers } = rules.deps
  const changed: LoginDeps['wrongNumbers'] = {
    ...wrongNumbers,
    exclusively: (_sub, work) => work(), // or what happens would wait for its turn
    standingOf: async (sub) => {
      if (at === 'before') await happens()
      return await wrongNumbers.standingOf(sub)
    },
    add: async (sub) => {
      const added = await wrongNumbers.add(sub)
      if (at === 'after') await happens()
      return added
    },
  }
  return { ...rules, deps: { ...rules.deps, wrongNumbers: changed } }
}

await t.test('number: what came of the ticket meanwhile is what is told when it was judged too late', async (t) => {
  const tried = async (t: Test, at: 'before' | 'after', matchCode: (made: Made) => string | undefined, happens: (rules: Rules, made: Made) => Promise<unknown>): Promise<string> => {
    const rules = openLoginUseCases(t)
    const made = await rules.make()
    await scan(rules, made)
    return await outcomeOf(confirm(meanwhile(rules, at, () => happens(rules, made)), made, 'ming', matchCode(made)))
  }
  const [right, wrong] = [({ number }: Made) => number, ({ number }: Made) => otherNumber(number ?? '')]
  const giveUp = ({ deps }: Rules, { claim }: Made) => cancelByBrowser(deps, claim)
  const expire = async ({ clock }: Rules) => { clock.advance(180_000) }
  for (const matchCode of [right, wrong]) {
    t.equal(await tried(t, 'before', matchCode, confirm), 'ok', 'the first of two taps decides')
    t.equal(await tried(t, 'before', matchCode, giveUp), 'ticket-cancelled')
    t.equal(await tried(t, 'before', matchCode, expire), 'ticket-expired')
  }
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await scan(rules, made)
  await outcomeOf(confirm(meanwhile(rules, 'before', () => giveUp(rules, made)), made, 'ming', wrong(made)))
  t.equal((await rules.deps.wrongNumbers.standingOf('ming')).mustType, false, 'and a wrong number for nothing doesn\'t count')
  t.equal(await tried(t, 'after', wrong, giveUp), 'ticket-cancelled')
  t.equal(await tried(t, 'after', wrong, expire), 'ticket-expired')
})

await t.test('number: a yes is told as it became, when the ticket changed while the name was read', async (t) => {
  const tried = async (happens: (rules: Rules, made: Made) => Promise<unknown>): Promise<string> => {
    const rules = openLoginUseCases(t)
    const made = await rules.make()
    await scan(rules, made)
    const names = { nameOf: async () => { await happens(rules, made); return null } }
    return await outcomeOf(confirm({ ...rules, deps: { ...rules.deps, names } }, made))
  }
  t.equal(await tried(({ deps }, { claim }) => cancelByBrowser(deps, claim)), 'ticket-cancelled')
  t.equal(await tried(async ({ clock }) => { clock.advance(180_000) }), 'ticket-expired')
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await scan(rules, made)
  // Where two instances judge at the same time, as with an earlier release, both say yes to the same person.
  const exclusively: LoginDeps['wrongNumbers']['exclusively'] = (_sub, work) => work()
  const free = { ...rules, deps: { ...rules.deps, wrongNumbers: { ...rules.deps.wrongNumbers, exclusively } } }
  t.strictSame(await Promise.all([outcomeOf(confirm(free, made)), outcomeOf(confirm(free, made))]), ['ok', 'ok'])
})

await t.test('consume: the session is the browser\'s, and the same when it is asked for again within 30 s', async (t) => {
  const rules = openLoginUseCases(t)
  const made = await rules.make()
  await situations.confirmed?.(rules, made)
  const first = await consume(rules, made)
  t.equal(first.ticket.state, 'consumed')
  t.equal(first.ticket.consumedAt, rules.clock.now())
  rules.clock.advance(29_999)
  t.strictSame(await consume(rules, made), first)
  rules.clock.advance(1)
  t.equal(await outcomeOf(consume(rules, made)), 'ticket-consumed')
})

await t.test('consume: it is ticket-consumed when the session was ended or another login in the same browser was quicker', async (t) => {
  const rules = openLoginUseCases(t)
  const [made, later] = [await rules.make(), await rules.make()]
  await situations.confirmed?.(rules, made)
  await situations.confirmed?.(rules, later)
  const { session } = await consume(rules, made)
  await rules.deps.sessions.end('ming', session.session.id, 'phone', rules.deps.audit)
  t.equal(await outcomeOf(consume(rules, made)), 'ticket-consumed')
  const replace = async () => false
  t.equal(await outcomeOf(consumeTicket({ ...rules.deps, sessions: { ...rules.deps.sessions, replace } }, later.claim, [])), 'ticket-consumed')
})

await t.test('consume: the sessions that the browser shows end when the new one takes their place', async (t) => {
  const rules = openLoginUseCases(t)
  const [made, next] = [await rules.make(), await rules.make()]
  await situations.confirmed?.(rules, made)
  const { session } = await consume(rules, made)
  rules.clock.advance(1000)
  await situations.confirmed?.(rules, next)
  await consumeTicket(rules.deps, next.claim, [session.secret])
  t.strictSame(await rules.deps.sessions.findBySecrets([session.secret]), [])
})

const codes: Record<string, ProblemCode> = { pending: 'ticket-not-scanned', scanned: 'ticket-not-confirmed', confirmed: 'ticket-confirmed', consumed: 'ticket-consumed', cancelled: 'ticket-cancelled', expired: 'ticket-expired' }
await t.test('refusal: it names the state that the ticket is in', async (t) => {
  const { make } = openLoginUseCases(t)
  const { ticket } = await make()
  for (const [state, code] of Object.entries(codes)) t.throws(() => refuse({ ...ticket, state: state as typeof ticket.state }), { code })
})
