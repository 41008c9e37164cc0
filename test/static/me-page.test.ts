import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { accessibilityFaults, announcements, statusLine, recordAnnouncements, sessionBody, openPage, waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())

await t.test('me page: it says that nobody is logged in, and links to the login', async (t) => {
  const { page, service, complaints } = await openPage(t, browser, { locale: 'en-US' })
  await page.goto(`${service.url}/me`)
  await page.locator('#log-in').waitFor()
  t.equal(await statusLine(page), "You're not logged in")
  t.notOk(await page.locator('#log-out').isVisible())
  t.strictSame(await accessibilityFaults(page), [])
  await page.locator('#log-in').click()
  await waitForStage(page, 'waiting')
  t.strictSame(complaints, [])
})

await t.test('me page: it shows who is logged in and where, leads on to the site, tells a failed logout as an alert, and logs out when the visitor asks', async (t) => {
  const { page, service, complaints } = await openPage(t, browser, { locale: 'en-US', timezoneId: 'Asia/Shanghai' })
  service.script.session = { status: 200, body: sessionBody }
  await page.goto(`${service.url}/me`)
  await page.locator('#log-out').waitFor()
  t.equal(await page.locator('#name').innerText(), '小雨')
  t.match(await page.locator('#facts').innerText(), /^Since\s+Nov 23, 2026, 10:00\sAM\s+Browser\s+Firefox · Linux$/)
  t.equal(await page.locator('#home').getAttribute('href'), 'http://example.com/')
  t.equal(await page.locator('#home').innerText(), 'Go to Example')
  t.strictSame(await accessibilityFaults(page), [])
  service.script.logOut = { status: 503, body: { code: 'store-unavailable' } }
  await page.locator('#log-out').click()
  await page.getByText("Still logged in. That didn't work").waitFor()
  t.equal(await page.locator('#trouble').getAttribute('role'), 'alert')
  t.strictSame(await accessibilityFaults(page), [])
  delete service.script.logOut
  await page.locator('#log-out').click()
  await page.locator('#log-in').waitFor()
  t.equal(await statusLine(page), "You've logged out")
  t.equal(service.calls.find(({ call }) => call === 'logOut')?.headers['sec-fetch-site'], 'same-origin')
  t.strictSame(complaints, [])
})

await t.test('me page: it leads on to the root of the site that the visitor cannot be sent back to, once the service has said that it is one of its sites', async (t) => {
  for (const [locale, words] of [['en-US', dictionaries.en], ['zh-CN', dictionaries.zh], ['zh-TW', dictionaries['zh-Hant']]] as const) {
    const { page, service, complaints } = await openPage(t, browser, { locale })
    const site = 'https://app.example.com/'
    service.script.session = { status: 200, body: { ...sessionBody, return_to: site } }
    await page.goto(`${service.url}/me?site=${site}#return-refused`)
    await page.getByText(words.returnRefused).waitFor()
    await page.getByRole('link', { name: `${words.goTo} app.example.com`, exact: true }).waitFor()
    t.equal(await page.locator('#home').getAttribute('href'), site)
    t.equal(service.calls.filter(({ url }) => new URL(url, service.url).searchParams.get('return_to') === site).length, 1)
    t.strictSame(await accessibilityFaults(page), [])
    t.strictSame(complaints, [])
  }
})

await t.test('me page: it leads nowhere else when the service refuses the site of its address, or does not say', async (t) => {
  const asked = ['https://evil.example/', 'javascript:alert(1)', '']
  for (const site of asked) {
    for (const answer of [{ status: 400, headers: { 'content-type': 'application/problem+json' }, body: { code: 'return-to-not-allowed' } }, { status: 200, body: sessionBody }, { status: 200, body: '<html>' }, { status: 502, body: 'bad gateway' }]) {
      const { page, service, complaints } = await openPage(t, browser, { locale: 'en-US' })
      service.script.session = { status: 200, body: sessionBody }
      await page.route(/\/api\/session\?.*return_to=/, (route) => route.fulfill({ status: answer.status, body: typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body), headers: answer.headers ?? { 'content-type': 'application/json' } }))
      const answered = page.waitForResponse(/return_to=/)
      await page.goto(`${service.url}/me?site=${encodeURIComponent(site)}#return-refused`)
      await (await answered).finished()
      await page.getByText(dictionaries.en.returnRefused).waitFor()
      t.equal(await page.locator('#home').getAttribute('href'), 'http://example.com/')
      t.strictSame(complaints.filter((complaint) => !/status of (?:400|502)/.test(complaint)), [])
    }
  }
})

await t.test('me page: it notices by itself, and announces once, when the phone has signed this browser out', async (t) => {
  const { page, service, complaints } = await openPage(t, browser, { locale: 'en-US' })
  await recordAnnouncements(page)
  service.script.session = { status: 200, body: sessionBody }
  await page.goto(`${service.url}/me`)
  await page.locator('#log-out').waitFor()
  while (service.count('session') < 3) await sleep(50)
  delete service.script.session
  await page.locator('#log-in').waitFor()
  t.strictSame(await announcements(page), ['Checking…', "You're logged in", "You're not logged in"])
  t.strictSame(complaints, [])
})

await t.test('me page: it asks for an answer that no browser drops a password at, and understands an older instance that has none', async (t) => {
  const { page, service } = await openPage(t, browser)
  service.script.session = { status: 401, body: { code: 'unauthenticated' } }
  await page.goto(`${service.url}/me`)
  await page.locator('#log-in').waitFor()
  t.equal(service.calls[0]?.url.endsWith('/api/session?optional=true'), true)
})

await t.test('me page: it does not believe a gateway that nobody is logged in, and asks again', async (t) => {
  for (const answer of [{ status: 401, body: 'who are you' }, { status: 401, headers: { 'content-type': 'application/json' }, body: { code: 'unauthenticated' } }, { status: 404, body: '404 page not found' }, { status: 204 }, { status: 200, body: { user: null } }]) {
    const { page, service } = await openPage(t, browser, { locale: 'en-US' })
    service.script.session = answer
    await page.goto(`${service.url}/me`)
    await page.getByText("Can't connect right now. Still trying").waitFor()
    service.script.session = { status: 200, body: sessionBody }
    await page.locator('#log-out').waitFor()
    service.script.logOut = answer
    await page.locator('#log-out').click()
    await page.getByText("Still logged in. That didn't work").waitFor()
  }
})

await t.test('me page: it asks again when the answer is invalid, keeps the height of the card meanwhile, and names nobody without a name', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  service.script.session = { status: 502, body: '<html>' }
  await page.goto(`${service.url}/me`)
  await page.getByText("Can't connect right now. Still trying").waitFor()
  const languageTop = async (): Promise<number> => Math.round((await page.locator('select').boundingBox())?.y ?? NaN)
  t.equal(await page.locator('#log-out').isVisible(), false)
  const before = await languageTop()
  service.script.session = { status: 200, body: { ...sessionBody, user: { sub: 's', name: null } } }
  await page.locator('#log-out').waitFor()
  t.equal(await page.locator('#name').innerText(), '')
  t.equal(await languageTop(), before)
  service.script.session = { status: 200, body: { ...sessionBody, session: { ...sessionBody.session, browser: { name: 'Unknown browser', system: 'Unknown system' } } } }
  await page.locator('select').selectOption('zh')
  await page.getByText('未知浏览器').waitFor()
})
