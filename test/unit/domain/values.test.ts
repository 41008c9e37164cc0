import { createHmac, createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { areOneConnection, isPrivateAddress, networkOf, plainAddress } from '../../../src/domain/address.ts'
import { describeBrowser } from '../../../src/domain/browser.ts'
import { equalInConstantTime, hashSecret, isId, isKeyId, isSecret, newId, newSecret, startOf } from '../../../src/domain/ids.ts'
import { newMatch } from '../../../src/domain/match.ts'
import { subjectOf, whyNotName } from '../../../src/domain/person.ts'
import { areDifferentCountries } from '../../../src/domain/place.ts'
import { isReturnAllowed } from '../../../src/domain/return-to.ts'
import { createRandomPool } from '../../../src/domain/random-pool.ts'
import { createSeal } from '../../../src/domain/seal.ts'
import { isPlainText, plainText } from '../../../src/domain/text.ts'
import { deviceOf } from '../../../static/scan-login/device.js'
import { userAgents } from '../../support/user-agents.ts'
import { seededBytes } from '../../support/seeded-random.ts'

/** A text in a form that a report can print. */
const plain = (text: string): string => encodeURIComponent(text.toWellFormed()).slice(0, 80)

await t.test('ids: a text is accepted when it is the canonical base64url of the right number of bytes', async (t) => {
  for (let i = 0; i < 200; i++) {
    t.ok(isId(newId(seededBytes)))
    t.ok(isSecret(newSecret(seededBytes)))
  }
  for (const text of ['', 'short', 'A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}B`, `${'A'.repeat(21)}+`, `${'A'.repeat(22)}\n`]) t.notOk(isId(text), JSON.stringify(text))
  for (const text of ['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}B`, `${'A'.repeat(42)}/`]) t.notOk(isSecret(text), JSON.stringify(text))
  for (const text of ['a', 'A-Z_0-9', 'a'.repeat(64)]) t.ok(isKeyId(text), text)
  for (const text of ['', 'a'.repeat(65), 'a:b', 'a\n', ' a', '微']) t.notOk(isKeyId(text), JSON.stringify(text))
})

await t.test('ids: texts are the same when every byte is, and a hash is SHA-256 in base64url', async (t) => {
  t.ok(equalInConstantTime('abc', 'abc'))
  t.notOk(equalInConstantTime('abc', 'abd'))
  t.notOk(equalInConstantTime('abc', 'abcd'))
  t.equal(hashSecret('abc'), 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
})

await t.test('ids: eight characters are left when an id is shortened for a log', async (t) => {
  t.equal(startOf('AbCdEfGhIjKlMnOpQrStUg'), 'AbCdEfGh')
})

await t.test('seal: it decrypts when key, purpose and associated data are the same and no byte has changed, and only then', async (t) => {
  const key = seededBytes(32)
  const seal = createSeal(key, 'tests')
  for (const secret of ['', 'a', '秘密', 'x'.repeat(5000)]) t.equal(createSeal(key, 'tests').decrypt(seal.encrypt(secret, 'here'), 'here'), secret)
  const sealed = seal.encrypt('secret', 'here')
  t.not(seal.encrypt('secret', 'here'), sealed, 'the same secret looks different each time')
  t.equal(seal.decrypt(sealed, 'there'), undefined, 'other associated data')
  t.equal(createSeal(key, 'trials').decrypt(sealed, 'here'), undefined, 'another purpose')
  t.equal(createSeal(seededBytes(32), 'tests').decrypt(sealed, 'here'), undefined, 'another key')
  const bytes = Buffer.from(sealed, 'base64url')
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes)
    changed[index]! ^= 1 // below its length
    t.equal(seal.decrypt(changed.toString('base64url'), 'here'), undefined, `byte ${index} changed`)
    t.equal(seal.decrypt(bytes.subarray(0, index).toString('base64url'), 'here'), undefined, `cut after ${index}`)
  }
  for (const nothing of [undefined, null, 7, '', [sealed], '%%%']) t.equal(seal.decrypt(nothing, 'here'), undefined, JSON.stringify(nothing))
})

await t.test('seal: it decrypts what an earlier release has encrypted', async (t) => {
  t.equal(createSeal(Buffer.alloc(32, 7), 'tests').decrypt('L95XspcXstu0B8mER8eK8HHYRErsdjP6GBhTzavYvS-xQg', 'here'), '秘密')
})

await t.test('match: the numbers differ and have two digits, and the right one is as likely in each place, when one is drawn', async (t) => {
  const places = [0, 0, 0]
  const seen = new Set<string>()
  for (let i = 0; i < 3000; i++) {
    const { code, choices } = newMatch(seededBytes)
    if (new Set(choices).size !== 3 || choices.some((choice) => !/^[1-9]\d$/.test(choice))) t.fail(`drew ${choices.join()}`)
    places[choices.indexOf(code)] = (places[choices.indexOf(code)] ?? NaN) + 1
    seen.add(code)
  }
  t.equal(seen.size, 90)
  for (const count of places) t.ok(count > 850 && count < 1150, `${count} of 3000`) // 5.8 standard deviations
})

await t.test('match: a byte is drawn again when it would make low numbers more likely', async (t) => {
  const bytes = [180, 255, 179, 1, 2, 255, 1] // 180 is twice 90, and 255 is 85 times 3
  const match = newMatch(() => Buffer.of(bytes.shift() ?? NaN))
  t.strictSame(match, { code: '11', choices: ['99', '11', '12'] })
  t.strictSame(bytes, [])
})

await t.test('browser: it is named from the tables when its User-Agent is known, and unknown otherwise', async (t) => {
  const names = (userAgent: string): string => {
    const { name, system, isPhone } = describeBrowser(userAgent)
    return `${name} on ${system}${isPhone ? ', which is a phone' : ''}`
  }
  t.equal(names('Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0'), 'Edge on Windows')
  t.equal(names('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/20.1 Safari/605.1.15'), 'Safari on macOS')
  t.equal(names('Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'), 'Firefox on Linux')
  t.equal(names('Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60(0x1800) NetType/WIFI'), 'WeChat on iOS, which is a phone')
  t.equal(names('Mozilla/5.0 (Linux; Android 16; V2408A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36 VivoBrowser/26.0'), 'Phone browser on Android, which is a phone')
  t.equal(names('Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 QQBrowser/19.0'), 'QQ Browser on Windows')
  t.equal(names('Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'), 'Safari on iOS, which is a phone')
  t.equal(names('Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148'), 'WebKit browser on iPadOS')
  t.equal(names('Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'), 'Chrome on ChromeOS')
  t.equal(names('Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0 Mobile HuaweiBrowser/6.0'), 'Huawei Browser on HarmonyOS, which is a phone')
  const likeChrome = (words: string): string => names(`Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 ${words}`)
  for (const [words, name] of [
    ['V1_AND_SQ_9.1.0 QQ/9.1.0.22', 'QQ'], ['UCBrowser/17.0', 'UC Browser'], ['360SE', '360 Browser'], ['SogouMobileBrowser/5.9', 'Sogou Browser'], ['XiaoMi/MiuiBrowser/19.2', 'Mi Browser'],
    ['HeyTapBrowser/45.9', 'Phone browser'], ['SamsungBrowser/28.0', 'Samsung Internet'], ['EdgA/150.0', 'Edge'], ['OPR/90.0', 'Opera'], ['Vivaldi/7.5', 'Vivaldi'], ['YaBrowser/25.6', 'Yandex Browser'],
  ]) t.equal(likeChrome(words ?? ''), `${name} on Android, which is a phone`)
  t.equal(names('\u202e<b>Chrome</b>\0'), 'Unknown browser on Unknown system')
  t.equal(names(''), 'Unknown browser on Unknown system')
})

await t.test('E12 browser: service and page agree whether it is a phone when its User-Agent is any text', async (t) => {
  for (const [userAgent, device] of Object.entries(userAgents)) {
    t.equal(describeBrowser(userAgent).isPhone, device !== 'computer', userAgent)
    t.equal(deviceOf(userAgent), device, userAgent)
  }
  const tokens = ['Mobile', 'Phone', 'iPhone', 'iPad', 'Tablet', 'PC', 'Android', 'OpenHarmony', 'Mac OS X', 'MicroMessenger/', 'WindowsWechat', 'MacWechat', '(', ')', ';', '/', ' ', 'x']
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...tokens), maxLength: 25 }), (userAgent) =>
    describeBrowser(userAgent).isPhone === (deviceOf(userAgent) !== 'computer')), { numRuns: 2000 })
})

