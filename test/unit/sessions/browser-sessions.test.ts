import { createSecretKey } from 'node:crypto'
import t, { type Test } from 'tap'
import { newId, newSecret } from '../../../src/domain/ids.ts'
import type { Ticket } from '../../../src/domain/ticket.ts'
import { Problem } from '../../../src/errors.ts'
import type { Step } from '../../../src/domain/step.ts'
import type { Audit } from '../../../src/login/audit.ts'
import type { OpenedSession, Session } from '../../../src/login/ports.ts'
import type { Store } from '../../../src/login/store-port.ts'
import { createBrowserSessions } from '../../../src/sessions/browser-sessions.ts'
import { createPeople } from '../../../src/people/people.ts'
import { createSessionLists } from '../../../src/sessions/session-lists.ts'
import { cookieSecret, isLater, sessionId } from '../../../src/sessions/session-record.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { seededBytes } from '../../support/seeded-random.ts'

const cookieKey = createSecretKey(Buffer.alloc(32, 7))

const ming = { sub: 'ming', state: 'unknown', recordedAt: null } as const

const setUp = (t: Test, { idleMs = 60_000, maxMs = 3_600_000, wrap = (store: Store) => store } = {}) => {
  const clock = createFakeClock()
  const inner = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => inner.close())
  const store = wrap(inner)
  const lists = createSessionLists(store, clock)
  const sessions = createBrowserSessions(store, lists, clock, { people: createPeople(store, clock), idleMs, maxMs, cookieKey })
  const consumed = (): Ticket => ({
    schema: 1,
    id: newId(seededBytes),
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
  const steps: Step[] = []
  const audit: Audit = { record: (step) => { steps.push(step) } }
  const open = (ticket: Ticket, secret: string) => sessions.prepare(ticket.person?.sub ?? '').open(ticket, secret, audit)
  return {
    clock,
    inner,
    lists,
    sessions: {
      ...sessions,
      open,
      end: (sub: string, id: string) => sessions.end(sub, id, 'phone', audit),
      endAll: (sub: string, cutoff: number) => sessions.endAll(sub, cutoff, 'operator', audit),
      endSuperseded: (secrets: readonly string[], session: Session) => sessions.endSuperseded(secrets, session, audit),
    },
    consumed,
    /** Opens a session with a new ticket, of Ming's by default. */
    logIn: async (change: Partial<Ticket> = {}) => {
      const opened = await open({ ...consumed(), ...change }, newSecret(seededBytes))
      return opened!
    },
    /** Returns the audit's steps since the last call: event, id, and `by` or `again`. */
    steps: () => steps.splice(0).map((step) => [step.event, ...('sid' in step ? [step.sid] : []), ...('by' in step ? [step.by] : []), ...('again' in step && step.again === true ? ['again'] : [])].join(' ')),
  }
}

await t.test('sessions: the same ticket and secret open one session, another secret another, and the audit has each opening', async (t) => {
  const { sessions, consumed, steps } = setUp(t)
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  const first = await sessions.open(ticket, secret)
  t.ok(first)
  t.strictSame(await sessions.open(ticket, secret), first)
  t.strictSame(steps(), [`session.opened ${first?.session.id}`, `session.opened ${first?.session.id} again`])
  t.not((await sessions.open(ticket, newSecret(seededBytes)))?.session.id, first?.session.id)
})

await t.test('sessions: an ended session is not opened again by the same ticket', async (t) => {
  const { sessions, lists, consumed, steps } = setUp(t)
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  const opened = await sessions.open(ticket, secret)
  steps()
  t.equal(await sessions.end('hong', opened?.session.id ?? ''), false, 'nobody else can end it')
  t.equal(await sessions.end('ming', opened?.session.id ?? ''), true)
  t.equal(await sessions.end('ming', opened?.session.id ?? ''), false, 'nor can it end twice')
  t.equal(await sessions.open(ticket, secret), undefined)
  t.strictSame(steps(), [`session.ended ${opened?.session.id} phone`, `session.ended ${opened?.session.id} phone again`], 'the second says that it is a repeat')
  t.strictSame(await sessions.listOf(ming), [])
  t.strictSame(await lists.sessionsOf('ming'), [], 'it is not in the list')
})

await t.test('sessions: none opens when its idle end has passed since the ticket was consumed', async (t) => {
  const { clock, sessions, consumed } = setUp(t, { idleMs: 5000 })
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  t.ok(await sessions.open(ticket, secret))
  clock.advance(5000)
  t.equal(await sessions.open(ticket, secret), undefined)
})

await t.test('sessions: the hundred and first ends the oldest, and every live one is listed when the store fails in between', async (t) => {
  let failing = false
  const { clock, sessions, consumed, steps } = setUp(t, {
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
    const opened = await sessions.open(consumed(), newSecret(seededBytes))
    secrets.push(opened?.secret ?? '')
  }
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  failing = true
  await t.rejects(sessions.open(ticket, secret), { code: 'store-unavailable' })
  failing = false
  const listed = (await sessions.listOf(ming)).map(({ id }) => id)
  for (const one of secrets) {
    const [found] = await sessions.findBySecrets([one])
    if (found !== undefined && !listed.includes(found.id)) t.fail('a live session is not listed')
  }
  const oldest = listed.at(-1)
  steps()
  const opened = await sessions.open(ticket, secret)
  t.strictSame(steps(), [`session.ended ${oldest} newer`, `session.opened ${opened?.session.id}`])
  t.equal((await sessions.listOf(ming)).length, 100)
  t.strictSame(await sessions.findBySecrets([secrets[0] ?? '']), [], 'the oldest has ended')
  t.equal((await sessions.findBySecrets([secrets[1] ?? ''])).length, 1)
})

await t.test('sessions: none ends when the hundredth is opened again', async (t) => {
  const { sessions, consumed, logIn, steps } = setUp(t)
  for (let i = 0; i < 99; i++) await logIn()
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  await sessions.open(ticket, secret)
  steps()
  const again = await sessions.open(ticket, secret)
  t.strictSame(steps(), [`session.opened ${again?.session.id} again`])
})

await t.test('sessions: expired ones of other sites don\'t count, and leave the list', async (t) => {
  const { clock, sessions, lists, consumed, steps } = setUp(t, { idleMs: 3_600_000 })
  const own = await sessions.open(consumed(), newSecret(seededBytes))
  const openAtShop = () => sessions.open({ ...consumed(), site: 'https://shop.example' }, newSecret(seededBytes))
  for (let i = 0; i < 99; i++) await openAtShop()
  clock.advance(20 * 60_000)
  for (let i = 0; i < 20; i++) await openAtShop()
  steps()
  const [newest] = [await openAtShop(), await openAtShop()]
  t.strictSame(steps().filter((step) => step.startsWith('session.ended')), [])
  const listed = (await sessions.listOf(ming)).map(({ id }) => id)
  t.ok(listed.includes(own?.session.id ?? '') && listed.includes(newest?.session.id ?? ''))
  t.equal(listed.length, 23)
  t.equal((await lists.sessionsOf('ming')).length, 23 + 10, 'of the expired only the newest ten are listed: they could have been opening')
})

/** Whether each of these was not ended. */
const liveOf = async ({ inner }: ReturnType<typeof setUp>, ...ids: string[]): Promise<boolean[]> =>
  (await inner.readMany<{ endedAt: number | null }>(ids.map((id) => `session:${id}`))).map((record) => record?.endedAt === null)

await t.test('sessions: one has the data of its ticket, and the end of its cookie', async (t) => {
  const { clock, logIn } = setUp(t)
  const { session, endsAt } = await logIn()
  t.strictSame(session, {
    id: session.id,
    sub: 'ming',
    browser: { name: 'Chrome', system: 'Windows', ip: '192.0.2.1', place: null },
    createdAt: clock.now(),
    lastSeenAt: clock.now(),
    expiresAt: clock.now() + 60_000,
    site: null,
  })
  t.equal(endsAt, clock.now() + 3_600_000)
})

await t.test('sessions: none opens when the ticket is not consumed or has no person', async (t) => {
  const { sessions, consumed } = setUp(t)
  for (const change of [{ person: null }, { consumedAt: null }]) await t.rejects(sessions.open({ ...consumed(), ...change }, newSecret(seededBytes)), { message: 'a session opens from a consumed ticket only' })
})

await t.test('sessions: every release derives the same cookie and the same id from a ticket and its secret', async (t) => {
  const secret = cookieSecret(cookieKey, 'AbCdEfGhIjKlMnOpQrStUg', 'secret')
  t.equal(secret, 'AI7JcPSsfmseMNKs9mI2fMTInFCxTE-Dp6kSr-434mc')
  t.equal(sessionId(secret), 'y47NH1LdLsCFWVG-kjsaKw')
})

await t.test('sessions: the one that was opened last is later, or the one with the greater id when both are of the same millisecond', async (t) => {
  t.equal(isLater({ createdAt: 2, id: 'a' }, { createdAt: 1, id: 'b' }), true)
  t.equal(isLater({ createdAt: 1, id: 'b' }, { createdAt: 2, id: 'a' }), false)
  t.equal(isLater({ createdAt: 1, id: 'b' }, { createdAt: 1, id: 'a' }), true)
  t.equal(isLater({ createdAt: 1, id: 'a' }, { createdAt: 1, id: 'b' }), false)
  t.equal(isLater({ createdAt: 1, id: 'a' }, { createdAt: 1, id: 'a' }), false)
})

await t.test('sessions: a use moves the idle end, and is stored once a minute, or once in a tenth of a short idle time, at most', async (t) => {
  for (const [idleMs, everyMs] of [[3_600_000, 60_000], [60_000, 6_000]] as const) {
    const { clock, sessions, logIn } = setUp(t, { idleMs })
    const { session, secret } = await logIn()
    clock.advance(everyMs - 1)
    t.hasStrict(await sessions.findBySecrets([secret]), [session], 'not yet')
    clock.advance(1)
    const used = { ...session, lastSeenAt: clock.now(), expiresAt: Math.min(session.createdAt + 3_600_000, clock.now() + idleMs) }
    t.hasStrict(await sessions.findById(session.id), used)
    t.hasStrict(await sessions.findBySecrets([secret]), [used])
    t.strictSame(await sessions.listOf(ming), [used], 'listing is no use')
  }
})

await t.test('sessions: none is found when the id or the secret is unknown or malformed, or it has expired', async (t) => {
  const { clock, inner, sessions, logIn } = setUp(t)
  const { session, secret } = await logIn()
  for (const id of ['x', '', newId(seededBytes)]) t.equal(await sessions.findById(id), undefined)
  t.strictSame(await sessions.findBySecrets(['x', '', newSecret(seededBytes)]), [])
  t.strictSame(await sessions.findBySecrets([]), [])
  clock.advance(59_999)
  t.equal((await sessions.listOf(ming)).length, 1)
  clock.advance(1)
  t.strictSame([await sessions.findById(session.id), await sessions.findBySecrets([secret]), await sessions.listOf(ming)], [undefined, [], []])
  t.equal(await inner.read(`session:${session.id}`), undefined, 'it is no longer stored')
})

await t.test('sessions: the last opened one comes first, and only its end moves, when a browser sends several of one person', async (t) => {
  const { clock, sessions, logIn } = setUp(t, { idleMs: 3_600_000 })
  const first = await logIn()
  clock.advance(1000)
  const second = await logIn()
  clock.advance(60_000)
  for (const secrets of [[first.secret, second.secret], [second.secret, first.secret]]) {
    t.strictSame((await sessions.findBySecrets(secrets)).map(({ id, lastSeenAt }) => [id, lastSeenAt]), [[second.session.id, clock.now()], [first.session.id, first.session.lastSeenAt]])
  }
})

await t.test('sessions: no end moves when a browser sends several of different people', async (t) => {
  const { clock, sessions, logIn } = setUp(t, { idleMs: 3_600_000 })
  const hongs = await logIn({ person: { sub: 'hong', name: null } })
  clock.advance(1)
  const mings = [await logIn(), await logIn()]
  clock.advance(60_000)
  for (const several of [[hongs, ...mings.slice(1)], [hongs, ...mings]]) {
    const found = await sessions.findBySecrets(several.map(({ secret }) => secret))
    t.strictSame(new Set(found.map(({ id, lastSeenAt }) => `${id} ${lastSeenAt}`)), new Set(several.map(({ session: { id, lastSeenAt } }) => `${id} ${lastSeenAt}`)))
  }
})

await t.test('sessions: one of another site has no cookie, is renewed by its tokens only, and ends with the last of them or after a day', async (t) => {
  const { clock, sessions, logIn } = setUp(t, { idleMs: 360_000_000 })
  const [own, { session, secret, endsAt }] = [await logIn(), await logIn({ site: 'https://shop.example' })]
  t.equal(session.site, 'https://shop.example')
  t.equal(session.expiresAt, clock.now() + 960_000)
  t.equal(endsAt, clock.now() + 3_600_000, 'a shorter SESSION_MAX holds for it, too')
  t.strictSame(await sessions.findBySecrets([secret]), [])
  t.equal(await sessions.renew(own.session.id), undefined)
  t.equal(await sessions.renew('x'), undefined)
  clock.advance(60_000)
  t.hasStrict(await sessions.findById(session.id), session, 'a call with its token is no use')
  t.equal((await sessions.findById(own.session.id))?.lastSeenAt, clock.now())
  t.equal((await sessions.renew(session.id))?.expiresAt, clock.now() + 960_000)
  clock.advance(960_000)
  t.equal(await sessions.renew(session.id), undefined)
})

await t.test('sessions: one of another site ends after a day at most, one of ours at its own limit', async (t) => {
  const { clock, logIn } = setUp(t, { maxMs: 10 * 86_400_000 })
  t.equal((await logIn({ site: 'https://shop.example' })).endsAt, clock.now() + 86_400_000)
  t.equal((await logIn()).endsAt, clock.now() + 10 * 86_400_000)
})

await t.test('sessions: the one that a browser sends ends, and the audit has it, when another login replaces it', async (t) => {
  const bench = setUp(t)
  const { clock, sessions, lists, logIn, steps } = bench
  const shown = await logIn()
  clock.advance(1)
  const [next, ofOther] = [await logIn(), await logIn({ person: { sub: 'hong', name: null } })]
  steps()
  t.equal(await sessions.endSuperseded(['x', newSecret(seededBytes), shown.secret], next.session), true)
  t.strictSame(steps(), [`session.ended ${shown.session.id} relogin`])
  t.strictSame(await lists.sessionsOf('ming'), [next.session.id])
  t.equal(await sessions.endSuperseded([shown.secret, next.secret], next.session), true, 'a repetition changes nothing, and its own is not replaced')
  t.strictSame(steps(), [])
  clock.advance(1)
  const last = await logIn()
  steps()
  t.equal(await sessions.endSuperseded([next.secret, ofOther.secret], last.session), true)
  t.strictSame(steps(), [`session.ended ${next.session.id} relogin`, `session.ended ${ofOther.session.id} relogin`], 'of any person')
  t.strictSame(await liveOf(bench, last.session.id, next.session.id, ofOther.session.id), [true, false, false])
  t.strictSame(await lists.sessionsOf('hong'), [])
})

await t.test('sessions: the one that the browser sends is replaced when both are of the same millisecond', async (t) => {
  for (const shownIsGreater of [true, false]) {
    const bench = setUp(t)
    const [lesser, greater] = [await bench.logIn(), await bench.logIn()].sort((a, b) => isLater(a.session, b.session) ? 1 : -1) as [OpenedSession, OpenedSession] // two were made
    const [shown, own] = shownIsGreater ? [greater, lesser] : [lesser, greater]
    t.equal(await bench.sessions.endSuperseded([shown.secret], own.session), true)
    t.strictSame(await liveOf(bench, shown.session.id, own.session.id), [false, true])
  }
})

await t.test('sessions: a login gives way when the browser sends one that was opened since, unless by so much that the clock was set back', async (t) => {
  for (const [laterMs, givesWay] of [[1, true], [29_999, true], [30_000, false]] as const) {
    const bench = setUp(t)
    const { clock, sessions, lists, logIn, steps } = bench
    const own = await logIn()
    clock.advance(laterMs)
    const shown = await logIn()
    steps()
    t.equal(await sessions.endSuperseded([shown.secret], own.session), !givesWay, `${laterMs} ms`)
    const ended = givesWay ? own : shown
    t.strictSame(steps(), [`session.ended ${ended.session.id} relogin`])
    t.strictSame(await liveOf(bench, own.session.id, shown.session.id), [!givesWay, givesWay])
    t.notOk((await lists.sessionsOf('ming')).includes(ended.session.id))
  }
})

await t.test('sessions: the later one stays when two simultaneous logins replace the same, in either order', async (t) => {
  for (const [laterFirst, apartMs] of [[true, 1], [false, 1], [true, 0], [false, 0]] as const) {
    const bench = setUp(t)
    const { clock, sessions, logIn } = bench
    const shown = await logIn()
    clock.advance(1)
    const one = await logIn()
    clock.advance(apartMs)
    const [early, late] = [one, await logIn()].sort((a, b) => isLater(a.session, b.session) ? 1 : -1) as [OpenedSession, OpenedSession] // two were made
    const [first, second] = laterFirst ? [late, early] : [early, late]
    t.equal(await sessions.endSuperseded([shown.secret], first.session), true)
    clock.advance(29_999)
    t.equal(await sessions.endSuperseded([shown.secret], second.session), second === late)
    t.strictSame(await liveOf(bench, shown.session.id, early.session.id, late.session.id), [false, false, true])
  }
})

await t.test('sessions: another login\'s session stays when it replaced the sent one half a minute ago', async (t) => {
  const bench = setUp(t)
  const { clock, sessions, logIn } = bench
  const shown = await logIn()
  clock.advance(1)
  const next = await logIn()
  await sessions.endSuperseded([shown.secret], next.session)
  clock.advance(30_000)
  const last = await logIn()
  t.equal(await sessions.endSuperseded([shown.secret], last.session), true)
  t.strictSame(await liveOf(bench, next.session.id, last.session.id), [true, true])
})

await t.test('sessions: none is replaced when the sent ones were ended otherwise or have expired', async (t) => {
  const bench = setUp(t)
  const { clock, sessions, logIn, steps } = bench
  const [ended, over] = [await logIn(), await logIn()]
  await sessions.end('ming', ended.session.id)
  clock.advance(60_000)
  const own = await logIn()
  steps()
  t.equal(await sessions.endSuperseded([ended.secret, over.secret], own.session), true)
  t.strictSame(steps(), [])
})

await t.test('sessions: all of one person end, and none opens that was confirmed before, when all are ended', async (t) => {
  const bench = setUp(t)
  const { clock, sessions, lists, logIn, consumed, steps } = bench
  const mings = [await logIn(), await logIn(), await logIn()]
  const hongs = await logIn({ person: { sub: 'hong', name: null } })
  const [before, secret] = [{ ...consumed(), person: { sub: 'ming', name: null, since: clock.now() } }, newSecret(seededBytes)]
  const ofEarlierRelease = consumed()
  await sessions.end('ming', mings[2]!.session.id)
  steps()
  t.equal(await sessions.endAll('ming', clock.now()), 2)
  t.strictSame(steps().sort(), mings.slice(0, 2).map(({ session }) => `session.ended ${session.id} operator`).sort())
  t.strictSame(await liveOf(bench, ...mings.map(({ session }) => session.id), hongs.session.id), [false, false, false, true])
  t.strictSame(await lists.sessionsOf('ming'), [])
  t.equal(await sessions.open(before, secret), undefined)
  t.equal(await sessions.open(ofEarlierRelease, secret), undefined)
  t.strictSame(steps(), [])
  t.equal(await sessions.endAll('ming', clock.now()), 0, 'none is left')
  clock.advance(1)
  t.ok(await logIn(), 'what is approved later opens one')
  t.ok(await sessions.open({ ...before, person: { sub: 'ming', name: null, since: clock.now() } }, secret), 'even if its ticket is older')
})

await t.test('sessions: one that is opening is prevented, for as long as its ticket can ask, when it is listed and all are ended', async (t) => {
  let prevent: (() => Promise<void>) | undefined
  const bench = setUp(t, {
    wrap: (inner) => ({
      ...inner,
      claim: async (key, value, ttlMs) => {
        if (key.startsWith('session:') && prevent !== undefined) {
          const now = prevent
          prevent = undefined
          await now()
        }
        return await inner.claim(key, value, ttlMs)
      },
    }),
  })
  const { clock, inner, sessions, lists, consumed, steps } = bench
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  prevent = async () => { t.equal(await sessions.endAll('ming', clock.now()), 0) }
  t.equal(await sessions.open(ticket, secret), undefined)
  t.strictSame(steps(), [])
  t.strictSame(await lists.sessionsOf('ming'), [])
  const id = sessionId(cookieSecret(cookieKey, ticket.id, secret))
  const { sub, ...ended } = await inner.read<{ sub: string }>(`session:${id}`) ?? { sub: '' }
  t.strictSame(ended, { schema: 1, version: 1, id, endedAt: clock.now(), endedBy: 'operator' })
  t.match(sub, /^[\w-]{43}$/, 'the record in its place has a pseudonym of the person')
  clock.advance(29_999)
  t.equal(await sessions.open({ ...ticket, person: { sub: 'ming', name: null, since: clock.now() } }, secret), undefined)
})

await t.test('sessions: one that was stored before its person was known to have signed out ends, and is in no list', async (t) => {
  let meanwhile: (() => Promise<unknown>) | undefined
  const bench = setUp(t, {
    wrap: (inner) => ({
      ...inner,
      claim: async (key, value, ttlMs) => {
        const now = key.startsWith('person-sessions:') ? meanwhile : undefined
        if (now !== undefined) meanwhile = undefined
        await now?.()
        return await inner.claim(key, value, ttlMs)
      },
    }),
  })
  const { clock, inner, sessions, lists, consumed, steps } = bench
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  const id = sessionId(cookieSecret(cookieKey, ticket.id, secret))
  let wasStored = false
  meanwhile = async () => {
    t.equal(await sessions.endAll('ming', clock.now()), 0)
    wasStored = await inner.read(`session:${id}`) !== undefined
  }
  t.equal(await sessions.open(ticket, secret), undefined)
  t.ok(wasStored)
  t.equal(await sessions.findById(id), undefined)
  t.hasStrict(await inner.read(`session:${id}`), { endedAt: clock.now() })
  t.strictSame(await lists.sessionsOf('ming'), [])
  t.strictSame(steps(), [])
})

await t.test('sessions: one is in the list, with all others, when another changes the list at the same time', async (t) => {
  const { sessions, lists, consumed } = setUp(t)
  const opened = await Promise.all(Array.from({ length: 20 }, () => sessions.open(consumed(), newSecret(seededBytes))))
  t.strictSame((await lists.sessionsOf('ming')).toSorted(), opened.map((one) => one?.session.id).toSorted())
})

await t.test('sessions: one that opens just before it is prevented ends, and one that another call has prevented stays, when all are ended', async (t) => {
  let before: (() => Promise<unknown>) | undefined
  const bench = setUp(t, {
    wrap: (inner) => ({
      ...inner,
      claim: async (key, value, ttlMs) => {
        const now = (value as { endedAt?: number | null }).endedAt == null ? undefined : before
        if (now !== undefined) before = undefined
        await now?.()
        return await inner.claim(key, value, ttlMs)
      },
    }),
  })
  const { clock, inner, sessions, lists, consumed, steps } = bench
  const [ticket, secret] = [consumed(), newSecret(seededBytes)]
  const id = sessionId(cookieSecret(cookieKey, ticket.id, secret))
  const list = (id: string) => lists.addSession('ming', id, clock.now() + 3_600_000, clock.now() + 1)
  await list(id)
  before = async () => { t.ok(await sessions.open({ ...ticket, person: { sub: 'ming', name: null, since: clock.now() + 1 } }, secret)) }
  t.equal(await sessions.endAll('ming', clock.now()), 1)
  t.strictSame(steps(), [`session.opened ${id}`, `session.ended ${id} operator`])
  t.equal(await sessions.findById(id), undefined)

  const another = newId(seededBytes)
  await list(another)
  before = () => inner.claim(`session:${another}`, { schema: 1, version: 1, id: another, sub: 'ming', endedAt: clock.now() }, 1000)
  t.equal(await sessions.endAll('ming', clock.now()), 0)
  t.strictSame(steps(), [])
})

await t.test('sessions: the list has none that was never opened or is another person\'s', async (t) => {
  const { clock, sessions, lists, logIn } = setUp(t)
  const hongs = await logIn({ person: { sub: 'hong', name: null } })
  for (const id of [newId(seededBytes), hongs.session.id]) await lists.addSession('ming', id, clock.now() + 1000, clock.now())
  t.strictSame(await sessions.listOf(ming), [])
})

await t.test('sessions: the loser of a race gets what the winner stored when two calls use one at once', async (t) => {
  let before: (() => Promise<unknown>) | undefined
  const bench = setUp(t, {
    idleMs: 3_600_000,
    wrap: (inner) => ({
      ...inner,
      replace: async (...args) => {
        const now = before
        before = undefined
        await now?.()
        return await inner.replace(...args)
      },
    }),
  })
  const { clock, sessions, logIn } = bench
  const { session } = await logIn()
  clock.advance(60_000)
  before = () => sessions.findById(session.id)
  t.equal((await sessions.findById(session.id))?.lastSeenAt, clock.now())
  clock.advance(60_000)
  before = () => sessions.end('ming', session.id)
  t.equal(await sessions.findById(session.id), undefined, 'it was live when it was read, and gets no token any more')
  t.equal(await sessions.findById(session.id), undefined, 'it stays ended')

  const next = await logIn()
  clock.advance(60_000)
  before = () => sessions.findById(next.session.id)
  t.equal(await sessions.end('ming', next.session.id), true, 'an end is not lost to a use')
  t.equal(await sessions.findById(next.session.id), undefined)
  const [shown, own] = [await logIn(), await logIn()]
  clock.advance(60_000)
  before = () => sessions.findById(shown.session.id)
  t.equal(await sessions.endSuperseded([shown.secret], own.session), true, 'nor is the end by a login')
  t.equal(await sessions.findById(shown.session.id), undefined)
})
