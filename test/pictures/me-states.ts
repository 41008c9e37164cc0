/** The signed-in page, and the page of a refusal, in every state. */
import { serveDemo } from '../support/demo-window.ts'
import { openVisit, shownTicket, visitedService } from '../support/login-visit.ts'
import type { Studio } from './album.ts'
import { holdRequests, photographPage, type SwitchLanguage } from './photograph.ts'
import { siteWithAll } from './site.ts'

export const meStates = async ({ t, browser, album }: Studio): Promise<void> => {
  const server = await serveDemo(t, siteWithAll(t))
  const service = visitedService(t, server)
  const { page, approve } = await openVisit(t, browser, service, { path: '/me' })
  const take = (state: string): Promise<void> => photographPage(album, page, state)
  const session = /\/api\/session(?!\/)/

  await page.locator('#log-in').waitFor()
  await take('logged out')
  const answer = await holdRequests(page, session)
  await page.reload()
  await page.locator('.unknown').waitFor()
  await take('looking')
  await answer()
  await page.route(session, (route) => route.fulfill({ status: 502, body: '' }))
  await page.reload()
  await page.waitForTimeout(500)
  await take('service away')
  await page.unroute(session)

  for (const name of ['', '小雨 Xiaoyu']) {
    await page.goto(`${server.url}/login?prompt=login`)
    const phone = await service.newPhone()
    if (name !== '') await phone.rename(name)
    await approve(phone, await shownTicket(page))
    if (name !== '') await page.locator('[data-action=goOn]').click()
    await page.waitForURL('**/me')
    await page.locator('#log-out').waitFor()
    await take(name === '' ? 'logged in, without a name' : 'logged in')
  }
  await page.goto(`${server.url}/me#return-refused`)
  await page.reload()
  await page.locator('#refused').filter({ visible: true }).waitFor()
  await take('could not be sent back')
  await page.route(session, (route) => route.request().method() === 'DELETE' ? route.fulfill({ status: 503 }) : route.fallback())
  await page.goto(`${server.url}/me?`)
  await page.locator('#log-out').click()
  await page.locator('#trouble').filter({ hasText: /./ }).waitFor()
  await take('the log-out failed')
  await page.unroute(session)
  await page.locator('#log-out').click()
  await page.locator('#log-in').waitFor()
  await take('logged out just now')

  const all = `${server.url}/**`
  const byHeader: SwitchLanguage = async (page, language) => {
    await page.unroute(all)
    await page.route(all, (route) => route.continue({ headers: { ...route.request().headers(), 'accept-language': { zh: 'zh-CN', 'zh-Hant': 'zh-TW', en: 'en' }[language] } }))
    await page.reload()
  }
  for (const [state, path] of [['refused: no such page', '/nothing/here'], ['refused: the code has ended', `/api/tickets/${'a'.repeat(22)}/code`]] as const) {
    await page.goto(`${server.url}${path}`)
    await photographPage(album, page, state, { switchLanguage: byHeader })
  }

  const silent = await browser.newContext({ javaScriptEnabled: false, reducedMotion: 'reduce' })
  t.teardown(() => silent.close())
  const still = await silent.newPage()
  await still.goto(`${server.url}/me`)
  await photographPage(album, still, 'scripts are off', { switchLanguage: null })
}
