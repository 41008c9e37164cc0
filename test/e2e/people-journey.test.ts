/** An owner who only has their phone decides who may log in: in Chromium, with the demo's phones and the browsers of two computers. */
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoServer, type DemoWindow, type Phone } from '../support/demo-window.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

const asked = "The owner hasn't let you in yet"
const loggedIn = "You're logged in"
const loggedOut = "You're not logged in"

/** The demo with two phones: of the owner, and of a stranger. */
const open = async (t: Test, registration: 'open' | 'approval' | 'closed') => {
  const server = await serveDemo(t)
  const window = await openWindow(t, chromium, server.url)
  await choose(window, registration)
  const owner = window.phone()
  const stranger = await window.addPhone()
  return { server, window, owner, stranger }
}

const choose = async ({ page }: DemoWindow, registration: 'open' | 'approval' | 'closed'): Promise<void> => {
  const stored = page.waitForResponse((response) => response.url().endsWith('/demo/registration') && response.request().method() === 'PUT')
  await page.locator('#registration').selectOption(registration)
  await stored
}

/** Scans the website's code as from WeChat's front page. */
const scanAfresh = async (phone: Phone): Promise<void> => {
  await phone.close()
  await phone.scan()
}

const sessionStatus = async (context: BrowserContext, { url }: DemoServer): Promise<number> => (await context.request.get(`${url}/api/session`)).status()

/** A second computer at the login page, whose code the phone gets as a picture. */
const openComputer = async (t: Test, { url }: DemoServer): Promise<Page> => {
  const context = await chromium.newContext({ locale: 'en-US', reducedMotion: 'reduce' })
  t.teardown(() => context.close())
  const page = await context.newPage()
  await page.goto(`${url}/login`)
  await page.locator('.code-image').waitFor()
  return page
}

await t.test('owner\'s phone: lets a stranger in, and blocks them on both of their computers, when REGISTRATION is approval', async (t) => {
  const { server, window, owner, stranger } = await open(t, 'approval')
  await window.siteSays('Scan with WeChat to log in')
  const code = await window.code.getAttribute('src')
  await stranger.scan()
  await stranger.says(asked)
  await stranger.says('They have been asked. Scan again when you have been let in.')
  t.equal(await window.code.getAttribute('src'), code, 'the page keeps its code')

  await owner.open()
  await owner.button(/^1 person waits to be let in/).click()
  await owner.button(/^Let in wx-/).click()
  await owner.says(/^wx-[a-z2-7]{16} can log in now$/)
  await owner.says('Nobody waits to be let in')

  await scanAfresh(stranger)
  t.equal(await window.code.getAttribute('src'), code, 'still the same code')
  await stranger.button(await window.number()).click()
  await window.siteSays(loggedIn)
  const computer = await openComputer(t, server)
  await stranger.close()
  await stranger.scanPicture(await computer.screenshot())
  await stranger.button("It's me").click() // a picture may have come from anybody
  await stranger.button(await computer.locator('.layer:not(.leaving) .number').innerText()).click()
  await computer.getByText(loggedIn).waitFor()
  const computers = [window.page.context(), computer.context()]
  t.strictSame(await Promise.all(computers.map((context) => sessionStatus(context, server))), [200, 200])

  await owner.app.getByRole('tab', { name: 'Active' }).click()
  await owner.button(/^Block wx-/).click()
  await owner.button('Yes').click()
  await owner.says(/^wx-[a-z2-7]{16} is blocked and logged out$/)
  t.strictSame(await Promise.all(computers.map((context) => sessionStatus(context, server))), [401, 401], 'at the next call')
  await window.siteSays(loggedOut)
  await computer.getByText(loggedOut).waitFor()

  await stranger.button('My logins').click()
  await stranger.says("This site doesn't let you log in")
  await window.startOver()
  await scanAfresh(stranger)
  await stranger.says("This site doesn't let you log in")
  await window.siteSays('Scan with WeChat to log in')

  await owner.app.getByRole('tab', { name: 'Blocked' }).click()
  await owner.button(/^Let in again wx-/).click()
  await owner.says('Nobody is blocked')
  await scanAfresh(stranger)
  await stranger.button(await window.number()).click()
  await window.siteSays(loggedIn)
})

await t.test('owner\'s phone: nobody else sees that there is a list of people', async (t) => {
  const { window, owner, stranger } = await open(t, 'open')
  await stranger.scan()
  await stranger.button(await window.number()).click()
  await window.siteSays(loggedIn)
  await stranger.button('My logins').click()
  await stranger.button(/^Log out Chrome/).waitFor()
  t.equal(await stranger.button(/^People/).count(), 0)
  await owner.open()
  await owner.button(/^People/).waitFor()
})

await t.test('owner\'s phone: a person who deletes their data is out at once, and a newcomer who has to ask when they come back', async (t) => {
  const { server, window, owner, stranger } = await open(t, 'open')
  await stranger.scan()
  await stranger.button(await window.number()).click()
  await window.siteSays(loggedIn)
  await choose(window, 'approval')
  await stranger.button('My logins').click()
  await stranger.button('Delete my data').click()
  await stranger.button('Yes').click()
  await stranger.says('Your data is deleted')
  t.equal(await sessionStatus(window.page.context(), server), 401)
  await window.siteSays(loggedOut)

  await window.startOver()
  await scanAfresh(stranger)
  await stranger.says(asked)
  await owner.open()
  await owner.button(/^1 person waits to be let in/).waitFor()
})

await t.test('owner\'s phone: the owner comes in and a stranger does not, when REGISTRATION is closed', async (t) => {
  const { window, owner, stranger } = await open(t, 'closed')
  await stranger.scan()
  await stranger.says("This site doesn't know you yet")
  await window.siteSays('Scan with WeChat to log in')
  await owner.scan()
  await owner.button(await window.number()).click()
  await window.siteSays(loggedIn)
  await owner.button('My logins').click()
  await owner.button(/^People/).waitFor()
  t.equal(await owner.button(/waits to be let in/).count(), 0, 'nobody has been asked for')
})
