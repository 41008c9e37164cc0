/** The demo with its sample websites, as a newcomer uses it: `npm run demo -- --with-site` and a real Chromium. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { createOpenidApp } from '../../src/demo/sites/openid-app.ts'
import { siteLanguages, type SiteKind } from '../../src/demo/sites/words.ts'
import { launchChromium } from '../support/chromium.ts'
import { openTabs, openWindow } from '../support/demo-window.ts'
import { freePort } from '../support/redis.ts'
import { repository } from '../support/readmes.ts'
import { remote } from '../support/remote.ts'
import { makeFolder, run } from '../support/service-process.ts'

const script = 'src/demo/main.ts'

const startDemo = async (t: Test, args: readonly string[], folder = makeFolder(t), givenPort?: string) => {
  const port = givenPort ?? String(await freePort())
  const demo = run(t, { script, args, folder, env: { PORT: port } })
  while (!demo.stdout().includes('/demo/phone')) {
    const ending = await Promise.race([demo.ended, sleep(50)])
    if (ending !== undefined) throw new Error(`the demo ended: ${ending.stderr}`)
  }
  const urlOf = (kind: SiteKind): string => new RegExp(`(http://localhost:\\d+) +${siteLanguages.en.ways[kind].what}`).exec(demo.stdout())?.[1] ?? ''
  return { demo, url: `http://localhost:${port}`, urlOf }
}

/** The window, with the list of websites in its frame. */
const openList = async (t: Test, chromium: Browser, url: string, locale = 'en-US') => {
  const window = await openWindow(t, chromium, url, { locale })
  await window.page.locator('#sites').click()
  const words = siteLanguages[({ 'zh-CN': 'zh-CN', 'zh-TW': 'zh-Hant' } as const)[locale] ?? 'en']
  await window.site.getByRole('heading', { name: words.title, exact: true }).waitFor()
  return { window, words }
}

/** A block of commands, which both READMEs have. */
const blockOf = (name: string): string => {
  const [english, chinese] = ['README.md', 'README.zh-CN.md'].map((file) => new RegExp(`<!-- ${name} -->\n\`\`\`sh\n([^]*?)\`\`\``).exec(readFileSync(join(repository, file), 'utf8'))?.[1])
  t.type(english, 'string')
  t.equal(chinese, english, `README.zh-CN.md has the same commands as README.md: ${name}`)
  return english ?? ''
}

const copiedSite = `localhost:${await freePort()}`
const ownApp = `http://localhost:${await freePort()}`
const folder = makeFolder(t)
const { demo, url, urlOf } = await startDemo(t, ['--with-site', '--allow', `http://${copiedSite}`], folder)
const chromium = await launchChromium()
t.teardown(() => chromium.close())
const kinds = ['element', 'proxy', 'openid'] as const

await t.test('demo with sites: the address of each is printed with a sentence in English and in Chinese', async (t) => {
  for (const kind of kinds) {
    t.match(urlOf(kind), /^http:\/\/localhost:\d+$/)
    for (const { ways } of [siteLanguages.en, siteLanguages['zh-CN']]) t.ok(demo.stdout().includes(ways[kind].what), ways[kind].what)
  }
  t.equal(new Set(kinds.map(urlOf)).size, kinds.length)
})

for (const locale of ['en-US', 'zh-CN', 'zh-TW']) {
  await t.test(`demo with sites: the window lists each with a sentence and links, and the README, in ${locale}`, async (t) => {
    const { window: { page, site }, words } = await openList(t, chromium, url, locale)
    t.equal(await page.locator('#note').innerText(), words.note)
    for (const kind of kinds) {
      await site.getByText(words.ways[kind].what).waitFor()
      t.equal(await site.getByRole('link', { name: words.ways[kind].title }).getAttribute('href'), `${urlOf(kind)}/`)
    }
    t.equal(await site.getByRole('link', { name: words.openInTab }).count(), kinds.length)
    const readme = await page.request.get(new URL(await site.getByRole('link', { name: words.readme }).getAttribute('href') ?? '', `${url}/demo/`).href)
    t.ok((await readme.text()).includes(`## ${locale === 'en-US' ? words.title : siteLanguages['zh-CN'].title}\n`))
  })
}

