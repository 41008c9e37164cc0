// `wx.login` and the page's code: how often WeChat is called, and what is shown when it fails.
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, scanWithoutKey, serveDemo, type DemoWindow } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test): Promise<DemoWindow> => {
  server.simulator.clearFaults()
  return openWindow(t, chromium, server.url)
}
const jsCodes = /\/demo\/js-code$/
const logins = /\/api\/phone\/login$/

/** The message for no answer or an unexpected one. */
const unavailable = "WeChat isn't responding right now. Please try again later."

await t.test('wx.login: the phone shows a message, and goes on after another try, when it gives no js_code', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await window.page.context().route('**/demo/js-code', (route) => route.abort())
  server.received(logins)
  await phone.scan()
  await phone.says(unavailable)
  t.strictSame(server.received(logins), [])
  await window.page.context().unroute('**/demo/js-code')
  await phone.button('Try again').click()
  await phone.button(await window.number()).click()
  await window.siteSays("You're logged in")
})

await t.test('wx.login: it is called once when the mini program scans, is left, opened and scans again', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(jsCodes)
  await phone.scan()
  await phone.choices()
  await phone.goHome()
  await phone.comeBack()
  await phone.button('Not me').click()
  await phone.button("See where you're logged in").click()
  await phone.scanAgain()
  await phone.choices()
  await phone.close()
  await phone.open()
  await phone.choices()
  await phone.button('Not me').click()
  await phone.button("See where you're logged in").click()
  await phone.says('WeChat user')
  await phone.shell.getByRole('button', { name: 'More' }).click()
  await phone.shell.getByRole('button', { name: 'Reenter mini program' }).click()
  await phone.says('Login cancelled') // its launch options have the first code
  t.equal(server.received(jsCodes).length, 1)
})

await t.test('wx.login: it is called once more, and the login goes on, when the phone\'s key has ended', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await phone.scan()
  await phone.choices()
  await phone.close()
  server.received(jsCodes)
  await scanWithoutKey(server, window, phone)
  await phone.button(await window.number()).click()
  await window.siteSays("You're logged in")
  t.equal(server.received(jsCodes).length, 1)
})

await t.test('code: the page shows a message, then the code without a reload, when WeChat makes none for a while', async (t) => {
  for (const fault of [-1, 45009, 40164, 'html', 'cut', 'http-500'] as const) {
    const window = await open(t)
    server.simulator.fail('getwxacodeunlimit', fault)
    await window.startOver()
    await window.siteSays(/^Can't get a code right now/)
    server.simulator.clearFaults()
    server.skip(60_000)
    await window.code.waitFor()
    t.ok(await window.photograph(), String(fault))
    await window.page.context().close()
  }
})
