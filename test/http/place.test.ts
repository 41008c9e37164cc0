/** What the phone shows about a browser's address: its place, and whether that is another country than the phone's. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Places } from '../../src/login/ports.ts'
import type { Store } from '../../src/login/store-port.ts'
import { openPlaces } from '../../src/places/geoip-file.ts'
import { openBrowser } from '../support/clients.ts'
import { openTestService, type Answer, type TestService, type TestServiceOptions } from '../support/test-service.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { buildMmdb, exampleNetworks } from '../support/mmdb.ts'
import { makeFolder } from '../support/service-process.ts'

const shanghai = '203.0.113.7'
const shenzhen = '203.0.113.200'
const sanJose = '198.51.100.7'
const beijing = '2001:db8::7'
const nowhere = '192.168.1.23'
const unlisted = '8.8.8.8'

const examplePlaces = (t: Test): Places => {
  const path = join(makeFolder(t), 'places.mmdb')
  writeFileSync(path, buildMmdb(exampleNetworks))
  return openPlaces(path, createRecordingLog())
}

const openWithPlaces = (t: Test, options: TestServiceOptions = {}): Promise<TestService> => openTestService(t, { places: examplePlaces(t), ...options })

/** Scans the code of a browser at one address by a phone at another, and returns the answer. */
const scanned = async (service: TestService, browserIp: string, phoneIp: string): Promise<Answer> => {
  const browser = await openBrowser(service, { from: browserIp })
  return await (await phoneOf(service)).signed({ method: 'POST', path: `/api/phone/tickets/${browser.ticket}/scan`, from: phoneIp })
}

await t.test('place: the phone gets the browser\'s place when the database has it, and its network otherwise', async (t) => {
  const service = await openWithPlaces(t)
  const cases = [
    [shanghai, { network: '203.0.113.0/24', place: '中国 上海市', place_en: 'Shanghai, China' }],
    [beijing, { network: '2001:db8::/48', place: '中国 北京市', place_en: 'Beijing, China' }],
    [`::ffff:${shenzhen}`, { network: '203.0.113.0/24', place: '中国 广东 深圳', place_en: 'Shenzhen, Guangdong, China' }],
    [unlisted, { network: '8.8.8.0/24', place: null, place_en: null }],
    [nowhere, { network: null, place: null, place_en: null }],
  ] as const
  for (const [from, browser] of cases) t.strictSame((await scanned(service, from, shanghai)).json.browser, { name: 'Chrome', system: 'Windows', ...browser, is_phone: false })
})

await t.test('place: other_country is true only when both countries are known and differ', async (t) => {
  const service = await openWithPlaces(t)
  const cases = [
    [shanghai, sanJose, true], [sanJose, shanghai, true], [beijing, sanJose, true], [`::ffff:${sanJose}`, shanghai, true], [shanghai, `::ffff:${sanJose}`, true],
    [shanghai, shanghai, false], [shanghai, shenzhen, false], [shanghai, beijing, false],
    [nowhere, shanghai, false], [shanghai, unlisted, false], [unlisted, sanJose, false], [nowhere, nowhere, false],
  ] as const
  for (const [browser, phone, isOther] of cases) t.equal((await scanned(service, browser, phone)).json.other_country, isOther, `${browser} ${phone}`)
  const blind = await openTestService(t)
  t.equal((await scanned(blind, shanghai, sanJose)).json.other_country, false, 'without a database')
})

await t.test('place: another country doesn\'t prevent a login, and a second scan goes by where the phone is then', async (t) => {
  const service = await openWithPlaces(t)
  const browser = await openBrowser(service, { from: sanJose })
  const phone = await phoneOf(service)
  const scanFrom = (from: string): Promise<Answer> => phone.signed({ method: 'POST', path: `/api/phone/tickets/${browser.ticket}/scan`, from })
  t.equal((await scanFrom(shanghai)).json.other_country, true)
  t.hasStrict((await scanFrom(sanJose)).json, { other_country: false, version: 2 })
  t.equal((await phone.confirm(browser.ticket, await browser.matchCode())).status, 200)
  t.equal((await browser.consume()).status, 200)
})

