// Which origins are the service's own site, which embed it from elsewhere, and what that makes of headers and names.
import t from 'tap'
import { foreignOrigins, isOwnSite, resourcePolicyFor, siteNameOf, type SiteSettings } from '../../../src/domain/site.ts'

const alone: SiteSettings = { origin: 'https://login.example.com', COOKIE_DOMAIN: null, ALLOWED_ORIGINS: [] }
const shared: SiteSettings = { ...alone, COOKIE_DOMAIN: 'example.com' }

await t.test('site: an origin is the service\'s own when it is that of PUBLIC_URL', async (t) => {
  for (const settings of [alone, shared]) t.equal(isOwnSite('https://login.example.com', settings), true)
  for (const origin of ['https://example.com', 'https://www.example.com', 'http://login.example.com', 'https://login.example.com:8443', 'https://www.null', '', 'null']) t.equal(isOwnSite(origin, alone), false, origin)
  t.equal(isOwnSite('http://localhost:3000', { ...alone, origin: 'http://localhost:3000' }), true, 'over http, too')
})

await t.test('site: an origin is the service\'s own when COOKIE_DOMAIN covers it over https, in its one form', async (t) => {
  for (const origin of ['https://example.com', 'https://www.example.com', 'https://a.b.example.com:8443']) t.equal(isOwnSite(origin, shared), true, origin)
  for (const origin of [
    'http://example.com', 'http://www.example.com', 'wss://www.example.com', 'https://evilexample.com', 'https://example.com.evil.example', 'https://example.org', 'https://www.example.com/', 'https://WWW.example.com',
    'https://user@www.example.com', '.example.com', 'www.example.com', 'null', '',
  ]) t.equal(isOwnSite(origin, shared), false, origin)
})

await t.test('site: the origins of other sites are those that are not the service\'s own', async (t) => {
  const origins = ['https://login.example.com', 'https://www.example.com', 'https://shop.example']
  t.strictSame(foreignOrigins({ ...alone, ALLOWED_ORIGINS: origins }), ['https://www.example.com', 'https://shop.example'])
  t.strictSame(foreignOrigins({ ...shared, ALLOWED_ORIGINS: origins }), ['https://shop.example'])
})

await t.test('site: what the element shows is for the narrowest that every allowed origin is within', async (t) => {
  t.equal(resourcePolicyFor(alone), 'same-origin')
  t.equal(resourcePolicyFor({ ...alone, ALLOWED_ORIGINS: ['https://login.example.com'] }), 'same-origin')
  t.equal(resourcePolicyFor({ ...shared, ALLOWED_ORIGINS: ['https://login.example.com', 'https://www.example.com'] }), 'same-site')
  t.equal(resourcePolicyFor({ ...shared, ALLOWED_ORIGINS: ['https://www.example.com', 'https://shop.example'] }), 'cross-origin')
  t.equal(resourcePolicyFor({ ...alone, ALLOWED_ORIGINS: ['https://www.example.com'] }), 'cross-origin')
})

await t.test('site: it is called by its host, with a port when that is not the usual one', async (t) => {
  t.equal(siteNameOf('https://shop.example'), 'shop.example')
  t.equal(siteNameOf('https://shop.example:8443'), 'shop.example:8443')
})
