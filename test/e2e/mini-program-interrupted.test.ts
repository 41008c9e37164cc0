// A login that something comes between: the phone goes to the background, or the network goes.
import type { Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test): Promise<DemoWindow> => openWindow(t, chromium, server.url)
const confirms = /\/confirm$/

/** Taps the number, and holds that request; it ends when the mini program is cut off in the background. */
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

await t.test('background: the phone knows that it is done when the confirmation had arrived and only its answer was cut off', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(confirms)
  await interrupt(window, (route) => route.fetch())
  await phone.says("You're in")
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('background: the numbers are there again, and work, when the confirmation was cut off before it arrived', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(confirms)
  await interrupt(window, () => Promise.resolve())
  const choices = await phone.choices()
  const number = await window.number()
  t.ok(choices.includes(number))
  t.strictSame(server.received(confirms), [], 'a yes is never repeated by itself')
  await phone.button(number).click()
  await phone.says("You're in")
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('background: the numbers stay when the phone was away for a moment, and long', async (t) => {
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

await t.test('network: the login waits and goes on when it was lost before the tap and is back', async (t) => {
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
  await phone.says("You're in")
  await window.siteSays("You're logged in")
})

await t.test('network: the phone says that it is offline, and goes on once it is not, when it scans in flight mode', async (t) => {
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
    await phone.says('Login cancelled')
    await phone.close()
  }
})
