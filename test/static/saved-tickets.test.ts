import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { Locks } from '../../static/scan-login/locks.js'
import { createSavedTickets } from '../../static/scan-login/saved-tickets.js'
import { createFakeClock } from '../support/fake-clock.ts'
import { createStorage } from '../support/login-harness.ts'
import { createSharedLocks, noLocks } from '../support/shared-locks.ts'

const ticket = { id: 't1', secret: 's', version: 1, lifeMs: 180_000, codeUrl: 'https://a.example/code', linkUrl: null, maxWaitSeconds: 25 }

const open = () => {
  const clock = createFakeClock()
  const tab = createStorage()
  const wallSkew = { ms: 0 }
  const locks = createSharedLocks()
  /** As a new page has them. */
  const openPage = (server = 'https://a.example/', own: Locks = locks.ofPage()) => {
    const { take, ...others } = createSavedTickets({ server, store: tab, locks: own, clock, wallClock: () => clock.now() + wallSkew.ms })
    return { ...others, take: (returnTo: string | null, signal = new AbortController().signal) => take(returnTo, signal) }
  }
  return { clock, tab, wallSkew, locks, openPage }
}

const attempt = (endsAt: number, id = 't1') => ({ ticket: { ...ticket, id }, after: 1, endsAt, isTheirs: false, appEndsAt: Infinity })

await t.test('saved tickets: a ticket is returned once, for the same server and destination only', async (t) => {
  const { clock, openPage } = open()
  openPage().leave(attempt(clock.now() + 50_000), '/me')
  clock.advance(1_000)
  t.equal(await openPage('https://b.example/').take('/me'), null)
  t.equal(await openPage().take(null), null)
  t.strictSame(await openPage().take('/me'), { ticket, after: 0, endsAt: clock.now() + 49_000, isTheirs: false, appEndsAt: Infinity })
  t.equal(await openPage().take('/me'), null)
})

await t.test('saved tickets: those of several elements are returned one after the other', async (t) => {
  const { clock, openPage } = open()
  for (const id of ['t1', 't2']) openPage().leave(attempt(clock.now() + 50_000, id), null)
  t.strictSame([(await openPage().take(null))?.ticket.id, (await openPage().take(null))?.ticket.id, await openPage().take(null)], ['t1', 't2', null])
})

await t.test('saved tickets: a hidden page\'s ticket is returned when the page was thrown away, and not while it lives', async (t) => {
  const { clock, tab, locks, openPage } = open()
  const own = locks.ofPage()
  const hidden = openPage(undefined, own)
  hidden.use(attempt(clock.now() + 50_000))
  hidden.putAway(attempt(clock.now() + 50_000), null)
  const copied = tab.getItem('scan-login-tickets') ?? ''
  const takenByCopy = openPage().take(null)
  await setImmediate()
  clock.advance(2_000)
  t.equal(await takenByCopy, null, 'a copy of the tab has a copy of the storage')
  t.equal(tab.getItem('scan-login-tickets'), '[]', 'and keeps nothing that it could find when the first tab is gone')
  tab.setItem('scan-login-tickets', copied)
  own.endPage()
  t.equal((await openPage().take(null))?.ticket.id, 't1')
  t.equal(tab.getItem('scan-login-tickets'), '[]')
})

await t.test('saved tickets: a hidden page\'s ticket is returned when its process ends only after the next page has begun', async (t) => {
  const { clock, locks, openPage } = open()
  const own = locks.ofPage()
  const hidden = openPage(undefined, own)
  hidden.use(attempt(clock.now() + 50_000))
  hidden.putAway(attempt(clock.now() + 50_000), null)
  const taken = openPage().take(null)
  await setImmediate()
  own.endPage()
  clock.advance(2_000)
  t.equal((await taken)?.ticket.id, 't1')
})

await t.test('saved tickets: one whose page still lives is not forgotten when the next page goes away before it has asked again', async (t) => {
  const { clock, locks, openPage } = open()
  const own = locks.ofPage()
  const hidden = openPage(undefined, own)
  hidden.use(attempt(clock.now() + 50_000))
  hidden.putAway(attempt(clock.now() + 50_000), null)
  const goingAway = new AbortController()
  const taken = openPage().take(null, goingAway.signal)
  await setImmediate()
  goingAway.abort()
  t.equal(await taken, null)
  own.endPage()
  t.equal((await openPage().take(null))?.ticket.id, 't1')
})

