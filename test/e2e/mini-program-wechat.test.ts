// What the phone and the service need of WeChat beside a js_code's owner: `wx.login` once for each need, and the code on the page.
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

/** WeChat doesn't answer, or not as it should. */
const away = "WeChat doesn't answer just now. Please try again later."

await t.test('wx.login: the phone says that WeChat does not answer, and goes on when tried again, when it gives no js_code', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await window.page.context().route('**/demo/js-code', (route) => route.abort())
  server.received(logins)
  await phone.scan()
  await phone.says(away)
  t.strictSame(server.received(logins), [])
  await window.page.context().unroute('**/demo/js-code')
  await phone.button('Try again').click()
  await phone.button(await window.number()).click()
  await window.siteSays("You're logged in")
})

await t.test('wx.login: it is called once for all that follows when the mini program is scanned with, left, opened and scanned with again', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(jsCodes)
  await phone.scan()
  await phone.choices()
  await phone.goHome()
  await phone.comeBack()
  await phone.button('Not me').click()
  await phone.scanAgain()
  await phone.choices()
  await phone.close()
  await phone.open()
  await phone.choices()
  await phone.button('Not me').click()
  await phone.button('My logins').click()
  await phone.says('No name yet')
  await phone.shell.getByRole('button', { name: 'More' }).click()
  await phone.shell.getByRole('button', { name: 'Reenter mini program' }).click()
  await phone.says('Login cancelled') // by the code that it was opened with
  t.equal(server.received(jsCodes).length, 1)
})

await t.test('wx.login: it is called once more, and nobody notices, when the key of the phone has come to its end', async (t) => {
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

await t.test('code: the page says that there is none and goes on by itself when WeChat makes none and then does', async (t) => {
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
