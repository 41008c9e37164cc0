import t from 'tap'
import { networkMatcher, readNetwork } from '../../../src/domain/address.ts'

await t.test('networkMatcher: a plain address matches when it is in one of the networks, IPv4-mapped ones included', async (t) => {
  const cases: ReadonlyArray<readonly [networks: readonly string[], inside: readonly string[], outside: readonly string[]]> = [
    [['10.0.0.0/8', '192.0.2.7'], ['10.0.0.0', '10.255.255.255', '192.0.2.7'], ['11.0.0.0', '192.0.2.8', '::', '::1', '', 'nonsense']],
    [['2001:db8::/32', '::1'], ['2001:db8:ffff::1', '::1'], ['2001:db9::', '::2', '127.0.0.1', '32.1.13.184']],
    [['::ffff:10.0.0.0/104'], ['10.0.0.1', '10.255.255.255'], ['11.0.0.0', '9.255.255.255', '::1', '::a00:1']],
    [['::FFFF:a00:0/120', '::ffff:192.0.2.7'], ['10.0.0.255', '192.0.2.7'], ['10.0.1.0', '192.0.2.8']],
    [['::ffff:10.0.0.0/8', '::ffff:10.0.0.0/95', 'nonsense', '10.0.0.0/33'], [], ['10.0.0.1', '::1', '1.2.3.4']],
    [['::/1'], ['::1', '2001:db8::1'], ['10.0.0.1', '8000::']],
    [[], [], ['10.0.0.1', '::1']],
  ]
  for (const [networks, inside, outside] of cases) {
    const isIn = networkMatcher(networks)
    for (const address of inside) t.equal(isIn(address), true, `${address} in ${networks.join()}`)
    for (const address of outside) t.equal(isIn(address), false, `${address} not in ${networks.join()}`)
  }
})

await t.test('readNetwork: an address and a CIDR are parsed, and null is returned when the text is neither, or no peer can be in it', async (t) => {
  const networks = {
    '192.0.2.7': 'ipv4 192.0.2.7/32',
    '10.0.0.0/8': 'ipv4 10.0.0.0/8',
    '10.0.0.0/08': 'ipv4 10.0.0.0/8',
    '0.0.0.0/0': 'ipv4 0.0.0.0/0',
    '192.0.2.7/32': 'ipv4 192.0.2.7/32',
    '2001:DB8::/32': 'ipv6 2001:db8::/32',
    '::1': 'ipv6 ::1/128',
    '::/0': 'ipv6 ::/0',
    '::1/128': 'ipv6 ::1/128',
    '::ffff:10.0.0.0/104': 'ipv4 10.0.0.0/8',
    '::ffff:0.0.0.0/96': 'ipv4 0.0.0.0/0',
    '::ffff:192.0.2.7': 'ipv4 192.0.2.7/32',
  }
  for (const [text, network] of Object.entries(networks)) {
    const read = readNetwork(text)
    t.equal(`${read?.family} ${read?.address}/${read?.bits}`, network, text)
  }
  for (const text of ['', 'nonsense', '/8', 'nonsense/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/x8', '10.0.0.0/8x', '10.0.0.0/-1', '10.0.0.0/0008', '10.0.0.0/8/8', '::/129', '::ffff:10.0.0.0/95']) t.equal(readNetwork(text), null, text)
})
