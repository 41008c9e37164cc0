import t from 'tap'
import { prefixesOf } from '../../../src/domain/address.ts'
import { addressOf, trustedProxies, wechatQuotaKeyOf } from '../../../src/http/visitor.ts'

await t.test('wechatQuotaKeyOf: an IPv4 address is a client key of its own, an IPv6 address has that of its /48, as limits count it', async (t) => {
  t.equal(wechatQuotaKeyOf('192.0.2.1'), '192.0.2.1')
  for (const address of ['2001:db8:1:2::3', '2001:db8:1:ffff::', '2001:db8:1::']) t.equal(wechatQuotaKeyOf(address), '2001:db8:1::/48')
  t.equal(wechatQuotaKeyOf('2001:db8:1:2::3'), prefixesOf('2001:db8:1:2::3')[0])
  t.equal(wechatQuotaKeyOf(''), '')
})

await t.test('visitor: there is no address, and the hop is not trusted, when the socket has closed', async (t) => {
  const isTrusted = trustedProxies(['0.0.0.0/0', '::/0'])
  t.strictSame([isTrusted(undefined), isTrusted('192.0.2.1')], [false, true])
  t.equal(addressOf({ ips: [undefined] } as never), '')
  t.equal(addressOf({ ip: undefined } as never), '')
})
