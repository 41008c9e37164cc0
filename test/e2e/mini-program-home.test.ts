// The mini program's home page: sessions, signing out, and the shown name; the effects are checked in the browsers.
import t, { type Test } from 'tap'
import type { BrowserContextOptions } from 'playwright-core'
import { drawCode } from '../../src/demo/wechat-simulator/code-image.ts'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoServer, type DemoWindow } from '../support/demo-window.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())
const firefox = { userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0' }

/** A window with a browser and Alex's phone, just logged in. */
const logIn = async (t: Test, { url }: DemoServer, options: BrowserContextOptions = {}): Promise<DemoWindow> => {
  const window = await openWindow(t, chromium, url, options)
  await logInAgain(window)
  return window
}

const logInAgain = async (window: DemoWindow): Promise<void> => {
  const phone = window.phone()
  await phone.scan()
  await phone.button(await window.number()).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
}

const sessionStatus = async (window: DemoWindow, { url }: DemoServer): Promise<number> => (await window.page.context().request.get(`${url}/api/session`)).status()

await t.test('sign-out: the browser is logged out at once, its page shows it, and the other stays logged in when one of two is signed out on the phone', async (t) => {
  const server = await serveDemo(t)
  const here = await logIn(t, server)
  const there = await logIn(t, server, firefox)
  const phone = here.phone()
  await phone.button('My logins').click()
  await phone.says('Firefox · Windows')
  await phone.says('Chrome · Linux')
  await phone.app.getByText('This computer').first().waitFor()
  await phone.app.getByText(/^(?:just now|\d+ seconds? ago)$/).first().waitFor()
  t.equal(await phone.app.getByText('New', { exact: true }).count(), 2)
  const signOut = phone.button('Log out Firefox · Windows')

  await signOut.click()
  const dialog = phone.app.getByRole('dialog', { name: 'Log out Firefox · Windows? That device will have to scan again.' })
  await dialog.getByRole('button', { name: 'No' }).click()
  await dialog.waitFor({ state: 'detached' })
  t.equal(await sessionStatus(there, server), 200, 'no is no')
  t.equal(await signOut.count(), 1)

  await signOut.click()
  const answered = here.page.waitForResponse((response) => response.request().method() === 'DELETE')
  await dialog.getByRole('button', { name: 'Yes' }).click()
  t.equal((await answered).status(), 204)
  t.equal(await sessionStatus(there, server), 401, 'from the next request on')
  await there.siteSays("You're not logged in")
  await signOut.waitFor({ state: 'detached' })
  t.equal(await phone.button('Log out Chrome · Linux').count(), 1)
  await here.siteSays("You're logged in")
  t.equal(await sessionStatus(here, server), 200)

  await phone.button('Log out Chrome · Linux').click()
  await phone.app.getByRole('dialog').getByRole('button', { name: 'Yes' }).click()
  await phone.says('Not logged in anywhere')
  await here.siteSays("You're not logged in")
})

await t.test('E18 stolen phone: all browsers are logged out, after a confirmation, when the person signs out everywhere on another phone', async (t) => {
  const server = await serveDemo(t)
  const here = await logIn(t, server)
  const there = await logIn(t, server, firefox)
  const phone = here.phone()
  await phone.button('My logins').click()
  await phone.button('Log out everywhere').click()
  const dialog = phone.app.getByRole('dialog', { name: 'Log out all devices and your other phones? They will have to scan again. This phone stays logged in.' })
  await dialog.getByRole('button', { name: 'No' }).click()
  await dialog.waitFor({ state: 'detached' })
  t.equal(await sessionStatus(there, server), 200, 'no is no')
  await phone.button('Log out everywhere').click()
  await dialog.getByRole('button', { name: 'Yes' }).click()
  await phone.says('Not logged in anywhere')
  for (const window of [here, there]) {
    t.equal(await sessionStatus(window, server), 401)
    await window.siteSays("You're not logged in")
  }
  const other = there.phone()
  await other.button('My logins').click()
  await other.says('Not logged in anywhere') // this phone had to log in again
})

await t.test('sign-out: the list on the phone is up to date when it is opened again after a browser has logged out', async (t) => {
  const server = await serveDemo(t)
  const window = await logIn(t, server)
  const phone = window.phone()
  await phone.button('My logins').click()
  await phone.button('Log out Chrome · Linux').waitFor()
  await window.site.getByRole('button', { name: 'Log out' }).click()
  await window.siteSays("You've logged out")
  await phone.close()
  await phone.open()
  await phone.says('Not logged in anywhere')
  t.equal(await phone.button('Log out Chrome · Linux').count(), 0)
})

await t.test('sign-out: the browser stays in the list, with a message, when the phone is offline', async (t) => {
  const server = await serveDemo(t)
  const window = await logIn(t, server)
  const phone = window.phone()
  await phone.button('My logins').click()
  await phone.button('Log out Chrome · Linux').waitFor()
  await phone.flip('Flight mode')
  await phone.button('Log out Chrome · Linux').click()
  await phone.app.getByRole('dialog').getByRole('button', { name: 'Yes' }).click()
  await phone.says("You're offline. Try again once you are connected.")
  t.equal(await phone.button('Log out Chrome · Linux').count(), 1)
  t.equal(await sessionStatus(window, server), 200)
})

await t.test('name: it is on the page after the next login, and on the phone after a restart, when it has been saved', async (t) => {
  const server = await serveDemo(t)
  const window = await openWindow(t, chromium, server.url)
  const phone = window.phone()
  const input = phone.app.getByRole('textbox', { name: 'Display name (optional)' })
  await phone.open()
  await phone.says('WeChat user')
  await phone.button('Set a name').click()
  t.equal(await phone.button('Save').isDisabled(), true, 'nothing to save yet')
  await input.fill('小雨 <b>&')
  await phone.button('Save').click()
  await phone.says('Saved')
  await phone.says('小雨 <b>&')
  await input.waitFor({ state: 'detached' })
  await phone.close()
  await logInAgain(window)
  await window.siteSays('小雨 <b>&')

  await phone.button('My logins').click()
  await phone.says('小雨 <b>&')
  await phone.button('Change name').click()
  t.equal(await input.inputValue(), '小雨 <b>&')
  await phone.shell.getByRole('button', { name: 'More' }).click()
  await phone.shell.getByRole('button', { name: 'Reenter mini program' }).click()
  await phone.button('My logins').click()
  await phone.says('小雨 <b>&')
  await phone.button('Change name').click()
  t.equal(await input.inputValue(), '小雨 <b>&')
  await input.fill('')
  await input.press('Enter')
  await phone.says('WeChat user')

  await window.page.reload()
  await phone.open()
  await phone.says('WeChat user')
})

await t.test('home: its scanner leads to the login and back, and shows a message when a code is not of this site', async (t) => {
  const server = await serveDemo(t)
  const window = await openWindow(t, chromium, server.url)
  const phone = window.phone()
  await phone.open()
  await phone.scanAgain()
  await phone.button(await window.number()).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  await phone.shell.getByRole('button', { name: 'Back', exact: true }).click()
  await phone.button('Log out Chrome · Linux').waitFor()
  t.equal(await phone.shell.getByRole('heading', { level: 1, name: 'My logins' }).count(), 1)

  // Shown on the page, since this scanner takes no picture files.
  await window.page.route('**/other.png', (route) => route.fulfill({ contentType: 'image/png', body: drawCode('https://example.com/', 280, 'png') }))
  await window.page.frames().find((frame) => frame.url() === `${server.url}/me`)?.evaluate(`new Promise((resolve) => {
    const picture = new Image()
    picture.onload = () => resolve()
    picture.src = 'other.png'
    document.body.prepend(picture)
  })`)
  await phone.button('Scan to log in').click()
  await phone.says("That isn't this site's login code")
})
