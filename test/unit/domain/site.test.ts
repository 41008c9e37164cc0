import t from 'tap'
import { foreignOrigins, isOwnSite, resourcePolicyFor, siteNameOf, type SiteSettings } from '../../../src/domain/site.ts'

const alone: SiteSettings = { origin: 'https://login.example.com', COOKIE_DOMAIN: null, ALLOWED_ORIGINS: [] }
const shared: SiteSettings = { ...alone, COOKIE_DOMAIN: 'example.com' }

await t.test('site: an origin is the service\'s own when it is that of PUBLIC_URL', async (t) => {
  for (const settings of [alone, shared]) t.equal(isOwnSite('https://login.example.com', settings), true)
  for (const origin of ['https://example.com', 'https://www.example.com', 'http://login.example.com', 'https://login.example.com:8443', 'https://www.null', '', 'null']) t.equal(isOwnSite(origin, alone), false, origin)
  t.equal(isOwnSite('http://localhost:3000', { ...alone, origin: 'http://localhost:3000' }), true, 'over http as well')
})

await t.test('site: an origin is the service\'s own when COOKIE_DOMAIN covers it over https, in canonical form', async (t) => {
  for (const origin of ['https://example.com', 'https://www.example.com', 'https://a.b.example.com:8443']) t.equal(isOwnSite(origin, shared), true, origin)
  for (const origin of [
    'http://example.com', 'http://www.example.com', 'wss://www.example.com', 'https://evilexample.com', 'https://example.com.evil.example', 'https://example.org', 'https://www.example.com/', 'https://WWW.example.com',
    'https://user@www.example.com', '.example.com', 'www.example.com', 'null', '',
  ]) t.equal(isOwnSite(origin, shared), false, origin)
})

await t.test('site: an allowed origin is foreign when it is not the service\'s own', async (t) => {
  const origins = ['https://login.example.com', 'https://www.example.com', 'https://shop.example']
  t.strictSame(foreignOrigins({ ...alone, ALLOWED_ORIGINS: origins }), ['https://www.example.com', 'https://shop.example'])
  t.strictSame(foreignOrigins({ ...shared, ALLOWED_ORIGINS: origins }), ['https://shop.example'])
})

await t.test('site: the resource policy is the narrowest that includes every allowed origin when the element is embedded', async (t) => {
  t.equal(resourcePolicyFor(alone), 'same-origin')
  t.equal(resourcePolicyFor({ ...alone, ALLOWED_ORIGINS: ['https://login.example.com'] }), 'same-origin')
  t.equal(resourcePolicyFor({ ...shared, ALLOWED_ORIGINS: ['https://login.example.com', 'https://www.example.com'] }), 'same-site')
  t.equal(resourcePolicyFor({ ...shared, ALLOWED_ORIGINS: ['https://www.example.com', 'https://shop.example'] }), 'cross-origin')
  t.equal(resourcePolicyFor({ ...alone, ALLOWED_ORIGINS: ['https://www.example.com'] }), 'cross-origin')
})

await t.test('site: its name is the host, with the port when that is not the default', async (t) => {
  t.equal(siteNameOf('https://shop.example'), 'shop.example')
  t.equal(siteNameOf('https://shop.example:8443'), 'shop.example:8443')
})
