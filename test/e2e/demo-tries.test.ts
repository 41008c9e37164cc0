/** What the demo lets a newcomer try: a second phone that scans first, and a code that a scammer in another country sends. With the real service. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo } from '../support/demo-window.ts'
import type { DemoWindow } from '../support/demo-window.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const { url } = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())

const noteSays = (window: DemoWindow, text: string | RegExp): Promise<void> => window.page.locator('#note').filter({ hasText: text }).waitFor()
const scrolls = ({ page }: DemoWindow) => page.evaluate('document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth')

/** Opens the phishing try, and the picture on the phone. */
const openSentCode = async (window: DemoWindow): Promise<void> => {
  await window.code.waitFor()
  await window.page.locator('#phishing').click()
  await noteSays(window, /sent Alex its code/)
  await window.phone().shell.getByRole('button', { name: 'Scan code in picture' }).click()
  await window.phone().button("It's me").waitFor()
}

await t.test('demo: the second phone logs in and the first is refused when the second scans first, also after a login', async (t) => {
  const window = await openWindow(t, chromium, url)
  for (let times = 1; times <= 2; times++) {
    await window.page.locator('#second-phone').click()
    const [first, second] = [window.phone(0), window.phone(1)]
    await first.says('Another phone has scanned this code')
    await noteSays(window, "Alex's phone is refused, and only Mei can tap the number")
    await second.button(await window.number()).click()
    await window.siteSays("You're logged in")
    t.equal(await window.page.locator('main iframe').count(), 2)
  }
  await window.page.locator('#start-over').click()
  await noteSays(window, 'Tap Scan on the phone to begin')
  await window.phone().scanAgain()
  await window.phone().numbers.first().waitFor()
})

await t.test('demo: the phone warns of the picture and of the other country, and the scammer gets nothing, when the victim of phishing taps "Not me"', async (t) => {
  const window = await openWindow(t, chromium, url)
  await openSentCode(window)
  const phone = window.phone()
  await phone.says(/^You didn't scan this with your camera/)
  await phone.says('That device is in San Jose, United States. Your phone is in Hangzhou, China.')
  await noteSays(window, 'Tap "Not me" and the scammer gets nothing')
  t.equal(await window.page.locator('#whose').innerText(), "A scammer's computer · US")
  t.equal(await window.page.locator('#address').innerText(), `${new URL(url).host}/login`, 'the address is right: it is no help here')
  await phone.button('Not me').click()
  await phone.says('Refused. Nobody was logged in')
  await noteSays(window, /isn't in Alex's account/)
  await window.code.waitFor()
})

await t.test('demo: the scammer is in the account, until the phone logs that computer out, when the victim of phishing says yes', async (t) => {
  const window = await openWindow(t, chromium, url)
  await openSentCode(window)
  const phone = window.phone()
  await phone.button("It's me").click()
  await phone.button(await window.number()).click()
  await window.siteSays("You're logged in")
  await noteSays(window, "The scammer is in Alex's account")
  await phone.button('Not me: log it out').click()
  await noteSays(window, "The scammer's computer has no login any more")
})

await t.test("demo: one's own login warns of nothing after the phishing has been tried", async (t) => {
  const window = await openWindow(t, chromium, url)
  await openSentCode(window)
  await window.page.locator('#start-over').click()
  await noteSays(window, 'Tap Scan on the phone to begin')
  t.equal(await window.page.locator('.site.foreign').count(), 0)
  await window.phone().scan()
  await window.phone().says('This computer')
  await window.phone().numbers.first().waitFor()
  t.equal(await window.phone().button("It's me").count(), 0)
})

await t.test('demo: the last step is the current one while the website asks whose login it goes on with', async (t) => {
  const window = await openWindow(t, chromium, url)
  await window.phone().scan()
  await window.phone().button(await window.number()).click()
  await window.siteSays("You're logged in")
  await window.page.locator('#second-phone').click()
  await window.phone().says('Another phone has scanned this code')
  await window.phone(1).button(await window.number()).click()
  await window.site.getByRole('button', { name: "That's me, go on" }).waitFor()
  await window.page.locator('#step-done[aria-current]').waitFor()
  await noteSays(window, 'The phone said yes')
})

for (const [locale, width, height] of [['zh-CN', 400, 800], ['zh-TW', 1280, 720], ['en-US', 1280, 720]] as const) {
  await t.test(`demo: phishing is in view and accessible when it is tried in a window of ${width}×${height}, ${locale}`, async (t) => {
    const window = await openWindow(t, chromium, url, { locale, colorScheme: 'dark', viewport: { width, height } })
    const { page } = window
    await window.code.waitFor()
    await page.locator('#phishing').focus()
    await page.keyboard.press('Enter')
    const phone = window.phone()
    await phone.shell.locator('#recognise:enabled').waitFor()
    const frame = page.frames().find((each) => each.url().includes('/demo/phone?'))
    for (const each of [page, frame]) {
      await each?.evaluate(axe)
      t.strictSame(await each?.evaluate('axe.run({ iframes: false }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join()))'), [])
    }
    await phone.shell.locator('#recognise').click()
    for (const name of locale === 'en-US' ? ["It's me", 'Not me'] : ['是我', '不是我']) {
      await phone.button(name).waitFor()
      const [box, bar] = await Promise.all([phone.button(name).boundingBox(), phone.shell.locator('#home-line').boundingBox()])
      t.ok(box !== null && bar !== null && box.y + box.height <= bar.y + 1 && bar.y + bar.height <= height && box.x + box.width <= width, `${name} is in view`)
    }
    const [yes, no] = await Promise.all([phone.button(/^(?:It's me|是我)$/).boundingBox(), phone.button(/^(?:Not me|不是我)$/).boundingBox()])
    t.ok(yes !== null && no !== null && yes.y + yes.height <= no.y, 'no answer covers the other')
    t.equal(await scrolls(window), false)
  })
}
