// The service killed and started again on the embedded store: whatever was answered with success is still there.
import t from 'tap'
import { openBrowser, openPhone, type TestBrowser, type TestPhone } from '../support/clients.ts'
import type { Answer, Call } from '../support/test-service.ts'
import { openDeployment, type RunningProcess, type Deployment } from '../support/service-process.ts'

const killed = async (running: RunningProcess): Promise<void> => {
  running.kill('SIGKILL')
  await running.ended
}

const confirmed = async (deployment: Deployment, phone: TestPhone): Promise<TestBrowser> => {
  const browser = await openBrowser(deployment)
  await phone.scan(browser.ticket)
  await phone.confirm(browser.ticket, await browser.matchCode())
  return browser
}

const cookieOf = (consumed: Answer): string => String(consumed.headers['set-cookie']).replace(/;.*/, '')

const whoAmI = (deployment: Deployment, headers: Record<string, string>): Promise<Answer> => deployment.call({ path: '/api/session', headers })

await t.test('restart: logins, sessions and keys continue when the process was killed', async (t) => {
  const deployment = await openDeployment(t)
  const first = await deployment.start()
  const phone = await deployment.phone()

  const loggedIn = await (await confirmed(deployment, phone)).consume()
  t.equal(loggedIn.status, 200)
  const waiting = await confirmed(deployment, phone)
  const scanned = await openBrowser(deployment)
  t.equal((await phone.scan(scanned.ticket)).status, 200)
  const onScreen = await openBrowser(deployment)
  const loggedOut = cookieOf(await (await confirmed(deployment, phone)).consume())
  t.equal((await deployment.call({ method: 'DELETE', path: '/api/session', headers: { cookie: loggedOut, 'sec-fetch-site': 'same-origin' } })).status, 204)

  await killed(first)
  await deployment.start()

  const byCookie = await whoAmI(deployment, { cookie: cookieOf(loggedIn) })
  t.hasStrict(byCookie, { status: 200, json: { user: { sub: phone.sub } } })
  const byToken = await whoAmI(deployment, { authorization: `Bearer ${loggedIn.json.access_token}` })
  t.hasStrict(byToken, { status: 200, json: byCookie.json })
  t.equal((await whoAmI(deployment, { cookie: loggedOut })).status, 401, 'a person who has logged out stays logged out')

  t.hasStrict((await phone.scan(onScreen.ticket)), { status: 200, json: { state: 'scanned', version: 2 } }, 'a phone key still works')
  const { match_code: matchCode } = (await onScreen.poll(1, 5)).json
  t.hasStrict(await phone.confirm(onScreen.ticket, matchCode), { status: 200, json: { state: 'confirmed' } })
  t.hasStrict(await onScreen.consume(), { status: 200, json: { user: { sub: phone.sub } } })

  t.hasStrict(await phone.confirm(scanned.ticket, await scanned.matchCode()), { status: 200, json: { state: 'confirmed', version: 3 } })
  t.equal((await scanned.consume()).status, 200)

  const late = await waiting.consume()
  t.equal(late.status, 200)
  t.equal((await whoAmI(deployment, { cookie: cookieOf(late) })).status, 200)
  t.equal((await phone.sessions()).json.sessions.length, 4)
})

await t.test('restart: a signed call is not accepted twice when the process was killed in between', async (t) => {
  const deployment = await openDeployment(t)
  const first = await deployment.start()
  let last: Call = { path: '/' }
  const recorded = { call: (call: Call) => deployment.call(last = call) }
  const phone = await openPhone(recorded, { jsCode: deployment.simulator.jsCode('ming'), authority: new URL(deployment.url).host })
  t.equal((await phone.sessions()).status, 200)
  await killed(first)
  await deployment.start()
  t.hasStrict(await deployment.call(last), { status: 401, json: { code: 'replayed' } })
  t.equal((await phone.sessions()).status, 200)
})

await t.test('restart: every login that was answered holds, and none exists twice, when the process was killed in the middle of fifty', async (t) => {
  const deployment = await openDeployment(t)
  const first = await deployment.start()
  const people = Array.from({ length: 50 }, (_, index) => `person-${index}`)
  const logins = await Promise.all(people.map(async (person) => {
    const phone = await deployment.phone(person)
    return { phone, browser: await confirmed(deployment, phone) }
  }))

  const answers: Answer[] = []
  const outcomes = await Promise.all(logins.map(async ({ phone, browser }) => {
    const answer = await browser.consume().catch(() => undefined)
    if (answer !== undefined && answers.push(answer) === 5) first.kill('SIGKILL')
    return { phone, browser, answer }
  }))
  await first.ended
  t.comment(`${outcomes.filter(({ answer }) => answer === undefined).length} of 50 were cut off`)
  t.ok(answers.every(({ status }) => status === 200))
  await deployment.start()

  const cookies = await Promise.all(outcomes.map(async ({ phone, browser, answer }) => {
    if (answer !== undefined) {
      t.hasStrict(await whoAmI(deployment, { cookie: cookieOf(answer) }), { status: 200, json: { user: { sub: phone.sub } } })
      t.equal((await whoAmI(deployment, { authorization: `Bearer ${answer.json.access_token}` })).status, 200)
    }
    const again = await browser.consume()
    t.equal(again.status, 200)
    if (answer !== undefined) t.equal(cookieOf(again), cookieOf(answer), 'the same session')
    t.equal((await phone.sessions()).json.sessions.length, 1)
    return cookieOf(again)
  }))
  t.equal(new Set(cookies).size, people.length)
})
