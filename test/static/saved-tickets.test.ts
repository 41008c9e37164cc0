import t from 'tap'
import { createSavedTickets } from '../../static/scan-login/saved-tickets.js'
import { createFakeClock } from '../support/fake-clock.ts'
import { createStorage } from '../support/login-harness.ts'

const ticket = { id: 't1', secret: 's', version: 1, lifeMs: 180_000, codeUrl: 'https://a.example/code', linkUrl: null, maxWaitSeconds: 25 }

const open = () => {
  const clock = createFakeClock()
  const tab = createStorage()
  const wallSkew = { ms: 0 }
  const savedTicketsOf = (server: string) => createSavedTickets({ server, store: tab, clock, wallClock: () => clock.now() + wallSkew.ms })
  return { clock, tab, wallSkew, savedTicketsOf }
}

await t.test('saved tickets: a ticket is returned once, for the same server and destination only', async (t) => {
  const { clock, savedTicketsOf } = open()
  const saved = savedTicketsOf('https://a.example/')
  saved.save({ ticket, after: 2, endsAt: clock.now() + 50_000, isTheirs: false }, '/me')
  clock.advance(1_000)
  t.equal(savedTicketsOf('https://b.example/').take('/me'), null)
  t.equal(saved.take(null), null)
  t.strictSame(saved.take('/me'), { ticket, after: 0, endsAt: clock.now() + 49_000, isTheirs: false })
  t.equal(saved.take('/me'), null)
})

await t.test('saved tickets: those of several elements are returned one after the other', async (t) => {
  const { clock, savedTicketsOf } = open()
  const saved = savedTicketsOf('https://a.example/')
  for (const id of ['t1', 't2']) saved.save({ ticket: { ...ticket, id }, after: 1, endsAt: clock.now() + 50_000, isTheirs: false }, null)
  t.strictSame([saved.take(null)?.ticket.id, saved.take(null)?.ticket.id, saved.take(null)], ['t1', 't2', null])
})

await t.test('saved tickets: a ticket is not returned when it expired more than a minute ago', async (t) => {
  const { clock, tab, savedTicketsOf } = open()
  const saved = savedTicketsOf('https://a.example/')
  saved.save({ ticket, after: 1, endsAt: clock.now() + 50_000, isTheirs: false }, null)
  clock.advance(109_000)
  const text = tab.getItem('scan-login-tickets') ?? ''
  t.equal(saved.take(null)?.endsAt, clock.now() - 59_000, 'its session can still be had')
  tab.setItem('scan-login-tickets', text)
  clock.advance(1_000)
  t.equal(saved.take(null), null)
})

await t.test('saved tickets: a ticket lives no longer than it can when the computer\'s clock is changed', async (t) => {
  const { clock, wallSkew, savedTicketsOf } = open()
  const saved = savedTicketsOf('https://a.example/')
  saved.save({ ticket, after: 1, endsAt: clock.now() + 50_000, isTheirs: false }, null)
  wallSkew.ms = -86_400_000
  t.equal(saved.take(null)?.endsAt, clock.now() + 180_000)
})

await t.test('saved tickets: there are none when the browser forbids storage or what is stored is invalid', async (t) => {
  const { clock, tab, savedTicketsOf } = open()
  const forbidden = (): never => { throw new Error('forbidden') }
  const none = createSavedTickets({ server: 'https://a.example/', store: { getItem: forbidden, setItem: forbidden }, clock, wallClock: clock.now })
  none.save({ ticket, after: 1, endsAt: clock.now(), isTheirs: false }, null)
  t.equal(none.take(null), null)
  const endsAt = clock.now() + 1_000
  const nonsense = ['', '{', '7', '{}', '[null]', '[7]', '[{"server":"https://a.example/"}]', JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt, ticket: { ...ticket, secret: 7 } }]),
    JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt: 'soon', ticket }]), JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt }])]
  for (const text of nonsense) {
    tab.setItem('scan-login-tickets', text)
    t.equal(savedTicketsOf('https://a.example/').take(null), null, text)
  }
})
