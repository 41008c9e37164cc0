/** Several instances on one store, with concurrent calls: each edge has one winner, each login one session. */
import t from 'tap'
import { openBalancedServices } from '../support/balanced-services.ts'
import { openBrowser, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { whileTimePasses } from '../support/fake-clock.ts'
import type { Answer } from '../support/test-service.ts'
import { turns } from '../support/waiting.ts'
import { onEveryStore } from './store-harness.ts'
import { otherNumber } from '../support/seeded-random.ts'

const rounds = 200
const env = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }

const outcomeOf = ({ status, json }: Answer): string => json?.code === undefined ? String(status) : `${status} ${json.code}`
const count = (answers: readonly string[], wanted: string): number => answers.filter((answer) => answer === wanted).length

await onEveryStore(t, 'races: each of 200 rounds has exactly one winner when all calls come at once', async (t, { stores }) => {
  const balancer = await openBalancedServices(t, stores, env)
  const { clock } = balancer
  /** All people so far. After a wrong number a person would have to type, and then to wait, so another person takes their place. */
  const allPeople: TestPhone[] = []
  const anotherPerson = async (): Promise<TestPhone> => {
    const phone = await balancer.phone(`person ${allPeople.length}`)
    allPeople.push(phone)
    return phone
  }
  const people: TestPhone[] = []
  for (let n = 0; n < 3; n++) people.push(await anotherPerson())

  let logins = 0
  for (let round = 0; round < rounds; round++) {
    const browser = await openBrowser(balancer)
    const owner = await raceToScan(browser)
    const number = await browser.matchCode()
    if (await raceToDecide(browser, owner, number, round) === 'confirmed') {
      await raceToConsume(browser)
      logins++
    }
  }
  t.ok(logins > 0 && logins < rounds, `there were both outcomes: ${logins} logins`)
  const sessions = await Promise.all(allPeople.map(async (phone) => (await phone.sessions()).json.sessions.length as number))
  t.equal(sessions.reduce((sum, n) => sum + n, 0), logins, 'as many sessions as logins')

  async function raceToScan (browser: TestBrowser): Promise<TestPhone> {
    const answers = await Promise.all([...people, ...people].map(async (phone) => ({ phone, answer: await phone.scan(browser.ticket) })))
    const winners = new Set(answers.filter(({ answer }) => answer.status === 200).map(({ phone }) => phone))
    const others = answers.filter(({ answer }) => answer.status !== 200).map(({ answer }) => outcomeOf(answer))
    const [owner] = winners
    if (owner === undefined || winners.size !== 1 || others.some((answer) => answer !== '409 ticket-taken')) t.fail(`scan: ${answers.map(({ answer }) => outcomeOf(answer)).join()}`)
    return owner as TestPhone // the test has failed otherwise
  }

  /** Confirms, cancels, confirms with a wrong number and gives up, each with a delay that changes from round to round. */
  async function raceToDecide (browser: TestBrowser, owner: TestPhone, number: string, round: number): Promise<string> {
    const acts = [
      () => owner.confirm(browser.ticket, number),
      () => owner.confirm(browser.ticket, number),
      () => owner.cancel(browser.ticket),
      () => browser.giveUp(),
      () => owner.confirm(browser.ticket, otherNumber(number)),
    ]
    const answers = (await whileTimePasses(clock, Promise.all(acts.map(async (act, i) => {
      await turns((round * (i + 3)) % 61)
      return await act()
    })))).map(outcomeOf)
    const { state, version } = (await browser.poll()).json as { state: string, version: number }
    // A wrong number may count for the person even if another call ended the ticket first.
    if (state === 'cancelled') people[people.indexOf(owner)] = await anotherPerson()
    t.equal(version, 3, `exactly one edge in round ${round}: ${answers.join()}`)
    if (state === 'cancelled') t.ok(count(answers, '403 match-wrong') <= 1 && count(answers, '409 ticket-confirmed') === 0, answers.join())
    else t.equal(count(answers, '403 match-wrong') + count(answers, '204'), 0, answers.join())
    return state
  }

  async function raceToConsume (browser: TestBrowser): Promise<void> {
    const answers = await Promise.all([1, 2, 3, 4].map(() => browser.consume()))
    const sids = answers.map(({ json }) => JSON.parse(Buffer.from(json.access_token.split('.')[1], 'base64url').toString()).sid as string)
    t.equal(new Set(sids).size, 1, 'one session')
    t.equal(new Set(answers.map(({ headers }) => String(headers['set-cookie']))).size, 1, 'one cookie')
    t.hasStrict((await browser.poll()).json, { state: 'consumed', version: 4 })
  }
})
