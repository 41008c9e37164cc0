/** A confirmed login that its person ends while its browser gets the session, over several instances: whoever is faster, no session lives on. */
import t from 'tap'
import { openBalancedServices } from '../support/balanced-services.ts'
import { openBrowser } from '../support/clients.ts'
import { whileTimePasses } from '../support/fake-clock.ts'
import { cookieOf } from '../support/login.ts'
import { turns } from '../support/waiting.ts'
import { onEveryStore } from './store-harness.ts'

const rounds = 60
const env = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }

await onEveryStore(t, 'races: no session lives on when a login is ended while its browser gets it', async (t, { stores }) => {
  const balancer = await openBalancedServices(t, stores, env)
  const phone = await balancer.phone('ming')
  const seen = { opened: 0, refused: 0 }
  for (let round = 0; round < rounds; round++) {
    const browser = await openBrowser(balancer)
    await phone.scan(browser.ticket)
    const { session: id } = (await phone.confirm(browser.ticket, await browser.matchCode())).json
    const consume = async (delay: number) => {
      await turns(delay)
      return await browser.consume()
    }
    const end = async (delay: number) => {
      await turns(delay)
      const { status } = await phone.signOut(id, browser.ticket)
      t.equal(status, 204)
    }
    const acts = [consume((round * 3) % 41), consume((round * 7) % 53), end((round * 5) % 47), end((round * 11) % 59)]
    const answers = (await whileTimePasses(balancer.clock, Promise.all(acts))).filter((answer) => answer !== undefined)
    answers.push(await browser.consume())
    t.equal(answers.at(-1)?.status, 409, 'afterwards')
    for (const answer of answers) {
      seen[answer.status === 200 ? 'opened' : 'refused']++
      if (answer.status === 200) t.equal((await balancer.call({ path: '/api/session', headers: { cookie: cookieOf(answer) } })).status, 401, `round ${round}`)
      else t.equal(answer.json.code, 'ticket-consumed')
    }
    t.strictSame((await phone.sessions()).json.sessions, [], `round ${round}`)
  }
  t.ok(seen.opened > 0 && seen.refused > rounds, `both came first: ${JSON.stringify(seen)}`)
})
