import t from 'tap'
import { whyNoAppUrl, whyNoBackchannelUri, whyNoRedirectUri } from '../../../src/oidc/client-uris.ts'

await t.test('H7 client URIs: a redirect URI may have a query, a port and a path, and be http on this machine', async (t) => {
  for (const uri of [
    'https://app.example.com/callback', 'https://app.example.com', 'https://app.example.com:8443/a/b?action=x&y=%20', 'https://192.0.2.7/cb', 'https://[2001:db8::1]/cb',
    'http://localhost:3000/cb', 'http://127.0.0.1/cb', 'http://[::1]:8080/cb', 'http://app.localhost/cb',
  ]) t.equal(whyNoRedirectUri(uri), null, uri)
})

await t.test('H7 client URIs: a redirect URI is refused, with the reason, when it is no exact and safe address', async (t) => {
  for (const [uri, why] of [
    ['', 'must be an address like https://app.example.com/callback'],
    ['/callback', 'must be an address like https://app.example.com/callback'],
    ['https:/app.example.com', 'must be an address like https://app.example.com/callback'],
    ['https://', 'must be an address like https://app.example.com/callback'],
    ['javascript:alert(1)', 'must be an address like https://app.example.com/callback'],
    ['myapp://callback', 'must be an address like https://app.example.com/callback'],
    ['https://*.example.com/cb', 'must be a whole address: there are no wildcards'],
    ['https://app.example.com/*', 'must be a whole address: there are no wildcards'],
    ['https://app.example.com/cb#x', 'must not have a fragment'],
    ['https://app.example.com/cb#', 'must not have a fragment'],
    ['https://user@app.example.com/cb', 'must not have a user or a password'],
    ['https://:pw@app.example.com/cb', 'must not have a user or a password'],
    ['https://@app.example.com/cb', 'must not have a user or a password'],
    ['http://app.example.com/cb', 'must be https (http on localhost only)'],
    ['http://192.168.1.2/cb', 'must be https (http on localhost only)'],
    ['http://localhost.example.com/cb', 'must be https (http on localhost only)'],
    ['https://App.example.com/cb', 'must be written as https://app.example.com/cb'],
    ['https://app.example.com:443/cb', 'must be written as https://app.example.com/cb'],
    ['https://app.example.com/a/../cb', 'must be written as https://app.example.com/cb'],
    ['https://app.example.com/%2e%2e/cb', 'must be written as https://app.example.com/cb'],
    ['https://app.example.com\\@evil.example/cb', 'must not have a user or a password'],
    ['https://app.example.com/c b', 'must be written as https://app.example.com/c%20b'],
    [' https://app.example.com/cb', 'must be an address like https://app.example.com/callback'],
    ['https://例子.example/cb', 'must be written as https://xn--fsqu00a.example/cb'],
    [`https://app.example.com/${'a'.repeat(2048)}`, 'must have at most 2048 characters'],
  ] as const) t.equal(whyNoRedirectUri(uri), why, uri.slice(0, 60))
})

await t.test('client URIs: the address of an app has no query', async (t) => {
  for (const url of ['https://git.example.com', 'https://git.example.com/', 'https://example.com/git', 'http://localhost:3000']) t.equal(whyNoAppUrl(url), null, url)
  t.equal(whyNoAppUrl('https://git.example.com/?a=b'), 'must not have a query')
  t.equal(whyNoAppUrl('git.example.com'), 'must be an address like https://app.example.com/callback')
})

await t.test('client URIs: logouts may be reported over http inside a private network, and nowhere else', async (t) => {
  for (const uri of ['https://cloud.example.com/logout?x=1', 'http://nextcloud/logout', 'http://nextcloud:8080/logout', 'http://10.0.0.7/logout', 'http://[fd00::1]/logout', 'http://cloud.internal/logout']) t.equal(whyNoBackchannelUri(uri), null, uri)
  for (const uri of ['http://cloud.example.com/logout', 'http://192.0.2.7/logout', 'http://[2001:db8::1]/logout']) t.equal(whyNoBackchannelUri(uri), 'must be https (http inside a private network only)', uri)
  t.equal(whyNoBackchannelUri('https://cloud.example.com/#x'), 'must not have a fragment')
  t.equal(whyNoBackchannelUri('ftp://cloud.example.com/'), 'must be an address like https://app.example.com/callback')
})
