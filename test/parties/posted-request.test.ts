/** A website that posts its authorization request, from another site than the service's. */
import { createServer } from 'node:http'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { listen } from '../support/listen.ts'
import { openProvider } from '../support/parties/provider.ts'

const url = await listen(t, createServer((request, response) => { response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><p>${request.url}`.replaceAll('&', '&amp;')) }))
const redirect = `${url}/callback`
const provider = await openProvider(t, [{ client_id: 'site', url, redirect_uris: [redirect], allow: 'everybody' }])
const browser = await launchChromium()
t.teardown(() => browser.close())

await t.test('posted request: a person who is logged in comes back to the website at once, as their browser sends the cookie after the redirect', async (t) => {
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' })
  t.teardown(() => context.close())
  const page = await context.newPage()
  const fields = { client_id: 'site', response_type: 'code', redirect_uri: redirect, scope: 'openid', state: 'a b+c&d=é' }
  const post = async (more: Readonly<Record<string, string>> = {}): Promise<void> => {
    await page.goto(url)
    const inputs = Object.entries({ ...fields, ...more }).map(([name, value]) => `<input name="${name}" value="${value.replaceAll('&', '&amp;')}">`).join('')
    await page.setContent(`<meta charset=utf-8><form method="post" action="${provider.issuer}/auth">${inputs}<button>Log in</button></form>`)
    await page.getByRole('button').click()
  }
  await post()
  await provider.logIn(page, await provider.person('Ming', []), new URL(url).host)
  for (const more of [undefined, {}, { prompt: 'none' }]) {
    if (more !== undefined) await post(more)
    await page.waitForURL(`${redirect}?**`)
    const { searchParams } = new URL(page.url())
    t.strictSame([searchParams.get('error'), searchParams.get('state'), searchParams.has('code')], [null, fields.state, true])
  }
})
