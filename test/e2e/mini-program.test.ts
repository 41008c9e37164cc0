// A login as two people see it: the real login page on one side, the real mini program in the demo's phone on the other.
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow, type Phone } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test): Promise<DemoWindow> => openWindow(t, chromium, server.url)
const confirms = /\/confirm$/

/** Scans with the mini program; gives the number on the page and those on the phone. */
const scan = async (window: DemoWindow, phone: Phone): Promise<{ number: string, choices: readonly string[] }> => {
  await phone.scan()
  return { number: await window.number(), choices: await phone.choices() }
}

const other = (choices: readonly string[], number: string): string => choices.find((choice) => choice !== number) ?? ''

await t.test('login: phone and page show who asks and what to do at each step when a person scans and taps the number', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  server.received(confirms)
  const { number, choices } = await scan(window, phone)
  t.match(number, /^[1-9]\d$/)
  t.equal(choices.length, 3)
  t.ok(choices.includes(number))
  await phone.says('Log in to scan-login demo?')
  await phone.says(server.url)
  for (const [label, value] of [['Browser', 'Chrome'], ['System', 'Linux'], ['Place', 'This computer'], ['Asked', /^(?:just now|\d+ seconds? ago)$/]] as const) {
    await phone.says(label)
    await phone.says(value)
  }
  t.equal(await phone.shell.getByRole('heading', { level: 1, name: 'Confirm login' }).count(), 1, 'the bar says what this is')
  await window.siteSays('Tap this number on your phone')

  await phone.button(number).click()
  await phone.says("You're in")
  await phone.says(server.url)
  await window.siteSays("You're logged in")
  await window.siteSays('Chrome · Linux')
  t.ok(window.page.frames().some((frame) => frame.url() === `${server.url}/me`))
  t.equal(server.received(confirms).length, 1)

  await phone.button('Done').click()
  await phone.shell.getByRole('heading', { name: 'WeChat' }).waitFor()
})

await t.test('login: nothing is confirmed when nobody taps, however long the number is looked at', async (t) => {
  const window = await open(t)
  await window.page.clock.install()
  const phone = window.phone()
  const { number } = await scan(window, phone)
  server.received(confirms)
  await window.page.clock.runFor(60_000)
  await phone.goHome()
  await window.page.clock.runFor(10_000)
  await phone.comeBack()
  await phone.choices()
  t.strictSame(server.received(confirms), [])
  t.equal(await window.number(), number)
})

await t.test('login: a number that is tapped twice at once is sent once', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  const { number } = await scan(window, phone)
  server.received(confirms)
  await phone.button(number).dblclick({ force: true }) // a hand doesn't look whether the button still takes taps
  await phone.says("You're in")
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('login: one button is enough when numbers are switched off', async (t) => {
  const plain = await serveDemo(t, { MATCH_NUMBERS: 'off' })
  const window = await openWindow(t, chromium, plain.url)
  const phone = window.phone()
  await phone.scan()
  await phone.says('Only log in if you just opened that page yourself.')
  await window.siteSays('Confirm on your phone')
  t.equal(await phone.button(/^\d\d$/).count(), 0)
  t.equal(await phone.button('Not me').count(), 1)
  t.strictSame(plain.received(confirms), [])
  await phone.button('Log in').click()
  await phone.says("You're in")
  await window.siteSays("You're logged in")
  t.equal(plain.received(confirms).length, 1)
})

await t.test('refusal: the page has a fresh code, which works, when the person says that it was not them', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await scan(window, phone)
  server.received(confirms)
  await phone.button('Not me').click()
  await phone.says('Login cancelled')
  await window.siteSays('Cancelled. Here is a new code')
  await phone.scanAgain()
  const next = await window.number()
  await phone.choices()
  await phone.button(next).click()
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('wrong number: phone and page say so, nobody is logged in and a fresh code is there when another number is tapped', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  const { number, choices } = await scan(window, phone)
  await phone.button(other(choices, number)).click()
  await phone.says('Not that number. The login was cancelled')
  await window.siteSays('Cancelled. Here is a new code')
  await window.code.waitFor()
  t.equal((await window.page.context().request.get(`${server.url}/api/session`)).status(), 401)
  t.equal(await phone.button(/^\d\d$/).count(), 0)
})

await t.test('taken: a second person is told so and no more, and the login goes on for the first, when both scan one code', async (t) => {
  const window = await open(t)
  const photograph = await window.photograph()
  const first = window.phone()
  const { number } = await scan(window, first)
  const second = await window.addPhone()
  await second.scanPicture(photograph)
  await second.says('Somebody else has scanned this code')
  const told = await second.app.locator('body').innerText()
  for (const word of [number, 'Chrome', '127.0.0.1', 'This computer', 'Alex', server.url]) t.notOk(told.includes(word), `nothing of ${word}`)
  t.equal(await window.number(), number)
  await first.button(number).click()
  await first.says("You're in")
  await window.siteSays("You're logged in")
})