await t.test('browser: only names of the tables come out when its User-Agent is any text', async (t) => {
  const tokens = ['Chrome/1', 'Version/', 'Safari/', 'Edg/', 'iPhone', 'Windows', '\u202e', '\u2066', '\u200b', '\0', '\n', '<b>', 'Version/1.1.1.1 ', '\ud800', ' ']
  const said = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...tokens), maxLength: 400 }))
  fc.assert(fc.property(said, (userAgent) => {
    const { name, system } = describeBrowser(userAgent)
    return /^[A-Z][A-Za-z0-9]*(?: [A-Za-z]+)*$|^360 Browser$/.test(name) && /^[A-Za-z]+(?: system)?$/.test(system) && name.length <= 16 && system.length <= 14
  }), { numRuns: 300 })
  t.equal(describeBrowser(`${'x'.repeat(600)}Chrome/1`).name, 'Unknown browser', 'and only 512 characters are read')
})

await t.test('address: the text is canonical when it is an address, and empty when it is none', async (t) => {
  const pairs = [
    ['203.0.113.7', '203.0.113.7'], ['::ffff:203.0.113.7', '203.0.113.7'], ['::FFFF:cb00:7107', '203.0.113.7'], ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'], ['::ffff:1:2:3', '::ffff:1:2:3'], ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
    ['', ''], ['unknown', ''], ['203.0.113.7, evil', ''], ['203.0.113.07', ''], ['203.0.113.7\u202e', ''], ['<b>', ''], ['_hidden', ''],
  ] as const
  for (const [text, address] of pairs) t.equal(plainAddress(text), address, plain(text))
})

