// Logins on both sides: the real login page, and the real mini program in the demo's phone.
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo, type DemoWindow, type Phone } from '../support/demo-window.ts'

const server = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const open = (t: Test): Promise<DemoWindow> => openWindow(t, chromium, server.url)
const confirms = /\/confirm$/

/** Scans with the mini program; returns the number on the page and those on the phone. */
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
  await phone.says(/^Log in to Island Notes in Chrome on Linux\?$/)
  await phone.says("The login page's address bar must read")
  await phone.says(new URL(server.url).host)
  t.equal(await phone.app.locator('.warning').count(), 0)
  await phone.says('This computer')
  await phone.says(/^(?:just now|\d+ seconds? ago) · Chrome · Linux$/)
  t.equal(await phone.shell.getByRole('heading', { level: 1, name: 'Confirm login' }).count(), 1, "the bar has the page's title")
  await window.siteSays('Enter this number on your phone')

  await phone.button(number).click()
  await phone.says(/ is logged in to /)
  await phone.says(new URL(server.url).host)
  await window.siteSays("You're logged in")
  await window.siteSays('Chrome · Linux')
  t.ok(window.page.frames().some((frame) => frame.url() === `${server.url}/me`))
  t.equal(server.received(confirms).length, 1)

  await phone.button('Done').click()
  await phone.shell.getByRole('heading', { name: 'WeChat' }).waitFor()
})

await t.test('login: nothing is confirmed when nobody taps, however long the number is shown', async (t) => {
  const window = await open(t)
  await window.takeClock()
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

await t.test('login: the number is sent once when it is tapped twice at once', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  const { number } = await scan(window, phone)
  server.received(confirms)
  await phone.button(number).click({ trial: true }) // once it reacts
  await phone.button(number).dblclick({ force: true }) // forced, since a person taps even if the button is disabled by then
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('login: one button confirms when MATCH_NUMBERS is off', async (t) => {
  const plain = await serveDemo(t, { MATCH_NUMBERS: 'off' })
  const window = await openWindow(t, chromium, plain.url)
  const phone = window.phone()
  await phone.scan()
  await phone.says(/^Logging in lets that device use your account\./)
  await window.siteSays('Confirm on your phone')
  t.equal(await phone.numbers.count(), 0)
  t.equal(await phone.button('Not me').count(), 1)
  t.strictSame(plain.received(confirms), [])
  await phone.button('Log in').click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  t.equal(plain.received(confirms).length, 1)
})

await t.test('refusal: the page has a new code, which works, when the person taps "Not me"', async (t) => {
  const window = await open(t)
  const phone = window.phone()
  await scan(window, phone)
  server.received(confirms)
  await phone.button('Not me').click()
  await phone.says('Refused. Nobody was logged in')
  await phone.says('Never scan a login code someone sent you, or pass on a number.')
  t.strictSame(await phone.button(/./).allInnerTexts(), ['Done', "See where you're logged in"], 'no scanner: a stranger\'s page has a new code, too')
  await window.siteSays('Cancelled. Here is a new code')
  await phone.close()
  await phone.scan()
  const next = await window.number()
  await phone.choices()
  await phone.button(next).click()
  await window.siteSays("You're logged in")
  t.equal(server.received(confirms).length, 1)
})

await t.test('wrong number: phone and page say so, nobody is logged in, and a new code is shown when another number is tapped', async (t) => {
  const own = await serveDemo(t) // after a wrong number this person has to type
  const window = await openWindow(t, chromium, own.url)
  const phone = window.phone()
  const { number, choices } = await scan(window, phone)
  await phone.button(other(choices, number)).click()
  await phone.says('Wrong number. Login cancelled')
  await window.siteSays('Cancelled. Here is a new code')
  await window.code.waitFor()
  t.equal((await window.page.context().request.get(`${own.url}/api/session`)).status(), 401)
  t.equal(await phone.numbers.count(), 0)
  await phone.says(/Somebody may have tried to have you confirm their login/)
})

await t.test('E11 typed number: it is typed on the page\'s own keys, with a wait after too many wrong ones, when a number was wrong before', async (t) => {
  const typing = await serveDemo(t)
  const window = await openWindow(t, chromium, typing.url)
  const phone = window.phone()
  const wrong = async (): Promise<string> => await window.number() === '10' ? '11' : '10'
  const refused = async (): Promise<void> => {
    await phone.says('Wrong number. Login cancelled')
    await phone.close()
    await window.startOver()
  }
  await phone.scan()
  await phone.button(other(await phone.choices(), await window.number())).click()
  await refused()

  await phone.scan()
  const number = await window.number()
  await phone.says('Type the number on the login page')
  t.equal(await phone.numbers.count(), 0)
  t.equal(await phone.button('Log in').isEnabled(), false)
  await phone.type('9')
  await phone.button('Delete').click()
  await phone.type(number)
  t.equal(await phone.app.getByRole('status', { name: `Typed: ${number}` }).count(), 1)
  await phone.button('Log in').click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  await phone.close()
  await window.startOver()

  for (let n = 0; n < 2; n++) {
    await phone.scan()
    await phone.type(await wrong())
    await phone.button('Log in').click()
    await refused()
  }
  await phone.scan()
  await phone.says(/^You can't confirm a login for 10\sminutes/)
})

await t.test('E12 sent picture: the phone warns that somebody may have sent the code when it was in a picture, and not when the camera scanned it', async (t) => {
  const window = await open(t)
  const photograph = await window.photograph()
  const tab = await window.openPhone('Mei')
  await tab.scanPicture(photograph)
  await tab.says(/You didn't scan this with your camera/)
  await tab.says(/Not a device you're logging in on right now\? Tap "Not\sme"\./)
  t.equal(await tab.numbers.count(), 0, 'the first question is whether it is them')
  t.strictSame(await tab.button(/./).allInnerTexts(), ["It's me", 'Not me'])
  await tab.button('Not me').click()
  await window.siteSays('Cancelled. Here is a new code')
  const phone = window.phone()
  await phone.open()
  await phone.scanAgain()
  await phone.choices()
  t.equal(await phone.app.locator('.warning').count(), 0)
})

await t.test('taken: the second person learns only that, and the login goes on for the first, when both scan one code', async (t) => {
  const window = await open(t)
  const photograph = await window.photograph()
  const first = window.phone()
  const { number } = await scan(window, first)
  const second = await window.addPhone()
  await second.scanPicture(photograph)
  await second.says('Another phone has scanned this code')
  const told = await second.app.locator('body').innerText()
  for (const word of [number, 'Chrome', '127.0.0.1', 'This computer', 'Alex', server.url]) t.notOk(told.includes(word), `nothing of ${word}`)
  t.equal(await window.number(), number)
  await first.button(number).click()
  await first.says(/ is logged in to /)
  await window.siteSays("You're logged in")
})

await t.test('languages: page and phone are in traditional Chinese when the person reads that', async (t) => {
  const window = await openWindow(t, chromium, server.url, { locale: 'zh-TW' })
  const phone = window.phone()
  const { number } = await scan(window, phone)
  await phone.says('點登入頁上顯示的數字')
  await phone.button(number).click()
  await phone.says(/ 已登入「/)
  await window.siteSays('已登入')
  await phone.button('我的登入').click()
  await phone.says('已登入的裝置')
})
