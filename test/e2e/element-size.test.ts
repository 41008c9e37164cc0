/** `<scan-login>` beside a foreign page's own content: nothing moves when it changes its state or language, and it fits the page's text, ground and corners. */
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import type { TestPhone } from '../support/clients.ts'
import { openHostSite, openHostPage, type HostPage, type HostSite } from '../support/host-site.ts'
import { hide, waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const ticketLifeMs = 180_000

/** Three ways in which a page may give the element its place. */
const css = `
  body { margin: 0; }
  main.row { display: flex; }
  main.column { display: inline-flex; flex-direction: column; align-items: flex-start; }
  main.grid { display: inline-grid; grid-template-columns: auto auto; }
  p { width: 100px; margin: 0; }
`
const layouts = ['row', 'column', 'grid'] as const
const locales = ['zh-CN', 'zh-TW', 'en'] as const

const troubled = async (page: Page, isOffline: boolean): Promise<void> => {
  await page.context().setOffline(isOffline)
  await page.locator('.trouble').filter({ visible: true }).waitFor({ state: isOffline ? 'visible' : 'detached' })
}
const scan = async (site: HostSite, host: HostPage, count: number): Promise<{ phone: TestPhone, ticket: string }> => {
  const { ticket } = await host.waitForStep('ticket', { count })
  const phone = await site.phone()
  await phone.scan(ticket)
  await waitForStage(host.page, 'scanned')
  return { phone, ticket }
}

/** Every state in turn; `measure` is called in each. */
const walk = async (t: Test, site: HostSite, url: string, textPercent: number, measure: (page: Page, state: string) => Promise<void>): Promise<void> => {
  const host = await openHostPage(t, browser, 'about:blank')
  const { page } = host
  const open = async (): Promise<void> => {
    await page.goto(url)
    await page.evaluate(`document.documentElement.style.fontSize = '${textPercent}%'`)
  }
  const stage = async (name: string): Promise<void> => {
    await waitForStage(page, name)
    await measure(page, name)
  }
  await page.route('**/api/tickets', (route) => route.abort())
  await open()
  await stage('no-code')
  await page.unroute('**/api/tickets')
  await page.route('**/code', () => {})
  await open()
  await stage('making')
  await page.unroute('**/code')
  await stage('waiting')
  await troubled(page, true)
  await measure(page, 'waiting, offline')
  await troubled(page, false)
  const { phone, ticket } = await scan(site, host, 1)
  await measure(page, 'scanned')
  await troubled(page, true)
  await measure(page, 'scanned, offline')
  await troubled(page, false)
  await phone.cancel(ticket)
  await stage('cancelled')

  await page.evaluate(`localStorage.setItem('scan-login-person ${site.service.url}/', 'sub')`)
  const other = await scan(site, host, 2)
  await other.phone.confirm(other.ticket, await page.locator('.layer:not(.leaving) .number').innerText())
  await stage('another')
  await page.route('**/consume', () => {})
  await page.locator('[data-action=goOn]').click()
  await stage('logging-in')
  await page.unroute('**/consume')
  await stage('confirmed')

  await open()
  await scan(site, host, 1)
  site.service.skip(ticketLifeMs)
  await stage('late')
  await hide(page)
  site.service.skip(ticketLifeMs)
  await stage('expired')
}

for (const compact of ['', 'compact']) {
  for (const textPercent of [100, 200]) {
    await t.test(`element: nothing beside it moves, in any state, language and layout, when it is ${compact === '' ? 'full' : compact} and the page's text ${textPercent} %`, async (t) => {
      const site = await openHostSite(t) // of its own: its clock is ahead of the phones' in the end
      const url = site.addPage(`<scan-login ${compact} data-stay></scan-login><p>beside</p>`, { css })
      const found = new Map<string, string[]>()
      await walk(t, site, url, textPercent, async (page, state) => {
        for (const layout of layouts) {
          for (const locale of locales) {
            const boxes = await page.evaluate(`(() => {
              document.querySelector('main').className = '${layout}'
              const element = document.querySelector('scan-login')
              element.setAttribute('locale', '${locale}')
              const box = (element) => { const { x, y, width, height } = element.getBoundingClientRect(); return [x, y, width, height].map((n) => Math.round(n * 10) / 10).join(' ') }
              return ['layout ${layout}', box(element), box(document.querySelector('p'))].join(': ')
            })()`) as string
            found.set(boxes, [...found.get(boxes) ?? [], `${state}, ${locale}`])
          }
        }
      })
      t.equal(found.size, layouts.length, JSON.stringify([...found], null, 1))
      const width = (compact === '' ? 312 : 240) * textPercent / 100
      for (const boxes of found.keys()) t.equal(Number(boxes.split(/[ :]+/)[4]), width, boxes)
    })
  }
}
