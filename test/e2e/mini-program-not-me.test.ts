// The last chance: a person who sees on the phone which device is logged in, and that it isn't theirs, ends that login in one tap.
import type { Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoServer, type DemoWindow } from '../support/demo-window.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

const notMe = 'Not me: log it out'
const loggedOut = 'That device is logged out'

/** Scans and taps the right number, as the victim of a relayed code does. */
const confirmOn = async (window: DemoWindow) => {
  const phone = window.phone()
  await phone.scan()
  await phone.button(await window.number()).click()
  await phone.says('Chrome on Linux is logged in to Island Notes')
  return phone
}

const sessionStatus = async (window: DemoWindow, { url }: DemoServer): Promise<number> => (await window.page.context().request.get(`${url}/api/session`)).status()

const open = async (t: Test) => {
  const server = await serveDemo(t)
  return { server, window: await openWindow(t, chromium, server.url) }
}

await t.test('not me: the browser is logged out, and its page says so, when that is tapped after the login', async (t) => {
  const { server, window } = await open(t)
  const phone = await confirmOn(window)
  await window.siteSays("You're logged in")
  await phone.button(notMe).click()
  await phone.says(loggedOut)
  await phone.says('Never scan a login code someone sent you, or pass on a number.')
  t.equal(await phone.app.getByRole('button', { name: /^Scan/ }).count(), 0, 'no scanner for the next code')
  await window.siteSays("You're not logged in")
  t.equal(await sessionStatus(window, server), 401)
  await phone.button("See where you're logged in").click()
  await phone.says('Not logged in anywhere')
})

await t.test('not me: it can still be tapped when the number was tapped twice, and the second tap met the button that had come up there', async (t) => {
  const { window } = await open(t)
  const phone = window.phone()
  await phone.scan()
  const number = phone.button(await window.number())
  await number.click({ trial: true }) // as soon as it reacts
  const box = await number.boundingBox()
  if (box === null) throw new Error('no number in view')
  for (let taps = 0; taps < 2; taps++) {
    if (taps > 0) await phone.says('Chrome on Linux is logged in to Island Notes')
    await window.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  }
  await phone.button(notMe).click()
  await phone.says(loggedOut)
})

await t.test('not me: a login whose page hasn\'t taken the session yet is in the list of the phone, and can be logged out there', async (t) => {
  const { server, window } = await open(t)
  const held = Promise.withResolvers<Route>()
  await window.page.context().route('**/consume', (route) => { held.resolve(route) }, { times: 1 })
  const phone = await confirmOn(window)
  const consume = await held.promise
  await phone.button('My logins').click()
  await phone.says('Just confirmed, not logged in yet')
  t.equal(await phone.app.getByText('Not logged in anywhere').count(), 0)
  await phone.button('Log out Chrome · Linux').click()
  await phone.app.getByRole('dialog').getByRole('button', { name: 'Yes' }).click()
  await phone.says('Not logged in anywhere')
  const answered = window.page.waitForResponse('**/consume')
  await consume.continue()
  t.equal((await answered).status(), 409)
  t.equal(await sessionStatus(window, server), 401)
})

await t.test('not me: the browser never gets in, and its page shows a fresh code, when that is tapped before the page takes the session', async (t) => {
  const { server, window } = await open(t)
  const held = Promise.withResolvers<Route>()
  await window.page.context().route('**/consume', (route) => { held.resolve(route) }, { times: 1 })
  const phone = await confirmOn(window)
  const consume = await held.promise
  await phone.button(notMe).click()
  await phone.says(loggedOut)
  const answered = window.page.waitForResponse('**/consume')
  await consume.continue()
  t.equal((await answered).status(), 409)
  await window.code.waitFor()
  t.equal(await sessionStatus(window, server), 401)
  await phone.close()
  await confirmOn(window)
  await window.siteSays("You're logged in")
})

await t.test('not me: the phone says that the device may still be logged in, and tries again at a tap, when it was offline', async (t) => {
  const { server, window } = await open(t)
  const phone = await confirmOn(window)
  await window.siteSays("You're logged in")
  await phone.flip('Flight mode')
  await phone.button(notMe).click()
  await phone.app.getByRole('alert').getByText(/^That device may still be logged in\.\s+You're offline\./).waitFor()
  t.equal(await sessionStatus(window, server), 200)
  await phone.flip('Flight mode')
  await phone.button(notMe).click()
  await phone.says(loggedOut)
  t.equal(await sessionStatus(window, server), 401)
})
