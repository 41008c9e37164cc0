/** The demo as a newcomer uses it: `npm run demo` and a real Chromium. The outcomes of a login are in mini-program*.test.ts. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow } from '../support/demo-window.ts'
import { makeFolder, run } from '../support/service-process.ts'
import { freePort } from '../support/redis.ts'

const port = await freePort()
const url = `http://localhost:${port}`
const demo = run(t, { script: 'src/demo/main.ts', folder: makeFolder(t), env: { PORT: String(port) } })
while (!demo.stdout().includes('/demo/phone')) {
  const ending = await Promise.race([demo.ended, sleep(50)])
  if (ending !== undefined) throw new Error(`the demo ended: ${ending.stderr}`)
}
const chromium = await launchChromium()
t.teardown(() => chromium.close())

await t.test('demo: the addresses to open are printed when it has started', async (t) => {
  for (const path of ['/demo', '/login', '/demo/phone']) t.ok(demo.stdout().includes(` ${url}${path} `), path)
})

await t.test('demo: a newcomer is logged in, and out again, when they scan, tap the number, and log out on the page', async (t) => {
  const window = await openWindow(t, chromium, url)
  const phone = window.phone()
  await phone.scan()
  await phone.button(await window.number()).click()
  await phone.says(/ is logged in to /)
  await window.siteSays("You're logged in")
  await phone.button('My logins').click()
  await phone.button('Log out Chrome · Linux').waitFor()
  await window.site.getByRole('button', { name: 'Log out' }).click()
  await window.siteSays("You've logged out")
  t.equal(await window.site.getByRole('link', { name: 'Log in' }).count(), 1)
})

await t.test('demo: another phone is another person when one is added', async (t) => {
  const window = await openWindow(t, chromium, url)
  const second = await window.addPhone()
  await second.shell.locator('body').getByText("Mei's phone").waitFor()
  await second.scan()
  await second.button(await window.number()).click()
  await window.siteSays("You're logged in")
  await second.button('My logins').click()
  await second.button('Log out Chrome · Linux').waitFor()
  await window.phone().open()
  await window.phone().says('Not logged in anywhere')
  t.equal(await second.button('Log out Chrome · Linux').count(), 1)
})

await t.test('demo: a phone in a tab of its own logs in, in Chinese, dark and 320 px wide, when it is given a screenshot of the login page', async (t) => {
  const window = await openWindow(t, chromium, url, { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 320, height: 640 } })
  const site = await window.page.context().newPage()
  await site.goto(`${url}/login?return_to=/me%3Ffrom=test`)
  await site.getByText('用微信扫一扫登录').waitFor()
  t.equal(await site.title(), '登录 Island Notes')
  await site.getByRole('img', { name: '小程序码' }).waitFor()
  const phone = await window.openPhone('Kim')
  await phone.scanPicture(await site.screenshot())
  await phone.button('不是我').waitFor()
  await phone.button('是我').click() // a picture may have come from anybody, so the phone asks first
  await site.getByText('请在手机上点选或输入这个数字').waitFor()
  await phone.button(await site.locator('.number').innerText()).click()
  await site.waitForURL(`${url}/me?from=test`)
  await site.getByText('已登录').waitFor()
  await phone.says(/ 已登录「/)
  t.equal(await site.evaluate('document.documentElement.scrollWidth'), 320, 'nothing overflows')
})
