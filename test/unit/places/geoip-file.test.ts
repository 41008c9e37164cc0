import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { openPlaces } from '../../../src/places/geoip-file.ts'
import { placeFrom } from '../../../src/places/place-names.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { buildMmdb, exampleNetworks, named } from '../../support/mmdb.ts'
import { makeFolder } from '../../support/service-process.ts'

const fileOf = (t: Test, bytes: Buffer): string => {
  const path = join(makeFolder(t), 'places.mmdb')
  writeFileSync(path, bytes)
  return path
}

const shanghai = { country: 'CN', zh: '中国 上海市', en: 'Shanghai, China' }

for (const recordSize of [24, 28, 32] as const) {
  await t.test(`places: an address has the place of its smallest network when records have ${recordSize} bits`, async (t) => {
    const log = createRecordingLog()
    const places = openPlaces(fileOf(t, buildMmdb(exampleNetworks, { recordSize })), log)
    t.strictSame(log.lines, ['info: places are read from GEOIP_FILE'])
    const found = {
      '203.0.113.7': shanghai,
      '203.0.113.127': shanghai,
      '203.0.113.128': { country: 'CN', zh: '中国 广东 深圳', en: 'Shenzhen, Guangdong, China' },
      '198.51.100.7': { country: 'US', zh: '美国 加利福尼亚州 圣何塞', en: 'San Jose, California, United States' },
      '192.0.2.7': { country: 'DE', zh: '德国', en: 'Germany' },
      '2001:db8::7': { country: 'CN', zh: '中国 北京市', en: 'Beijing, China' },
      '2001:db8:1:ffff::7': { country: 'JP', zh: '日本 Osaka', en: 'Osaka, Japan' },
    }
    for (const [address, place] of Object.entries(found)) t.strictSame(places.placeOf(address), place, address)
    for (const address of ['203.0.112.255', '203.0.114.0', '127.0.0.1', '::1', '2001:db9::1', '', 'unknown', '203.0.113.7/24']) t.equal(places.placeOf(address), null, address)
  })
}

await t.test('places: an IPv6 address has no place when the file is for IPv4 only', async (t) => {
  const places = openPlaces(fileOf(t, buildMmdb({ '32.1.0.0/16': exampleNetworks['203.0.113.0/24'] ?? '' }, { ipVersion: 4, recordSize: 24 })), createRecordingLog())
  t.strictSame(places.placeOf('32.1.13.184'), shanghai)
  t.equal(places.placeOf('2001:db8::1'), null, 'its first 32 bits are 32.1.13.184')
})