await t.test('saved tickets: a copy of a hidden tab finds nothing either when its page is shown again, until that page has left the ticket to the next', async (t) => {
  const { clock, tab, openPage } = open()
  const page = openPage()
  const its = attempt(clock.now() + 50_000)
  page.use(its)
  page.putAway(its, null)
  const copied = tab.getItem('scan-login-tickets') ?? ''
  page.takeBack(its)
  t.equal(tab.getItem('scan-login-tickets'), '[]')
  tab.setItem('scan-login-tickets', copied)
  const taken = openPage().take(null)
  await setImmediate()
  clock.advance(2_000)
  t.equal(await taken, null)
  page.leave(its, null)
  t.equal(JSON.parse(tab.getItem('scan-login-tickets') ?? '').length, 1, 'what was put away is replaced')
  t.equal((await openPage().take(null))?.ticket.id, 't1')
})

await t.test('saved tickets: the next page is recognised as the ticket\'s user when the lock of the page before is released only later', async (t) => {
  const { clock, locks, openPage } = open()
  const before = locks.ofPage()
  before.hold('scan-login-ticket t1')
  openPage().leave(attempt(clock.now() + 50_000), null)
  const next = openPage()
  const its = await next.take(null)
  before.endPage()
  next.putAway(its ?? attempt(0), null)
  const taken = openPage().take(null)
  await setImmediate()
  clock.advance(2_000)
  t.equal(await taken, null)
})

await t.test('saved tickets: the one before is forgotten, and free, when the page uses another one or none', async (t) => {
  const { clock, tab, locks, openPage } = open()
  const page = openPage()
  for (const id of ['t1', 't2']) {
    page.use(attempt(clock.now() + 50_000, id))
    page.putAway(attempt(clock.now() + 50_000, id), null)
  }
  t.strictSame(JSON.parse(tab.getItem('scan-login-tickets') ?? '').map(({ ticket }: { ticket: { id: string } }) => ticket.id), ['t2'])
  t.not(await locks.ofPage().tryLock('scan-login-ticket t1'), null)
  page.use(null)
  t.equal(tab.getItem('scan-login-tickets'), '[]')
  t.not(await locks.ofPage().tryLock('scan-login-ticket t2'), null)
})

await t.test('saved tickets: a thrown away page\'s ticket waits for the page after the next when the next one goes away at once', async (t) => {
  const { clock, locks, openPage } = open()
  const own = locks.ofPage()
  const hidden = openPage(undefined, own)
  hidden.use(attempt(clock.now() + 50_000))
  hidden.putAway(attempt(clock.now() + 50_000), null)
  own.endPage()
  const goingAway = new AbortController()
  const taking = openPage().take(null, goingAway.signal)
  goingAway.abort()
  t.equal(await taking, null)
  t.equal((await openPage().take(null))?.ticket.id, 't1')
})

await t.test('saved tickets: a hidden page\'s ticket is not saved when the browser has no locks, as a copy of the tab would use it, too', async (t) => {
  const { clock, tab, openPage } = open()
  const page = openPage(undefined, noLocks)
  page.use(attempt(clock.now() + 50_000))
  page.putAway(attempt(clock.now() + 50_000), null)
  t.equal(tab.items.size, 0)
  page.leave(attempt(clock.now() + 50_000), null)
  t.equal((await openPage(undefined, noLocks).take(null))?.ticket.id, 't1')
})

await t.test('saved tickets: a ticket is not returned when it expired more than a minute ago', async (t) => {
  const { clock, tab, openPage } = open()
  openPage().leave(attempt(clock.now() + 50_000), null)
  clock.advance(109_000)
  const text = tab.getItem('scan-login-tickets') ?? ''
  t.equal((await openPage().take(null))?.endsAt, clock.now() - 59_000, 'its session can still be had')
  tab.setItem('scan-login-tickets', text)
  clock.advance(1_000)
  t.equal(await openPage().take(null), null)
})

await t.test('saved tickets: a ticket lives no longer than it can when the computer\'s clock is changed', async (t) => {
  const { clock, wallSkew, openPage } = open()
  openPage().leave(attempt(clock.now() + 50_000), null)
  wallSkew.ms = -86_400_000
  t.equal((await openPage().take(null))?.endsAt, clock.now() + 180_000)
})

await t.test('saved tickets: there are none when the browser forbids storage or what is stored is invalid', async (t) => {
  const { clock, tab, openPage } = open()
  const forbidden = (): never => { throw new Error('forbidden') }
  const none = createSavedTickets({ server: 'https://a.example/', store: { getItem: forbidden, setItem: forbidden }, locks: createSharedLocks().ofPage(), clock, wallClock: clock.now })
  none.leave(attempt(clock.now()), null)
  t.equal(await none.take(null, new AbortController().signal), null)
  const endsAt = clock.now() + 1_000
  const nonsense = ['', '{', '7', '{}', '[null]', '[7]', '[{"server":"https://a.example/"}]', JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt, ticket: { ...ticket, secret: 7 } }]),
    JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt: 'soon', ticket }]), JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt }])]
  for (const text of nonsense) {
    tab.setItem('scan-login-tickets', text)
    t.equal(await openPage().take(null), null, text)
  }
})
