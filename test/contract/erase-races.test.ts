/** A person deletes their data while their phone and their browsers go on, over several instances: nothing of before lives on, and nothing is left that a later deletion doesn't find. */
import t from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { openBalancedServices } from '../support/balanced-services.ts'
import { openBrowser } from '../support/clients.ts'
import { whileTimePasses } from '../support/fake-clock.ts'
import { cookieOf, verdict } from '../support/login.ts'
import { linesWith } from '../support/store-dump.ts'
import { turns } from '../support/waiting.ts'
import { onEveryStore } from './store-harness.ts'

const rounds = 40
const env = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }
const from = '198.51.100.7'

await onEveryStore(t, 'races: nothing lives on and nothing is left when a person deletes their data while they log in', async (t, { stores, dump }) => {
  const balancer = await openBalancedServices(t, stores, env)
  const seen = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const phone = await balancer.phone('ming')
    const [confirmed, scanned, fresh] = [await openBrowser(balancer, { from }), await openBrowser(balancer, { from }), await openBrowser(balancer)] // the last may stay nobody's
    for (const { ticket } of [confirmed, scanned]) await phone.scan(ticket)
    await phone.confirm(confirmed.ticket, await confirmed.matchCode())
    const number = await scanned.matchCode()
    const late = async <T>(factor: number, work: () => Promise<T>): Promise<T> => {
      await turns((round * factor) % 37)
      return await work()
    }
    const [erased, ...answers] = await whileTimePasses(balancer.clock, Promise.all([
      late(5, () => phone.signed({ method: 'DELETE', path: '/api/phone/person' })),
      late(7, () => confirmed.consume()),
      late(11, () => confirmed.consume()),
      late(13, () => phone.scan(fresh.ticket)),
      late(3, () => phone.confirm(scanned.ticket, number)),
      late(17, () => phone.rename(`Anna ${round}`)),
      late(19, () => balancer.phone('ming').then(({ sessions }) => sessions())),
    ]))
    t.equal(verdict(erased), '204', `round ${round}`)
    for (const answer of answers) seen.set(verdict(answer), (seen.get(verdict(answer)) ?? 0) + 1)
    t.strictSame(answers.filter(({ status }) => status >= 500).map(verdict), [], `round ${round}`)
    for (const answer of answers.slice(0, 2).filter(({ status }) => status === 200)) {
      t.equal((await balancer.call({ path: '/api/session', headers: { cookie: cookieOf(answer) } })).status, 401, `round ${round}: no session lives on`)
    }
    for (const browser of [confirmed, scanned]) t.not((await browser.consume()).status, 200, `round ${round}: no login goes on`)
    t.equal(verdict(await (await balancer.phone('ming')).signed({ method: 'DELETE', path: '/api/phone/person' })), '204')
    t.strictSame(linesWith(await dump(), [phone.sub, handleOf(phone.sub), 'anna', from]), [], `round ${round}: a deletion finds everything`)
  }
  t.ok(seen.size > 1, [...seen].join(' '))
})
