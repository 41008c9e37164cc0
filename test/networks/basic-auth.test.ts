/** A login in Chromium behind nginx with a password (HTTP Basic), as trial systems have one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { logInStepByStep, openVisit, shownTicket, visitedService } from '../support/login-visit.ts'
import { statusLine } from '../support/open-page.ts'
import { runProxy } from '../support/proxies.ts'
import { proxyConfig } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())

await t.test('basic auth: the browser keeps its password through a whole login, and after the logout, when nginx asks for one', async (t) => {
  const server = await serveDemo(t)
  const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream: new URL(server.url).host.replace('localhost', '127.0.0.1') }
  const url = `http://${addresses.listen}`
  server.hosts.add(new URL(url).hostname) // nginx passes it without the port
  await runProxy(t, 'nginx', addresses, (folder) => {
    const passwords = join(folder, 'passwords')
    writeFileSync(passwords, 'trial:{PLAIN}secret\n')
    return proxyConfig('nginx', folder, addresses, { edits: [['proxy_http_version', `auth_basic trial;\n        auth_basic_user_file ${passwords};\n        proxy_http_version`]] })
  })
  const service = visitedService(t, server)
  /** Chromium takes the password out of the address, and sends it by itself from then on. */
  const visit = await openVisit(t, browser, service, { url, prepare: (page) => page.goto(`${url.replace('//', '//trial:secret@')}/me`) })
  const { page } = visit
  const refused: string[] = []
  page.on('response', (response) => { if (response.status() === 401) refused.push(`${response.request().method()} ${response.url()}`) })

  await logInStepByStep(t, service, visit)
  await page.locator('#log-out').click()
  await page.locator('#log-in').waitFor()
  await page.reload()
  await page.locator('#log-in').waitFor()
  t.match(await statusLine(page), /not logged in$/)
  await page.locator('#log-in').click()
  await shownTicket(page)
  t.strictSame(refused, [])
})