await t.test('address: it has a network when it is public, and none otherwise', async (t) => {
  const pairs = [
    ['203.0.113.7', '203.0.113.0/24'], ['8.8.8.8', '8.8.8.0/24'], ['172.32.0.1', '172.32.0.0/24'], ['100.128.0.1', '100.128.0.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'], ['2001:db8::1', '2001:db8::/48'], ['2001::1', '2001::/48'], ['2001:db8:1::', '2001:db8:1::/48'], ['2400:0:1::1', '2400:0:1::/48'],
    ...['', 'x', '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.1.1', '172.16.0.1', '172.31.255.255', '192.168.1.23', '::', '::1', '::203.0.113.7', 'fc00::1', 'fd12::1', 'fe80::1'].map((text) => [text, null] as const),
  ] as const
  for (const [address, network] of pairs) t.equal(networkOf(address), network, address)
})

await t.test('address: it is private when it, or the whole range around it, is', async (t) => {
  for (const [address, bits] of [['10.1.2.3'], ['192.168.0.0', 16], ['192.168.1.0', 24], ['::1'], ['fd12::', 32]] as const) t.equal(isPrivateAddress(address, bits), true, `${address}/${bits}`)
  for (const [address, bits] of [['203.0.113.7'], ['192.168.0.0', 15], ['10.0.0.0', 7], ['2001:db8::1'], ['fc00::', 6], [''], ['nonsense']] as const) t.equal(isPrivateAddress(address, bits), false, `${address}/${bits}`)
})

await t.test('E12 address: two are of one connection when they are the same public IPv4 address or in one public /64', async (t) => {
  const same = [['203.0.113.7', '203.0.113.7'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::1'], ['2001:db8::1', '2001:db8::ffff:0:0:1']] as const
  for (const [one, other] of same) t.ok(areOneConnection(one, other), `${one} ${other}`)
  const apart = [
    ['203.0.113.7', '203.0.113.8'], ['203.0.113.7', '198.51.100.7'], ['2001:db8:1:2::1', '2001:db8:1:3::1'], ['203.0.113.7', '2001:db8::1'],
    ...['', 'x', '127.0.0.1', '10.1.2.3', '100.64.0.1', '192.168.1.23', '::1', 'fd12::1', 'fe80::1'].flatMap((text) => [[text, text], [text, '203.0.113.7'], ['2001:db8::1', text]] as const),
  ] as const
  for (const [one, other] of apart) t.notOk(areOneConnection(one, other), `${one} ${other}`)
})

await t.test('address: its network has the same network itself when it is any address', async () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
    const address = plainAddress(text)
    const network = networkOf(address)
    return address !== '' && (network === null || (/^(?:[\d.]+\.0\/24|[\da-f:]+::\/48)$/.test(network) && networkOf(network.replace(/\/\d+$/, '')) === network))
  }), { numRuns: 300 })
})