await t.test('places: the error is one line when the file is missing, no MMDB, damaged or of another kind', async (t) => {
  const log = createRecordingLog()
  const folder = makeFolder(t)
  const good = buildMmdb(exampleNetworks)
  mkdirSync(join(folder, 'folder'))
  const refused = (bytes: Buffer, message: RegExp, what: string): unknown => t.throws(() => openPlaces(fileOf(t, bytes), log), { message }, what)
  t.throws(() => openPlaces(join(folder, 'none.mmdb'), log), { message: /^GEOIP_FILE can't be read: ENOENT[^\n]+none\.mmdb'$/ })
  t.throws(() => openPlaces(join(folder, 'folder'), log), { message: /^GEOIP_FILE can't be read: EISDIR[^\n]+$/ })
  const noMmdb = /^GEOIP_FILE \S+ is no MMDB file, or is damaged$/
  refused(Buffer.alloc(0), noMmdb, 'empty')
  refused(Buffer.from('this is a page that says where to download the file\n'.repeat(100)), noMmdb, 'another file')
  refused(good.subarray(0, -200), noMmdb, 'cut at the end')
  refused(good.subarray(1), noMmdb, 'cut at the beginning')
  refused(Buffer.concat([good.subarray(0, 700), good.subarray(-300)]), noMmdb, 'cut in the middle')
  refused(buildMmdb({ '203.0.113.0/24': 'x' }, { databaseType: 'GeoLite2-ASN' }), /^GEOIP_FILE \S+ is a GeoLite2-ASN and has no places: take one for countries or cities$/, 'of another kind')
  t.strictSame(log.lines, [])
})

await t.test('places: no place is found, and one warning logged, when lookups fail', async (t) => {
  const bytes = buildMmdb({ '203.0.114.0/24': 'a very special value', ...exampleNetworks })
  bytes.fill(0xff, bytes.indexOf('a very special value') - 1, bytes.indexOf('a very special value') + 8) // a control byte of an unknown type
  const log = createRecordingLog()
  const places = openPlaces(fileOf(t, bytes), log)
  t.equal(places.placeOf('203.0.114.1'), null)
  t.equal(places.placeOf('203.0.114.2'), null)
  t.strictSame(places.placeOf('203.0.113.7'), shanghai, 'others are still found')
  t.strictSame(log.lines, ['info: places are read from GEOIP_FILE', 'warn: GEOIP_FILE is damaged, and some places stay unknown: download it again, and restart the service'])
})

await t.test('places: a file is refused, or lookups work, when any bytes of it are damaged', async (t) => {
  const good = buildMmdb(exampleNetworks)
  const path = fileOf(t, good)
  const damage = fc.array(fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 8 })
  fc.assert(fc.property(damage, (changes) => {
    const bytes = Buffer.from(good)
    for (const { at, byte } of changes) bytes[at] = byte
    writeFileSync(path, bytes)
    let places
    try {
      places = openPlaces(path, createRecordingLog())
    } catch (error) {
      return error instanceof Error && error.message.startsWith('GEOIP_FILE ') && !error.message.includes('\n')
    }
    return ['203.0.113.7', '198.51.100.7', '192.0.2.7', '2001:db8:1::7'].every((address) => {
      const place = places.placeOf(address)
      return place === null || (place.zh.length > 0 && place.en.length > 0 && place.zh.length <= 122 && place.en.length <= 124)
    })
  }), { numRuns: 300 })
})

await t.test('placeFrom: uses the names there are when others are missing', async (t) => {
  const cases: Array<[unknown, unknown]> = [
    [{ country: { iso_code: 'HK' } }, { country: 'HK', zh: '中国香港特别行政区', en: 'Hong Kong SAR China' }],
    [{ country: { names: { en: 'Atlantis' } } }, { country: null, zh: 'Atlantis', en: 'Atlantis' }],
    [{ country: { names: { 'zh-CN': '中国' }, iso_code: 'CN' } }, { country: 'CN', zh: '中国', en: 'China' }],
    [{ country: named('Luxembourg', '卢森堡', { iso_code: 'LU' }), city: named('Luxembourg', '卢森堡') }, { country: 'LU', zh: '卢森堡', en: 'Luxembourg' }],
    [{ country: named('Nigeria', '尼日利亚', { iso_code: 'NG' }), subdivisions: [named('Niger', '尼日尔州')] }, { country: 'NG', zh: '尼日利亚 尼日尔州', en: 'Niger, Nigeria' }],
    [{ country: named('European Union', '欧盟', { iso_code: 'EU' }) }, { country: null, zh: '欧盟', en: 'European Union' }],
    ...['cn', 'CHN', '', 7, null, 'C\u202e'].map((code): [unknown, unknown] => [{ country: named('China', '中国', { iso_code: code as string }) }, { country: null, zh: '中国', en: 'China' }]),
    ...[null, undefined, 'text', 7, [], {}, { country: 'CN' }, { country: { names: 'China' } }, { country: { names: { en: 7 } } }, { country: { names: { en: '\u200b' } } }, { registered_country: { iso_code: 'CN' } }]
      .map((record): [unknown, unknown] => [record, null]),
  ]
  for (const [record, place] of cases) t.strictSame(placeFrom(record), place, JSON.stringify(record))
})

await t.test('placeFrom: a name loses invisible and direction characters, and what is too long', async (t) => {
  t.strictSame(placeFrom({ country: named('Chi\u202ena\n<b>', '\u2066中国\u2069\0', { iso_code: 'CN' }), city: named('x'.repeat(1000), '长'.repeat(1000)) }), {
    country: 'CN', zh: `中国 ${'长'.repeat(40)}`, en: `${'x'.repeat(40)}, Chi na <b>`,
  })
})
