// Interrupted logins: the phone goes to the background or offline.
import type { Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test): Promise<DemoWindow> => openWindow(t, chromium, server.url)
const confirms = /\/confirm$/

/** Taps the number and holds that request until the mini program is suspended in the background, which aborts it. */
const interrupt = async (window: DemoWindow, held: (route: Route) => Promise<unknown>): Promise<void> => {
  const { page } = window
  await window.takeClock()
  const phone = window.phone()
  await phone.scan()
  const number = await window.number()
  await phone.choices()
  const isHeld = Promise.withResolvers<undefined>()
  await page.context().route('**/confirm', async (route) => {
    await held(route)
    isHeld.resolve(undefined)
  }, { times: 1 })
  await phone.button(number).click()
  await phone.says('Logging in…')
  await isHeld.promise
  const cut = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/confirm'))
  await phone.goHome()
  await page.clock.fastForward(5_001)
  await cut
  await phone.comeBack()
}

await t.test('background: the phone shows the login as done when the confirmation has arrived and only its answer was aborted', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(confirms)
  await interrupt(window, (route) => route.fetch())
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('background: the numbers are shown again, and work, when the confirmation was aborted before it arrived', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(confirms)
  await interrupt(window, () => Promise.resolve())
  const choices = await phone.choices()
  const number = await window.number()
  t.ok(choices.includes(number))
  t.strictSame(server.received(confirms), [], 'a confirmation is never repeated automatically')
  await phone.button(number).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('background: the numbers stay when the phone was away, briefly or long', async (t) => {
  const window = await open(t)
  await window.takeClock()
  const phone = window.phone()
  await phone.scan()
  const number = await window.number()
  const choices = await phone.choices()
  for (const awayMs of [1_000, 30_000]) {
    await phone.goHome()
    await window.page.clock.fastForward(awayMs)
    await phone.comeBack()
    t.strictSame(await phone.choices(), choices)
  }
  await phone.button(number).click()
  await window.siteSays("You're logged in")
})

await t.test('network: the login goes on when the phone was offline at the tap and is online again', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await phone.scan()
  const number = await window.number()
  await phone.choices()
  server.received(confirms)
  await phone.flip('Flight mode')
  await phone.button(number).click()
  await phone.says("You're offline")
  await phone.button('Try again').click()
  await phone.says("You're offline")
  await phone.flip('Flight mode')
  await phone.button('Try again').click()
  await phone.choices()
  t.strictSame(server.received(confirms), [])
  await phone.button(number).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
})

await t.test('network: the phone shows that it is offline, and goes on once it is online, when it scans in flight mode', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  for (const state of ['the mini program was cold', 'it was warm']) {
    await phone.flip('Flight mode')
    await phone.scan()
    await phone.says("You're offline")
    await phone.flip('Flight mode')
    await phone.button('Try again').click()
    t.equal((await phone.choices()).length, 3, state)
    await phone.button('Not me').click()
    await phone.says('Refused. Nobody was logged in')
    await phone.close()
  }
})

/** Breaks the connection of the next request to an address, as a phone does that wakes up with one that the network has dropped meanwhile. */
const cutNext = (window: DemoWindow, address: string): Promise<unknown> =>
  window.page.context().route(address, (route) => route.abort('connectionreset'), { times: 1 })

await t.test('network: scan, list and login go on by themselves when their first request meets a connection that is gone', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  for (const address of ['**/api/phone/login', '**/scan', '**/api/phone/sessions']) await cutNext(window, address)
  await phone.scan()
  const number = await window.number()
  t.equal((await phone.choices()).length, 3)
  await phone.button(number).click()
  await phone.says(/ is logged in to /)
  await phone.button('My logins').click()
  await phone.says('Chrome · Linux')
})

await t.test('network: a confirmation is not sent again by itself when its request meets a connection that is gone', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await phone.scan()
  const number = await window.number()
  await phone.choices()
  server.received(confirms)
  await cutNext(window, '**/confirm')
  await phone.button(number).click()
  await phone.says("The site doesn't answer. Please try again.")
  t.strictSame(server.received(confirms), [])
  await phone.button('Try again').click()
  await phone.choices()
  await phone.button(number).click()
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('network: the phone says that the site doesn\'t answer, keeps its key and goes on when a proxy answers in the service\'s place', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await phone.open()
  await phone.says('WeChat user')
  await phone.close()
  server.received(/./)
  for (const [status, contentType, body] of [[404, 'text/html', '<h1>404 page not found</h1>'], [401, 'application/json', '{"code":"key-unknown"}'], [503, 'text/plain', 'no available server']] as const) {
    await window.page.context().route('**/scan', (route) => route.fulfill({ status, contentType, body }), { times: 1 })
    await window.startOver()
    await phone.scan()
    await phone.says("The site doesn't answer. Please try again.")
    await phone.button('Try again').click()
    t.equal((await phone.choices()).length, 3, String(status))
    await phone.close()
  }
  t.strictSame(server.received(/\/api\/phone\/login$/), [])
})
