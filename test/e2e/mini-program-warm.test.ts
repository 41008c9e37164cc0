// Scans with a warm mini program, and a screen whose ticket has been replaced.
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow, type Phone } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test): Promise<DemoWindow> => openWindow(t, chromium, server.url)
const scans = /\/scan$/
const confirms = /\/confirm$/

/** Scans with the mini program; returns the number on the page and those on the phone. */
const scan = async (window: DemoWindow, phone: Phone): Promise<{ number: string, choices: readonly string[] }> => {
  await phone.scan()
  return { number: await window.number(), choices: await phone.choices() }
}

await t.test('same code: the numbers are shown again, and work, when it is scanned a second time while the mini program is warm', async (t) => {
  const window = await open(t)
  const photograph = await window.photograph()
  const phone = window.phone()
  server.received(scans)
  const { number, choices } = await scan(window, phone)
  await phone.close()
  await phone.scanPicture(photograph)
  await phone.button("It's me").click()
  t.strictSame(await phone.choices(), choices)
  const [once, twice, ...more] = server.received(scans)
  t.equal(once, twice)
  t.strictSame(more, [])
  await phone.button(number).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
})

await t.test('new code: only the new login is shown and confirmed when it is scanned while the mini program is warm', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(scans)
  await scan(window, phone)
  const [old] = server.received(scans)
  await phone.close()
  await window.startOver()
  const { number, choices } = await scan(window, phone)
  t.ok(choices.includes(number))
  const [scanned] = server.received(scans)
  t.not(scanned, old)
  await phone.button(number).click()
  await phone.says(/ is logged in to /)
  t.strictSame(server.received(confirms), [scanned?.replace('scan', 'confirm')])
  await window.siteSays("You're logged in")
})

await t.test('old screen: its confirmation is refused when the page has been opened anew', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  const { number } = await scan(window, phone)
  await window.startOver()
  await window.code.waitFor()
  await phone.button(number).click()
  await phone.says('Login cancelled')
  await window.siteSays('Scan with WeChat to log in')
  t.equal((await window.page.context().request.get(`${server.url}/api/session`)).status(), 401)
})
