/** The login page on a computer, in every state. */
import { serveDemo } from '../support/demo-window.ts'
import { openVisit, promptPath, setVisibility, shownTicket, visitedService } from '../support/login-visit.ts'
import { hide, rememberLogin, unhide, waitForStage } from '../support/open-page.ts'
import type { Studio } from './album.ts'
import { holdRequests, photographPage, refuse } from './photograph.ts'
import { siteWithAll, ticketLifeMs } from './site.ts'

export const loginStates = async ({ t, browser, album }: Studio): Promise<void> => {
  const server = await serveDemo(t, siteWithAll(t))
  const service = visitedService(t, server)
  const { page, context, approve } = await openVisit(t, browser, service, { path: '/me' })
  const take = (state: string): Promise<void> => photographPage(album, page, state)
  const tickets = '**/api/tickets'
  const troubled = (): Promise<void> => page.locator('.trouble').filter({ visible: true }).waitFor()
  const scan = async () => {
    const phone = await service.newPhone()
    const ticket = await shownTicket(page)
    await phone.scan(ticket)
    await waitForStage(page, 'scanned')
    return { phone, ticket }
  }

  const makeTickets = await holdRequests(page, tickets)
  await page.goto(`${server.url}/login`)
  await waitForStage(page, 'making')
  await take('making')
  await page.goto('about:blank')
  await makeTickets()

  for (const [code, status, retryAfter] of [['too-many-tickets', 503, 120], ['rate-limited', 429, 60], ['store-unavailable', 503, 5]] as const) {
    await refuse(page, tickets, status, code, retryAfter)
    await page.goto(`${server.url}/login`)
    await waitForStage(page, 'no-code')
    await take(`no code: ${code}`)
    if (code === 'too-many-tickets') {
      await page.locator('[data-word=retry]').waitFor()
      await take('no code for 10 s')
    }
    await page.unroute(tickets)
  }
  server.simulator.fail('getwxacodeunlimit', 'http-500')
  await page.reload()
  await waitForStage(page, 'no-code')
  await take("no code: WeChat can't make one")
  server.simulator.clearFaults()

  await page.reload()
  await waitForStage(page, 'waiting')
  await take('waiting')
  await page.locator('[data-action=explain]').click()
  await take('explained')
  await page.keyboard.press('Escape')
  await context.setOffline(true)
  await troubled()
  await take('waiting, offline')
  await context.setOffline(false)

  const refused = await scan()
  await take('scanned')
  await context.setOffline(true)
  await troubled()
  await take('scanned, offline')
  await context.setOffline(false)
  await page.locator('.trouble').waitFor({ state: 'hidden' })
  await page.route(/api\/tickets\/.*\?/, (route) => route.abort())
  await troubled()
  await take('scanned, service away')
  await page.unroute(/api\/tickets\/.*\?/)
  await page.locator('.trouble').waitFor({ state: 'hidden' })

  await refused.phone.cancel(refused.ticket)
  await waitForStage(page, 'cancelled')
  await take('cancelled')
  await rememberLogin(page)
  const stranger = await service.newPhone()
  await stranger.rename('小雨 Xiaoyu')
  await approve(stranger, await shownTicket(page))
  await waitForStage(page, 'another')
  await take('confirmed by another person')
  const consume = await holdRequests(page, '**/consume')
  await page.locator('[data-action=goOn]').click()
  await waitForStage(page, 'logging-in')
  await take('logging in')
  await page.route('**/me', (route) => route.fulfill({ status: 204 })) // the page stays
  await consume()
  await waitForStage(page, 'confirmed')
  await page.waitForTimeout(1_000) // it leaves after 900 ms, and is held
  await take('confirmed')

  await page.goto(`${server.url}/login`)
  await page.locator('[data-word=continue]').waitFor()
  await photographPage(album, page, 'logged in already', { switchLanguage: null })
  await page.unroute('**/me')

  // From here on the service's clock is ahead of the phones', which couldn't scan after it.
  await page.goto(`${server.url}${promptPath}`)
  await scan()
  server.skip(ticketLifeMs)
  await waitForStage(page, 'late')
  await take('time ran out after the scan')
  await hide(page)
  server.skip(ticketLifeMs)
  await waitForStage(page, 'expired')
  await take('expired')
  await unhide(page)

  await page.route(/\/login\.js/, (route) => route.abort())
  await page.goto(`${server.url}${promptPath}`)
  await page.locator('.again').waitFor()
  await photographPage(album, page, 'its script never came', { switchLanguage: null })
  await page.unroute(/\/login\.js/)
  await setVisibility(page, 'visible')

  const silent = await browser.newContext({ javaScriptEnabled: false, reducedMotion: 'reduce' })
  t.teardown(() => silent.close())
  const still = await silent.newPage()
  await still.goto(`${server.url}/login`)
  await photographPage(album, still, 'scripts are off', { switchLanguage: null })
  await plainStates({ t, browser, album })
}

/** A site without numbers, links and logo, with a long name, for people without a name. */
const plainStates = async ({ t, browser, album }: Studio): Promise<void> => {
  const server = await serveDemo(t, { MATCH_NUMBERS: 'off', SITE_NAME: 'The Very Long-Named Community Library of Greater Springfield', TICKET_TTL: `${ticketLifeMs / 1000}` })
  const service = visitedService(t, server)
  const { page } = await openVisit(t, browser, service)
  const ticket = await shownTicket(page)
  await photographPage(album, page, 'long name: waiting')
  const phone = await service.newPhone()
  await phone.scan(ticket)
  await waitForStage(page, 'scanned')
  await photographPage(album, page, 'scanned, without numbers')
  await page.route('**/me', (route) => route.fulfill({ status: 204 })) // the page stays
  await phone.confirm(ticket)
  await waitForStage(page, 'confirmed')
  await page.waitForTimeout(1_000)
  await photographPage(album, page, 'confirmed by somebody without a name')
}