await t.test('demo with sites: a newcomer is logged in on the element\'s website, and out again, inside the window', async (t) => {
  const { window } = await openList(t, chromium, url)
  const phone = window.phone()
  await window.site.getByRole('link', { name: 'The element' }).click()
  await window.code.waitFor()
  t.equal(await window.page.locator('#address').innerText(), `${new URL(urlOf('element')).host}/`)
  await phone.scan()
  await phone.says(new URL(urlOf('element')).host)
  await phone.button(await window.number()).click()
  await window.siteSays(/^You are logged in on this website: [\w-]{43}$/)
  await window.site.getByRole('button', { name: 'Log out' }).click()
  await window.code.waitFor()
  await window.startOver()
  await window.siteSays('Island Notes')
  await phone.close()
  await phone.scan()
  await phone.says(/Island Notes/)
})

await t.test('demo with sites: a newcomer is sent to the login, and comes back to the app behind the proxy as who they are, inside the window', async (t) => {
  const { window } = await openList(t, chromium, url)
  const phone = window.phone()
  await window.site.getByRole('link', { name: 'A proxy in front' }).click()
  await window.code.waitFor()
  t.equal(await window.page.locator('#address').innerText(), `${new URL(url).host}/login`)
  await phone.scan()
  await phone.button(await window.number()).click()
  await window.siteSays('The proxy has said in the request who this is:')
  t.match(await window.site.locator('dl').innerText(), /^Remote-User\s+[\w-]{43}\s+Remote-Email\s+wx-/)
  t.equal(await window.page.locator('#address').innerText(), `${new URL(urlOf('proxy')).host}/`)
  await window.site.getByRole('link', { name: 'Log out' }).click()
  await window.site.locator('#log-out').click()
  await window.siteSays("You've logged out")
})

await t.test('demo with sites: the proxy keeps the whole address over the login, and nothing of a visitor\'s reaches the app as a header of the proxy', async (t) => {
  const { page, phone } = await openTabs(t, chromium, url)
  const address = `${urlOf('proxy')}/orders/7?page=2&q=a%20b+c#total`
  await page.setExtraHTTPHeaders({ 'Remote-Groups': 'admins', Remote_Groups: 'admins', 'X-Forwarded-Host': 'evil.example' })
  await page.goto(address)
  await page.locator('scan-login .code-image').waitFor()
  await phone.shell.locator('#scan').click()
  await phone.button(await page.locator('scan-login .layer:not(.leaving) .number').innerText()).click()
  await page.getByText('Remote-User').waitFor()
  t.equal(page.url(), address)
  t.equal(await page.getByText('Remote-Groups').count(), 0)

  const proxy = remote(urlOf('proxy').replace('localhost', '127.0.0.1'))
  t.teardown(proxy.close)
  const headers = { 'remote-user': 'mallory', remote_user: 'mallory', 'x-forwarded-for': '203.0.113.7' }
  t.equal((await proxy.call({ path: '/', headers })).status, 401, 'a program that nobody has logged in')
  const [cookie] = (await page.context().cookies(url)).filter(({ name }) => name === 'scan_login')
  const { status, text } = await proxy.call({ method: 'POST', path: '/', headers: { ...headers, cookie: `scan_login=${cookie?.value}` }, body: { a: 'x'.repeat(100_000) } })
  t.strictSame([status, /mallory/.test(text)], [200, false])
})

await t.test('demo with sites: a newcomer is logged in by OpenID Connect, and out again, inside the window', async (t) => {
  const { window } = await openList(t, chromium, url)
  const phone = window.phone()
  await window.site.getByRole('link', { name: 'OpenID Connect' }).click()
  await window.site.getByRole('link', { name: 'Log in with WeChat' }).click()
  await window.code.waitFor()
  await phone.scan()
  await phone.says('Demo app')
  const fact = phone.app.locator('.fact').filter({ hasText: "The login page's address bar must read" })
  t.match(await fact.innerText(), new RegExp(`must read\\s+${new URL(url).host}\\s+Then takes you to ${new URL(urlOf('openid')).host}`))
  t.equal(await window.page.locator('#address').innerText(), `${new URL(url).host}/login`)
  await phone.button(await window.number()).click()
  await window.siteSays('The token has said who this is:')
  t.match(await window.site.locator('dl').innerText(), /^sub\s+[\w-]{43}\s+preferred_username\s+wx-\w{16}\s+name\s/)
  await window.site.getByRole('link', { name: 'Log out' }).click()
  await window.site.locator('[name="logout"]').click()
  await window.site.getByRole('link', { name: 'Log in with WeChat' }).click()
  await window.code.waitFor() // logged out at the service, too: otherwise the app would be logged in again without a code
})