await t.test('place: two are in different countries when both are known and differ', async (t) => {
  t.equal(areDifferentCountries('CN', 'US'), true)
  for (const [one, other] of [['CN', 'CN'], ['CN', null], [null, 'CN'], [undefined, 'CN'], ['CN', undefined], [null, undefined]]) t.equal(areDifferentCountries(one, other), false, `${one} ${other}`)
})

/** Refused in a name; `plainText` replaces each by a space. */
const hostile = [
  ...'\0\b\t\n\r\u001b\u007f\u0085\u009b', // control
  ...'\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069', // change the direction
  ...'\u200b\u200c\u2060\u2063\ufeff\u00ad\u034f\u115f\u1160\u3164\uffa0\u17b4\u180e\u2800\ufff9', // invisible
  ...'\u2028\u2029', // end the line
  '\ud800', '\udc00', // half a character
  '\u{e0041}', // tags
]

await t.test('text: a character is refused, and replaced by a space, when it hides, reverses or breaks text', async (t) => {
  for (const char of hostile) {
    t.equal(isPlainText(`a${char}b`, 32), false, plain(char))
    t.equal(whyNotName(`a${char}b`), 'unreadable', plain(char))
    t.equal(plainText(`${char}a${char}${char}b${char}`, 32), 'a b', plain(char))
  }
  t.equal(isPlainText(`a${'\u0301'.repeat(5)}`, 32), false, 'marks piled up')
  t.equal(plainText(`Zalgo${'\u0301'.repeat(30)}, ok`, 32), 'Zalgo, ok')
  t.equal(plainText('  中国\u3000 上海  ', 32), '中国 上海')
  t.equal(plainText('长'.repeat(50), 40), '长'.repeat(40))
  t.equal(plainText('👍'.repeat(5), 2), '👍👍', 'code points are counted, not UTF-16 units')
  t.equal(plainText('👩\u200d🚀', 32), '👩🚀', 'joiners are removed')
  t.equal(plainText('Zoe\u0308', 32), 'Zoe\u0308', 'and a mark stays')
  t.equal(plainText(' abcd', 4), 'abcd', 'a leading space isn\'t counted')
  t.equal(plainText('ab cd', 3), 'ab', 'nor is a trailing one left')
})

