/** The login page when its person is blocked, or deletes their data, between their confirmation and the session, in Chromium. */
import type { Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo } from '../support/demo-window.ts'

const chromium = await launchChromium()
t.teardown(() => chromium.close())

/** A stranger has confirmed, and the page's call for its session waits on the way. */
const confirmed = async (t: Test) => {
  const server = await serveDemo(t)
  const window = await openWindow(t, chromium, server.url)
  const stranger = await window.addPhone()
  let hold = (_route: Route): void => {}
  const held = new Promise<Route>((resolve) => { hold = resolve })
  await window.page.context().route('**/consume', (route) => { hold(route) }, { times: 1 })
  await stranger.scan()
  await stranger.button(await window.number()).click()
  return { server, window, stranger, consume: await held }
}

await t.test('refused page: it says that the site doesn\'t let the person log in, and has a new code once asked, when the owner blocks them before the session', async (t) => {
  const { server, window, stranger, consume } = await confirmed(t)
  const owner = window.phone()
  await owner.open()
  await owner.button(/^People/).click()
  await owner.button(/^Block wx-/).click()
  await owner.button('Yes').click()
  await owner.says(/ is blocked and logged out$/)
  server.received(/^$/)
  await consume.continue()
  await window.siteSays("This site doesn't let you log in")
  await window.siteSays("Ask its owner if you think that's wrong")
  t.equal((await window.page.context().request.get(`${server.url}/api/session`)).status(), 401)

  await stranger.button('My logins').click()
  await stranger.says("This site doesn't let you log in")
  t.equal(server.received(/consume$/).length, 1, 'asked once')
  await window.site.getByRole('button', { name: 'Show a new code' }).click()
  await window.siteSays('Scan with WeChat to log in')
  await owner.close()
  await owner.scan()
  await owner.button(await window.number()).click()
  await window.siteSays("You're logged in")
})

await t.test('refused page: it has a new code, and nobody is logged in, when the person deletes their data before the session: the service knows nothing of that login any more', async (t) => {
  const { server, window, stranger, consume } = await confirmed(t)
  await stranger.button('My logins').click()
  await stranger.button('Delete my data').click()
  await stranger.button('Yes').click()
  await stranger.says('Your data is deleted')
  await consume.continue()
  await window.siteSays('Time ran out. Here is a new code')
  t.equal((await window.page.context().request.get(`${server.url}/api/session`)).status(), 401)
})