await t.test('demo with sites: no page is wider than a small phone', async (t) => {
  const { page, phone } = await openTabs(t, chromium, url)
  await page.setViewportSize({ width: 360, height: 740 })
  const overflow = (): Promise<number> => page.evaluate('document.documentElement.scrollWidth - innerWidth')
  for (const kind of ['element', 'openid'] as const) {
    await page.goto(urlOf(kind))
    t.equal(await overflow(), 0, `${kind}, logged out`)
  }
  await page.goto(urlOf('proxy'))
  await page.locator('scan-login .code-image').waitFor()
  await phone.shell.locator('#scan').click()
  await phone.button(await page.locator('scan-login .layer:not(.leaving) .number').innerText()).click()
  await page.getByText(siteLanguages.en.proxy.lead).waitFor()
  t.equal(await overflow(), 0, 'with what the proxy has said')
})

await t.test('demo with sites: the app with OpenID Connect takes no answer to a login that its browser didn\'t begin', async (t) => {
  const app = remote(urlOf('openid').replace('localhost', '127.0.0.1'))
  t.teardown(app.close)
  const login = await app.call({ path: '/login' })
  const state = new URL(String(login.headers['location'])).searchParams.get('state') ?? ''
  const cookie = String(login.headers['set-cookie']).split(';')[0] ?? ''
  const path = `/callback?${new URLSearchParams({ code: 'x'.repeat(43), state, iss: `${url}/oidc` })}`
  for (const headers of [{}, { cookie: `openid_login=${'A'.repeat(43)}` }, { cookie }, { cookie }]) {
    const answer = await app.call({ path, headers })
    t.strictSame([answer.status, answer.headers['set-cookie']], [400, undefined])
  }
})

await t.test('demo with sites: a phone in a tab of its own sees the newest code that any page shows', async (t) => {
  const { context, phone } = await openTabs(t, chromium, url, { locale: 'zh-CN' })
  for (let n = 0; n < 2; n++) {
    const page = await context.newPage()
    await page.goto(urlOf('element'))
    await page.locator('scan-login .code-image').waitFor()
    await phone.shell.locator('#scan').click()
    await phone.says(new URL(urlOf('element')).host)
    await phone.button(await page.locator('scan-login .layer:not(.leaving) .number').innerText()).click()
    await page.getByText('你在这个网站已登录：').waitFor()
    await page.getByRole('button', { name: '退出登录' }).click()
    await page.locator('scan-login .code-image').waitFor()
    await page.close()
    await phone.close()
  }
})

await t.test('demo: there is no list, and no newest code, when it runs without sites', async (t) => {
  const { url, demo } = await startDemo(t, [])
  const api = remote(url)
  t.teardown(api.close)
  for (const path of ['/demo/sites', '/demo/newest-code', '/demo/README.md']) t.equal((await api.call({ path })).status, 404, path)
  const window = await openWindow(t, chromium, url)
  t.equal(await window.page.locator('#sites').isVisible(), false)
  t.notMatch(demo.stdout(), /Into your website/)
})

await t.test('demo: a website of one\'s own gets tickets when it is allowed, and another doesn\'t', async (t) => {
  const { url: own } = await startDemo(t, ['--allow', 'http://localhost:8000', '--allow', 'http://127.0.0.1:8001'])
  const api = remote(own)
  t.teardown(api.close)
  const statuses = ['http://localhost:8000', 'http://127.0.0.1:8001', 'http://localhost:8002'].map(async (origin) => (await api.call({ method: 'POST', path: '/api/tickets', headers: { origin } })).status)
  t.strictSame(await Promise.all(statuses), [201, 201, 403])
  const beside = remote(url)
  t.teardown(beside.close)
  for (const [origin, status] of [['http://localhost:8000', 201], ['http://localhost:8002', 403]] as const) t.equal((await beside.call({ method: 'POST', path: '/api/tickets', headers: { origin } })).status, status, `${origin} beside the samples`)
  const window = await openWindow(t, chromium, own)
  t.equal(await window.page.locator('#sites').isVisible(), false, 'no list of nothing')
})

