import t from 'tap'
import { plainAddress, prefixesOf } from '../../../src/domain/address.ts'

await t.test('prefixesOf: the prefixes are listed, the widest first, when an address is plain', async (t) => {
  const cases: Record<string, readonly string[]> = {
    '192.0.2.77': ['192.0.2.0/24', '192.0.2.77'],
    '::ffff:192.0.2.77': ['192.0.2.0/24', '192.0.2.77'],
    '2001:db8:1:2345:6:7:8:9': ['2001:db8:1::/48', '2001:db8:1:2300::/56', '2001:db8:1:2345::/64'],
    '2001:db8:1:45::9': ['2001:db8:1::/48', '2001:db8:1:0::/56', '2001:db8:1:45::/64'],
    '2001:DB8:0001:ffFF::': ['2001:db8:1::/48', '2001:db8:1:ff00::/56', '2001:db8:1:ffff::/64'],
    '2001:db8::1': ['2001:db8:0::/48', '2001:db8:0:0::/56', '2001:db8:0:0::/64'],
    '2001:db8:0:0:5::1': ['2001:db8:0::/48', '2001:db8:0:0::/56', '2001:db8:0:0::/64'],
    '2001::4:5:6:7:8': ['2001:0:0::/48', '2001:0:0:0::/56', '2001:0:0:4::/64'],
    '::1': ['0:0:0::/48', '0:0:0:0::/56', '0:0:0:0::/64'],
    'fe80::1%eth0': ['fe80:0:0::/48', 'fe80:0:0:0::/56', 'fe80:0:0:0::/64'],
    '': [''],
    nonsense: [''],
  }
  for (const [address, prefixes] of Object.entries(cases)) t.strictSame(prefixesOf(plainAddress(address)), prefixes, address)
})