await t.test('text: plainText returns plain text, and the same when applied again, when the input is any text', async () => {
  fc.assert(fc.property(fc.string({ unit: fc.oneof(fc.constantFrom(...hostile, '\u200d', '\ufe0f', '\u0301', ' ', 'a'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), maxLength: 60 }), (text) => {
    const made = plainText(text, 20)
    return isPlainText(made, 20) && plainText(made, 20) === made
  }), { numRuns: 500 })
})

await t.test('random pool: no byte is handed out twice or left behind when many are drawn in all sizes', async (t) => {
  const batches: Buffer[] = []
  let next = 0
  // Each four bytes are a number of their own, so that every group of them can be told apart.
  const random = createRandomPool((size) => {
    const batch = Buffer.alloc(size)
    for (let at = 0; at < size; at += 4) batch.writeUInt32BE(++next, at)
    batches.push(batch)
    return batch
  })
  const seen: number[] = []
  for (let i = 0; i < 2000; i++) {
    const bytes = random([4, 16, 32, 12][i % 4] ?? 4)
    for (let at = 0; at < bytes.length; at += 4) seen.push(bytes.readUInt32BE(at))
    bytes.fill(0xff) // what a caller does to its bytes changes nobody else's
  }
  t.equal(new Set(seen).size, seen.length)
  t.ok(!seen.includes(0) && !seen.includes(0xffffffff))
  t.ok(batches.length > 5 && batches.length < 20, 'they are drawn in batches')
  t.ok(batches.slice(0, -1).every((batch) => batch.subarray(0, 4000).every((byte) => byte === 0)), 'and erased')
  t.equal(random(10_000).length, 10_000, 'more than a batch')
})

await t.test('person: the subject is an HMAC, and another one, when appid or openid differ', async (t) => {
  const bytes = Buffer.alloc(32, 7)
  const key = createSecretKey(bytes)
  t.equal(subjectOf('wx1', 'openid', key), createHmac('sha256', bytes).update('wx1').update(Buffer.of(0)).update('openid').digest('base64url'))
  t.not(subjectOf('wx1', 'openid', key), subjectOf('wx2', 'openid', key))
  t.not(subjectOf('wx1', 'openid', key), subjectOf('wx1o', 'penid', key))
})

await t.test('person: a name is refused when it has more than 32 characters or one that hides or reverses text', async (t) => {
  for (const name of ['', '  ', '小明', 'Zoë', 'Zoe\u0308', '👩‍🚀', '❤️‍🔥', '葛\u{e0100}', 'นที่นี่', '名'.repeat(32)]) t.equal(whyNotName(name), null, plain(name))
  for (const name of ['名'.repeat(33), 'a\nb', 'a\u202eb', 'a\u2028b', 'a\0', 'a\u200bb', '\ud800', '\u200d', ' \ufe0f', '\u3164']) t.equal(whyNotName(name), 'unreadable', plain(name))
})

await t.test('return_to: it is allowed when it is a path or of an allowed origin, and refused when a parser would read it differently', async (t) => {
  const allowed = (text: string): boolean => isReturnAllowed(text, ['https://login.example.com', 'https://app.example.net:8443', 'http://localhost:3000'])
  for (const text of ['/', '/me', '/a/b?c=d&e=%2F%5C#f', '/%E4%B8%AD', '/a%5Cb', '/中/a%5cb.c/..d?e#f', 'https://login.example.com/a%5Cb', '/me#/orders/7', '/a?b#//c', 'https://login.example.com/#/orders/7', 'https://login.example.com', 'https://login.example.com/x?y', 'https://app.example.net:8443/', 'HTTPS://LOGIN.EXAMPLE.COM/x', 'http://localhost:3000/x', `/${'a'.repeat(8191)}`,
    `https://login.example.com/${'a'.repeat(8191)}`, 'https://login.example.com/a?b=%0d%0A%00%C2%9F&c=d\\e#f', 'https://app.example.net:8443?a=%0A']) t.ok(allowed(text), plain(text))
  for (const text of [
    '', 'me', './me', '//evil.example', '///evil.example', '/\\evil.example', '\\/evil.example', '/%2fevil.example', '/%2Fevil.example', '/%5cevil.example', '/a%5C..', '/a%5C..%5C/evil.example', '/a/%5Cevil.example', '/a%5C/evil.example', '/a%2F%5Cevil.example', '/a%5C%2e%2E', '/a/.%5Cb', 'https://login.example.com/%5Cevil.example', '/%5C/evil.example', '/a%5Cb\\c',
    '/.//evil.example', '/..//evil.example', '/a/..//evil.example', '/%2e%2e//evil.example', 'https://login.example.com//evil.example',
    '/\tevil', '/\n/evil.example', '/a%0d%0ab', '/a%00', '/a%c2%85', '/a%C2%9F', '/a b', ' /me', '/me ', '/\u0085', '/\u2028', '\ud800',
    'javascript:alert(1)', 'data:text/html,x', 'https:evil.example', 'https:/evil.example', 'https:///evil.example', 'http://login.example.com/',
    'https://evil.example/', 'https://login.example.com.evil.example/', 'https://login.example.com@evil.example/', 'https://a:b@login.example.com/', 'https://a@login.example.com/', 'https://:b@login.example.com/', 'https://[/', 'https://app.example.net/', 'blob:https://login.example.com/x',
    '/a?b=%0a', '/a?b\\c', 'https://login.example.com/a%0a?b', 'https://login.example.com/#a?b=%0a', 'https://login.example.com/?a#%0a', 'https://login.example.com/#a?b\\c', 'https://login.example.com/a?b\n', 'https://evil.example/?%0a',
    `/${'a'.repeat(8192)}`, `https://login.example.com/${'a'.repeat(8192)}`,
  ]) t.notOk(allowed(text), plain(text))
})