await t.test('README: a copy of the element\'s website logs a newcomer in when its commands are followed', async (t) => {
  const commands = blockOf('element')
    .replaceAll('localhost:8000', copiedSite)
    .replaceAll('PORT=8000', `PORT=${copiedSite.slice(10)}`)
    .replaceAll('../my-website', join(makeFolder(t), 'my-website'))
    .replace('npm install --prefix . jose@6', `ln -s ${join(repository, 'node_modules')} .`)
    .replace('node website.mjs', `exec ${process.execPath} website.mjs`)
  t.match(commands, /ln -s .*exec /s)
  const website = run(t, { through: ['/bin/sh', '-ec', `cd ${repository}\n${commands}`], folder: makeFolder(t), env: { SERVICE_URL: url } })
  while (!await fetch(`http://${copiedSite}`).then(({ ok }) => ok, () => false)) {
    const ending = await Promise.race([website.ended, sleep(50)])
    if (ending !== undefined) throw new Error(`the website ended: ${ending.stderr}`)
  }
  const { page, phone } = await openTabs(t, chromium, url)
  await page.goto(`http://${copiedSite}`)
  await page.locator('scan-login .code-image').waitFor()
  await phone.shell.locator('#scan').click()
  await phone.says(copiedSite)
  await phone.button(await page.locator('scan-login .layer:not(.leaving) .number').innerText()).click()
  await page.getByText('You are logged in on this website: ').waitFor()
})

/** What the command of the README prints for an app of one's own. */
let registered = ''

await t.test('README: an app of one\'s own is registered beside the demo as its command says', async (t) => {
  const command = blockOf('openid').replaceAll('http://localhost:8001', ownApp).replace('npm run clients --', `${process.execPath} ${join(repository, 'src/commands/clients.ts')}`)
  const { code, stdout, stderr } = await run(t, { through: ['/bin/sh', '-ec', `cd ${folder}\n${command}`], folder, env: { PUBLIC_URL: url } }).ended
  t.equal(code, 0, stderr)
  registered = stdout
})

await t.test('demo: it stops with a line when an option is unknown, or an allowed origin isn\'t of this computer', async (t) => {
  for (const [args, line] of [
    [['--with-sites'], /^scan-login: Unknown option '--with-sites'/],
    [['--allow', 'https://www.example.org'], /^scan-login: --allow https:\/\/www\.example\.org: name an origin of this computer, like http:\/\/localhost:8000\n$/],
    [['--allow', 'http://localhost.evil.example'], /^scan-login: --allow /],
    [['--allow', 'http://localhost:8000/'], /^scan-login: --allow /],
    [['--allow', 'http://localhost:8000,https://evil.example'], /^scan-login: --allow /],
  ] as const) {
    const { code, stderr } = await run(t, { script, args, folder: makeFolder(t) }).ended
    t.equal(code, 1)
    t.match(stderr, line)
  }
  t.match((await run(t, { script, args: ['--help'], folder: makeFolder(t) }).ended).stdout, /^usage: npm run demo /)
})

await t.test('demo with sites: it ends with all of them when it is told to', async (t) => {
  const sites = kinds.map((kind) => remote(urlOf(kind).replace('localhost', '127.0.0.1')))
  t.teardown(() => Promise.all(sites.map((site) => site.close())))
  for (const site of sites) await site.call({ path: '/' })
  demo.kill('SIGINT')
  t.equal((await demo.ended).code, 0)
  for (const site of sites) await t.rejects(site.call({ path: '/' }))
})

await t.test('README: the app of one\'s own logs a newcomer in after a new start of the demo', async (t) => {
  const again = await startDemo(t, ['--with-site'], folder, new URL(url).port)
  const value = (label: string): string => new RegExp(`^ +${label} {2,}(\\S+)$`, 'm').exec(registered)?.[1] ?? ''
  t.equal(value('Issuer'), `${url}/oidc`, again.demo.stdout())
  const server = createOpenidApp({ url: ownApp, serviceUrl: url, clientId: value('Client ID'), clientSecret: value('Client secret') }).listen(Number(new URL(ownApp).port), '127.0.0.1')
  t.teardown(() => server.close().closeAllConnections())
  const { page, phone } = await openTabs(t, chromium, url)
  await page.goto(`${ownApp}/login`)
  await page.locator('scan-login .code-image').waitFor()
  await phone.shell.locator('#scan').click()
  await phone.says(/localhost/)
  await phone.button(await page.locator('scan-login .layer:not(.leaving) .number').innerText()).click()
  await page.getByText(siteLanguages.en.openid.lead).waitFor()
  await page.getByRole('link', { name: 'Log out' }).click()
  await page.locator('[name="logout"]').click()
  await page.waitForURL(`${ownApp}/`)
})
