/** The element on a foreign page, full and compact side by side, in every state. */
import type { Page } from 'playwright-core'
import { openHostPage, openHostSite, type HostPage } from '../support/host-site.ts'
import { hide, waitForStage } from '../support/open-page.ts'
import type { TestPhone } from '../support/clients.ts'
import type { Studio } from './album.ts'
import { photographPage, type Size, type SwitchLanguage } from './photograph.ts'
import { ticketLifeMs } from './site.ts'

/** A warm ground, a font and a radius of the site's own. */
const css = `
  body { margin: 0; padding: 16px; background: #f6ecd9; color: #40301c; font: 16px Georgia, serif; }
  main { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
  p { width: 90px; margin: 0; }
  scan-login { --scan-login-radius: 10px; --scan-login-font: Georgia, serif; margin: 0; }
  @media (prefers-color-scheme: dark) { body { background: #2a2118; color: #f0e3cf; } }
`
const among: readonly Size[] = [{ name: '320 wide', width: 320, height: 568 }, { name: '720 wide', width: 720, height: 600 }, { name: '720 wide, text 200 %', width: 720, height: 900, text: 200 }]
const ids = ['full', 'compact'] as const

const byAttribute: SwitchLanguage = (page, language) => page.evaluate(`for (const element of document.querySelectorAll('scan-login')) element.setAttribute('locale', '${language}')`)

export const elementStates = async ({ t, browser, album }: Studio): Promise<void> => {
  const site = await openHostSite(t, { environment: { TICKET_TTL: `${ticketLifeMs / 1000}` } })
  const url = site.addPage('<scan-login id="full" data-stay></scan-login><scan-login id="compact" compact data-stay></scan-login><p>The site’s own text beside it.</p>', { css })
  const take = (page: Page, state: string): Promise<void> => photographPage(album, page, state, { among, switchLanguage: byAttribute })
  const inBoth = async (page: Page, stage: string): Promise<void> => { for (const id of ids) await waitForStage(page.locator(`#${id}`), stage) }
  const each = async (host: HostPage, count: number, act: (phone: TestPhone, ticket: string, id: string) => Promise<unknown>): Promise<void> => {
    for (const id of ids) await act(await site.phone(), (await host.waitForStep('ticket', { element: id, count })).ticket, id)
  }
  const confirm = async (host: HostPage, count: number): Promise<void> => each(host, count, async (phone, ticket, id) => {
    await phone.scan(ticket)
    await phone.confirm(ticket, await host.page.locator(`#${id} .layer:not(.leaving) .number`).innerText())
  })

  const host = await openHostPage(t, browser, url)
  const { page } = host
  await inBoth(page, 'waiting')
  await take(page, 'waiting')
  await page.context().setOffline(true)
  await page.locator('#compact .trouble').filter({ visible: true }).waitFor()
  await take(page, 'waiting, offline')
  await page.context().setOffline(false)
  await each(host, 1, (phone, ticket) => phone.scan(ticket))
  await inBoth(page, 'scanned')
  await take(page, 'scanned')
  await page.context().setOffline(true)
  await page.locator('#compact .trouble').filter({ visible: true }).waitFor()
  await take(page, 'scanned, offline')
  await page.context().setOffline(false)
  await each(host, 1, (phone, ticket) => phone.cancel(ticket))
  await inBoth(page, 'cancelled')
  await take(page, 'cancelled')
  await confirm(host, 2)
  await inBoth(page, 'confirmed')
  await take(page, 'confirmed')

  await page.evaluate(`localStorage.setItem('scan-login-person ${site.service.url}/', 'sub')`)
  await page.reload()
  await confirm(host, 1)
  await inBoth(page, 'another')
  await take(page, 'confirmed by another person')
  await page.locator('#full [data-action=notMe]').click()
  await page.locator('#compact [data-action=notMe]').click()
  await inBoth(page, 'cancelled')
  await each(host, 2, (phone, ticket) => phone.scan(ticket))
  await inBoth(page, 'scanned')
  site.service.skip(ticketLifeMs)
  await inBoth(page, 'late')
  await take(page, 'time ran out after the scan')
  await hide(page)
  site.service.skip(ticketLifeMs)
  await inBoth(page, 'expired')
  await take(page, 'expired')
  await page.route('**/api/tickets', (route) => route.abort())
  await page.reload()
  await inBoth(page, 'no-code')
  await take(page, 'no code')
}
