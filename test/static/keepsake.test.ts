import t from 'tap'
import { createKeepsake } from '../../static/scan-login/keepsake.js'
import { createFakeClock } from '../support/fake-clock.ts'
import { createStorage } from '../support/login-bench.ts'

const ticket = { id: 't1', secret: 's', version: 1, lifeMs: 180_000, codeUrl: 'https://a.example/code', linkUrl: null, maxWaitSeconds: 25 }

const open = () => {
  const clock = createFakeClock()
  const tab = createStorage()
  const skew = { ms: 0 }
  const keepsakeOf = (server: string) => createKeepsake({ server, store: tab, clock, wallClock: () => clock.now() + skew.ms })
  return { clock, tab, skew, keepsakeOf }
}

await t.test('keepsake: gives a ticket back once, to the same server and destination only', async (t) => {
  const { clock, keepsakeOf } = open()
  const mine = keepsakeOf('https://a.example/')
  mine.put({ ticket, after: 2, endsAt: clock.now() + 50_000, isTheirs: false }, '/me')
  clock.advance(1_000)
  t.equal(keepsakeOf('https://b.example/').take('/me'), null)
  t.equal(mine.take(null), null)
  t.strictSame(mine.take('/me'), { ticket, after: 0, endsAt: clock.now() + 49_000, isTheirs: false })
  t.equal(mine.take('/me'), null)
})

await t.test('keepsake: keeps the tickets of several elements apart, and gives them out one after the other', async (t) => {
  const { clock, keepsakeOf } = open()
  const mine = keepsakeOf('https://a.example/')
  for (const id of ['t1', 't2']) mine.put({ ticket: { ...ticket, id }, after: 1, endsAt: clock.now() + 50_000, isTheirs: false }, null)
  t.strictSame([mine.take(null)?.ticket.id, mine.take(null)?.ticket.id, mine.take(null)], ['t1', 't2', null])
})

await t.test('keepsake: gives no ticket back whose time has long been up', async (t) => {
  const { clock, tab, keepsakeOf } = open()
  const mine = keepsakeOf('https://a.example/')
  mine.put({ ticket, after: 1, endsAt: clock.now() + 50_000, isTheirs: false }, null)
  clock.advance(109_000)
  const text = tab.getItem('scan-login-tickets') ?? ''
  t.equal(mine.take(null)?.endsAt, clock.now() - 59_000, 'its session may still be had')
  tab.setItem('scan-login-tickets', text)
  clock.advance(1_000)
  t.equal(mine.take(null), null)
})

await t.test('keepsake: no change of the computer\'s clock makes a ticket live longer than it can', async (t) => {
  const { clock, skew, keepsakeOf } = open()
  const mine = keepsakeOf('https://a.example/')
  mine.put({ ticket, after: 1, endsAt: clock.now() + 50_000, isTheirs: false }, null)
  skew.ms = -86_400_000
  t.equal(mine.take(null)?.endsAt, clock.now() + 180_000)
})

await t.test('keepsake: is empty where a browser forbids storage or it holds nonsense', async (t) => {
  const { clock, tab, keepsakeOf } = open()
  const forbidden = (): never => { throw new Error('forbidden') }
  const none = createKeepsake({ server: 'https://a.example/', store: { getItem: forbidden, setItem: forbidden }, clock, wallClock: clock.now })
  none.put({ ticket, after: 1, endsAt: clock.now(), isTheirs: false }, null)
  t.equal(none.take(null), null)
  const endsAt = clock.now() + 1_000
  const nonsense = ['', '{', '7', '{}', '[null]', '[7]', '[{"server":"https://a.example/"}]', JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt, ticket: { ...ticket, secret: 7 } }]),
    JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt: 'soon', ticket }]), JSON.stringify([{ server: 'https://a.example/', returnTo: null, endsAt }])]
  for (const text of nonsense) {
    tab.setItem('scan-login-tickets', text)
    t.equal(keepsakeOf('https://a.example/').take(null), null, text)
  }
})
