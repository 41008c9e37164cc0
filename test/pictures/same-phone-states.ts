/** The login page on the phone that also scans, in every state that differs from a computer's. */
import { serveDemo } from '../support/demo-window.ts'
import { openVisit, shownTicket, visitedService } from '../support/login-visit.ts'
import { waitForStage } from '../support/open-page.ts'
import { userAgents } from '../support/user-agents.ts'
import type { Studio } from './album.ts'
import { phoneSizes, photographPage } from './photograph.ts'
import { siteWithAll, ticketLifeMs } from './site.ts'

const userAgentOf = (part: RegExp): string => Object.keys(userAgents).find((userAgent) => part.test(userAgent)) ?? ''
const iphone = userAgentOf(/iPhone.*Safari/)
const wechat = userAgentOf(/iPhone.*MicroMessenger/)

export const samePhoneStates = async ({ t, browser, album }: Studio): Promise<void> => {
  for (const [device, userAgent, links] of [['phone', iphone, 'off'], ['phone with link', iphone, 'on'], ["WeChat's browser", wechat, 'off']] as const) {
    const server = await serveDemo(t, { ...siteWithAll(t), WECHAT_URL_LINK: links })
    const service = visitedService(t, server)
    const { page, context } = await openVisit(t, browser, service, { userAgent })
    const take = (state: string): Promise<void> => photographPage(album, page, `${device}: ${state}`, { among: phoneSizes })
    await waitForStage(page, 'waiting')
    await take('waiting')
    if (device !== "WeChat's browser") {
      await page.route(/\/code$/, (route) => route.abort())
      await page.evaluate('navigator.share = undefined')
      await page.locator('[data-action=save]').click()
      await page.waitForTimeout(500)
      await take('picture saved or not')
      await page.unroute(/\/code$/)
    }
    await context.setOffline(true)
    await page.locator('.trouble').filter({ visible: true }).waitFor()
    await take('waiting, offline')
    await context.setOffline(false)
    const phone = await service.newPhone()
    const ticket = await shownTicket(page)
    await phone.scan(ticket)
    await waitForStage(page, 'scanned')
    await take('scanned')
    await phone.cancel(ticket)
    await waitForStage(page, 'cancelled')
    await take('cancelled')
  }
  const server = await serveDemo(t, { MATCH_NUMBERS: 'off', TICKET_TTL: `${ticketLifeMs / 1000}` })
  const service = visitedService(t, server)
  const { page } = await openVisit(t, browser, service, { userAgent: iphone })
  await (await service.newPhone()).scan(await shownTicket(page))
  await waitForStage(page, 'scanned')
  await photographPage(album, page, 'phone: scanned, without numbers', { among: phoneSizes })
}