await t.test('place: other_country is false when both come through a proxy that TRUST_PROXY doesn\'t name', async (t) => {
  const service = await openWithPlaces(t)
  const browser = await service.call({ method: 'POST', path: '/api/tickets', headers: { 'x-forwarded-for': sanJose }, from: shanghai })
  const phone = await phoneOf(service)
  const answer = await phone.signed({ method: 'POST', path: `/api/phone/tickets/${browser.json.ticket}/scan`, headers: { 'x-forwarded-for': beijing }, from: shanghai })
  t.hasStrict(answer.json, { other_country: false, browser: { place: '中国 上海市' } })
})

await t.test('place: a session keeps the place of its login, on the phone and in the browser', async (t) => {
  const service = await openWithPlaces(t)
  const { phone, cookie } = await logIn(service, { from: shanghai })
  const browser = { name: 'Chrome', system: 'Windows', ip: shanghai, network: '203.0.113.0/24', place: '中国 上海市', place_en: 'Shanghai, China' }
  t.strictSame((await phone.sessions()).json.sessions.map((session: { browser: unknown }) => session.browser), [browser])
  t.strictSame((await service.call({ path: '/api/session', headers: { cookie } })).json.session.browser, browser)
})

await t.test('place: a ticket has none when an earlier release made it, and can be scanned', async (t) => {
  let store: Store | undefined
  const service = await openWithPlaces(t, { wrapStore: (own) => { store = own; return own } })
  const browser = await openBrowser(service, { from: sanJose })
  const key = `ticket:${browser.ticket}`
  const record = await store?.read<{ browser: object }>(key)
  t.hasStrict(record?.browser, { place: '美国 加利福尼亚州 圣何塞', placeEn: 'San Jose, California, United States', country: 'US' })
  await store?.write(key, { ...record, browser: { name: 'Chrome', system: 'Windows', ip: sanJose, place: null } }, 60_000)
  const phone = await phoneOf(service)
  const answer = await phone.signed({ method: 'POST', path: `/api/phone/tickets/${browser.ticket}/scan`, from: shanghai })
  t.hasStrict(answer.json, { other_country: false, browser: { place: null, place_en: null, network: '198.51.100.0/24' } })
})

await t.test('place: browser and phone have theirs when a proxy forwards addresses with ports', async (t) => {
  const service = await openWithPlaces(t, { env: { TRUST_PROXY: '127.0.0.1' } })
  const browser = await service.call({ method: 'POST', path: '/api/tickets', headers: { 'x-forwarded-for': `${sanJose}:51234` } })
  const phone = await phoneOf(service)
  const answer = await phone.signed({ method: 'POST', path: `/api/phone/tickets/${browser.json.ticket}/scan`, headers: { 'x-forwarded-for': `"${shanghai}:4711"` } })
  t.hasStrict(answer.json, { other_country: true, browser: { place: '美国 加利福尼亚州 圣何塞' }, phone_place: '中国 上海市' })
})

await t.test('browser: its address is the proxy\'s when that forwards something other than an address', async (t) => {
  const service = await openWithPlaces(t, { env: { TRUST_PROXY: '127.0.0.1' } })
  for (const [said, ip] of [[shanghai, shanghai], ['unknown', '127.0.0.1'], ['<b>Shanghai', '127.0.0.1'], [`${shanghai}:`, '127.0.0.1'], ['', '127.0.0.1']] as const) {
    const { json } = await service.call({ method: 'POST', path: '/api/tickets', headers: { 'x-forwarded-for': said } })
    t.hasStrict(await service.store.read(`ticket:${json.ticket}`), { browser: { ip } }, said)
  }
})
