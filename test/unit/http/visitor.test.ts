/** Whom calls to WeChat are made for. */
import t from 'tap'
import { prefixesOf } from '../../../src/domain/address.ts'
import { wechatClientKeyOf } from '../../../src/http/visitor.ts'

await t.test('visitor: calls to WeChat are an IPv4 address\' own, and the whole network\'s of an IPv6 one, by the name that it is counted with', async (t) => {
  t.equal(wechatClientKeyOf('192.0.2.1'), '192.0.2.1')
  for (const address of ['2001:db8:1:2::3', '2001:db8:1:ffff::', '2001:db8:1::']) t.equal(wechatClientKeyOf(address), '2001:db8:1::/48')
  t.equal(wechatClientKeyOf('2001:db8:1:2::3'), prefixesOf('2001:db8:1:2::3')[0])
  t.equal(wechatClientKeyOf(''), '')
})
