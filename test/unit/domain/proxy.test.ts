import t from 'tap'
import { proxyFor } from '../../../src/domain/proxy.ts'

const [HTTPS_PROXY, HTTP_PROXY] = ['http://secure.example:3128/', 'http://plain.example:3128/']
const wechat = 'https://api.weixin.qq.com'

await t.test('proxy: each scheme has a proxy of its own, and none when it isn\'t set', async (t) => {
  const settings = { HTTPS_PROXY, HTTP_PROXY, NO_PROXY: [] }
  t.equal(proxyFor(wechat, settings), HTTPS_PROXY)
  t.equal(proxyFor('http://gateway.example/wechat', settings), HTTP_PROXY)
  t.equal(proxyFor(wechat, { ...settings, HTTPS_PROXY: null }), null)
})

await t.test('proxy: there is none when the call stays on this machine', async (t) => {
  for (const host of ['localhost:8080', 'wechat.localhost', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080']) {
    t.equal(proxyFor(`https://${host}`, { HTTPS_PROXY, HTTP_PROXY, NO_PROXY: [] }), null, host)
  }
})

/** A host, entries of NO_PROXY that cover it, and entries that don't. */
const cases: ReadonlyArray<readonly [host: string, covering: readonly string[], others: readonly string[]]> = [
  ['api.weixin.qq.com', ['*', 'api.weixin.qq.com', 'QQ.com', '.qq.com', '*.qq.com', 'qq.com.', 'qq.com:443'], ['q.com', 'weixin', 'xapi.weixin.qq.com', 'qq.com:80', '10.0.0.0/8', 'com.cn']],
  ['qq.com:8443', ['qq.com', 'qq.com:8443'], ['qq.com:443']],
  ['10.1.2.3', ['10.1.2.3', '10.0.0.0/8', '10.1.2.3:443'], ['10.1.2.4', '11.0.0.0/8', '10.1.2.3:80', '2.3']],
  ['[2001:db8::7]', ['2001:db8::7', '[2001:DB8::7]', '[2001:db8::7]:443', '2001:db8::/32'], ['2001:db8::8', '[2001:db8::7]:80', '2001:db9::/32']],
]

for (const [host, covering, others] of cases) {
  await t.test(`proxy: NO_PROXY decides when the call goes to ${host}`, async (t) => {
    const proxyWith = (entry: string) => proxyFor(`https://${host}/path`, { HTTPS_PROXY, HTTP_PROXY, NO_PROXY: ['other.example', entry] })
    for (const entry of covering) t.equal(proxyWith(entry), null, entry)
    for (const entry of others) t.equal(proxyWith(entry), HTTPS_PROXY, entry)
  })
}
