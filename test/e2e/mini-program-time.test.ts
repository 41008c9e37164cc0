// Time in a login: expiry, and a phone whose clock is wrong.
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoServer, type DemoWindow } from '../support/demo-window.ts'

const server = await serveDemo(t)
/** A server whose clock no test moves. */
const exact = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test, { url }: DemoServer = server): Promise<DemoWindow> => openWindow(t, chromium, url)
const ticketTtlMs = 180_000
const phoneCalls = / \/api\/phone\//
const confirms = /\/confirm$/
const scans = /\/scan$/
const polls = /\?after=/

await t.test('expired: phone and page show it, and the page has a new code, when the ticket expires while both are open', async (t) => {
  const window = await open(t)
  await window.takeClock()
  const phone = window.phone()
  await phone.scan()
  await phone.choices()
  server.received(confirms)
  // The clocks of service and page are moved one after the other: a poll that is answered in between would make the page renew twice.
  const { promise: bothMoved, resolve: release } = Promise.withResolvers<void>()
  await window.page.route(polls, async (route) => {
    await bothMoved
    await route.continue()
  })
  await window.page.waitForRequest(polls)
  server.skip(ticketTtlMs)
  await window.page.clock.fastForward(ticketTtlMs)
  release()
  await phone.says('That code has expired')
  t.equal(await phone.numbers.count(), 0)
  await window.siteSays('Time ran out. Here is a new code')
  await phone.scanAgain()
  await phone.button(await window.number()).click()
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('expired: the tap is refused, and nobody is logged in, when only the service knows that the ticket has expired', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await phone.scan()
  const number = await window.number()
  await phone.choices()
  server.skip(ticketTtlMs)
  await phone.button(number).click()
  await phone.says('That code has expired')
  await window.siteSays('Time ran out. Here is a new code')
  await window.code.waitFor()
  t.equal((await window.page.context().request.get(`${server.url}/api/session`)).status(), 401)
})

await t.test('expired: the phone shows it, and later that the code is unknown, when the ticket had expired before the scan', async (t) => {
  const window = await open(t)
  const photograph = await window.photograph()
  const phone = await window.openPhone('Mei')
  server.skip(ticketTtlMs)
  await phone.scanPicture(photograph)
  await phone.says('That code has expired')
  await phone.close()
  server.skip(60_000)
  await phone.scanPicture(photograph)
  await phone.says("That isn't a login code")
  await window.siteSays('Scan with WeChat to log in')
  t.equal(await phone.button('Not me').count(), 0)
})

const note = "Your phone's clock is off. That's taken care of."

await t.test('clock: a login works, with a note on the home page, when the phone is an hour fast from the start', async (t) => {
  const window = await open(t, exact)
  const phone = window.phone()
  await phone.flip('Clock an hour fast')
  exact.received(phoneCalls)
  await phone.scan()
  await phone.says(/^(?:just now|\d+ seconds? ago) · /)
  await phone.button(await window.number()).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  t.strictSame(exact.received(phoneCalls).map((call) => call.replace(/.*\//, '')), ['login', 'scan', 'confirm'], 'nothing was sent twice')
  await phone.button('My logins').click()
  await phone.says(note)
})

await t.test('clock: it is corrected with one more request when the phone gets an hour fast later', async (t) => {
  const window = await open(t, exact)
  const phone = window.phone()
  await phone.scan()
  await phone.choices()
  await phone.button('Not me').click()
  await phone.button("See where you're logged in").click()
  await phone.flip('Clock an hour fast')
  exact.received(scans)
  await phone.scanAgain()
  const number = await window.number()
  await phone.says(/^(?:just now|\d+ seconds? ago) · /)
  t.equal(exact.received(scans).length, 2)
  await phone.button(number).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  t.equal(exact.received(confirms).length, 1)
})
