/** The mini program's login and home page, in every state. */
import { writeFileSync } from 'node:fs'
import type { Locator } from 'playwright-core'
import { openBrowser, openPhone, windowsChrome, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { serveDemo } from '../support/demo-window.ts'
import { visitedService } from '../support/login-visit.ts'
import { buildMmdb, exampleNetworks } from '../support/mmdb.ts'
import { remote } from '../support/remote.ts'
import { makeFolder } from '../support/service-process.ts'
import type { Studio } from './album.ts'
import { photographScreens, type Launched, type Screen } from './mini-program-phone.ts'
import { ticketLifeMs } from './site.ts'

const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
const shop = 'https://notes.shop.example.com'
const [shanghai, sanJose] = ['203.0.113.7', '198.51.100.7']

/** A service that knows places, and what a browser and a phone do there by the API. */
export const openService = async ({ t }: Studio, environment: Readonly<Record<string, string>> = {}) => {
  const places = `${makeFolder(t)}/places.mmdb`
  writeFileSync(places, buildMmdb(exampleNetworks))
  const server = await serveDemo(t, { SITE_NAME: '小岛笔记 Island Notes', GEOIP_FILE: places, TRUST_PROXY: '127.0.0.1', ALLOWED_ORIGINS: shop, TICKET_TTL: `${ticketLifeMs / 1000}`, LIMIT_PHONE: '100000', ...environment })
  const service = visitedService(t, server)
  const { port } = new URL(server.url)
  const caller = remote(`http://127.0.0.1:${port}`)
  t.teardown(() => caller.close())
  const from = (headers: Readonly<Record<string, string>>) => ({ call: (call: Parameters<typeof caller.call>[0]) => caller.call({ ...call, headers: { ...call.headers, ...headers } }) })
  return {
    server,
    browser: (headers: Readonly<Record<string, string>> = {}): Promise<TestBrowser> => openBrowser(from({ 'x-forwarded-for': shanghai, 'user-agent': windowsChrome, ...headers })),
    phone: (person: string): Promise<TestPhone> => openPhone(service, { jsCode: server.simulator.jsCode(person), authority: new URL(server.url).host }),
  }
}
export type OpenService = Awaited<ReturnType<typeof openService>>

export const launchOf = ({ ticket }: TestBrowser, scene = 1047) => ({ query: { scene: ticket }, scene })
export const see = (selector: string) => (phone: Launched) => phone.page.frameLocator('iframe').locator(selector).filter({ visible: true }).first().waitFor()
export const end = see('.end-line')
const numbers = see('.number:not([disabled])')
const claim = see('.claim, .refuse:not([disabled])')
const isFrom = (ip: string) => (phone: Launched) => phone.page.route('**/api/phone/**', (route) => route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': ip } }))

const wrongNumber = async ({ browser }: OpenService, phone: TestPhone): Promise<void> => {
  const one = await browser()
  await phone.scan(one.ticket)
  const right = await one.matchCode()
  await phone.confirm(one.ticket, right === '10' ? '11' : '10')
}

const questions = (service: OpenService): Screen[] => {
  const { browser, phone, server } = service
  /** Opened by this person's camera, beside the browser. */
  const asked = { prepare: async () => launchOf(await browser()), before: isFrom(shanghai) }
  const far = { prepare: async () => launchOf(await browser({ 'x-forwarded-for': sanJose })), before: isFrom(shanghai) }
  const typed = { ...asked, prepare: async (person: string) => { await wrongNumber(service, await phone(person)); return launchOf(await browser()) } }
  /** The number that the browser shows, of the ticket that was prepared last. */
  let last: TestBrowser | undefined
  const known = { ...asked, prepare: async () => { last = await browser(); return launchOf(last) } }
  const tapRight = async (phone: Launched): Promise<void> => {
    await numbers(phone)
    await phone.tap(`.number[data-value="${await last?.matchCode()}"], .number:has-text("${await last?.matchCode()}")`)
  }
  const failing = (fault: number | 'http-500') => async () => {
    server.simulator.fail('jscode2session', fault)
    return launchOf(await browser())
  }
  const cleared = async (phone: Launched): Promise<void> => {
    await end(phone)
    server.simulator.clearFaults()
  }
  return [
    { name: 'reading', ...asked, before: (phone) => phone.hold('**/scan'), until: see('.bone') },
    { name: 'numbers', ...asked, until: numbers },
    { name: 'numbers, for another site', ...asked, prepare: async () => launchOf(await browser({ origin: shop })), until: numbers },
    { name: 'numbers, same phone', ...asked, prepare: async () => launchOf(await browser({ 'user-agent': iphone }), 1048), until: numbers },
    { name: "numbers, wrong phone's clock", ...asked, settings: { clockOffsetMs: 3_600_000 }, until: numbers },
    { name: 'another country', ...far, until: claim },
    { name: 'another country, claimed', ...far, until: async (phone) => { await claim(phone); await phone.page.waitForTimeout(700); await phone.tap('.refuse'); await numbers(phone) } },
    { name: 'code from a picture', ...asked, prepare: async () => launchOf(await browser(), 1049), until: claim },
    { name: 'another country, unknown browser', ...asked, prepare: async () => launchOf(await browser({ 'x-forwarded-for': sanJose, 'user-agent': 'curl/8' }), 1049), until: claim },
    { name: 'confirming', ...known, until: async (phone) => { await phone.hold('**/confirm'); await tapRight(phone); await see('.number--chosen')(phone) } },
    { name: 'done', ...known, until: async (phone) => { await tapRight(phone); await end(phone) } },
    { name: 'refused', ...asked, until: async (phone) => { await numbers(phone); await phone.tap('.cancel .refuse'); await end(phone) } },
    { name: 'wrong number', ...known, until: async (phone) => { await numbers(phone); await phone.tap(`.number:not(:has-text("${await last?.matchCode()}"))`); await end(phone) } },
    { name: 'number to type', ...typed, until: see('.key:not([disabled])') },
    { name: 'number typed', ...typed, until: async (phone) => { await see('.key:not([disabled])')(phone); await phone.tap('.key:has-text("1")'); await phone.tap('.key:has-text("2")') } },
    { name: 'too many wrong numbers', ...asked, prepare: async (person) => { const own = await phone(person); for (let n = 0; n < 3; n++) await wrongNumber(service, own); return launchOf(await browser()) }, until: end },
    { name: 'taken', ...asked, prepare: async (person) => { const one = await browser(); await (await phone(`not ${person}`)).scan(one.ticket); return launchOf(one) }, until: end },
    { name: 'unknown code', prepare: async () => ({ query: { scene: 'none' } }), until: end },
    { name: 'cancelled', prepare: async () => { const one = await browser(); await one.giveUp(); return launchOf(one) }, until: end },
    { name: 'offline', ...asked, settings: { online: false }, until: end },
    { name: 'WeChat is away', prepare: failing('http-500'), until: cleared },
    { name: 'blocked by WeChat', prepare: failing(40226), until: cleared },
    { name: 'another AppID', prepare: failing(40029), until: cleared },
  ]
}

export const questionStates = async (studio: Studio): Promise<void> => {
  const service = await openService(studio)
  await photographScreens(questions(service), { ...studio, server: service.server })
  const late = await openService(studio)
  const expire = async () => {
    const one = await late.browser()
    late.server.skip(ticketLifeMs + 1000)
    return launchOf(one)
  }
  await photographScreens([{ name: 'expired', prepare: expire, until: end }], { ...studio, server: late.server })
  const plain = await openService(studio, { MATCH_NUMBERS: 'off' })
  await photographScreens([
    { name: 'without numbers', prepare: async () => launchOf(await plain.browser()), before: isFrom(shanghai), until: see('.tall:not([disabled])') },
    { name: 'without numbers, another country', prepare: async () => launchOf(await plain.browser({ 'x-forwarded-for': sanJose })), before: isFrom(shanghai), until: claim },
  ], { ...studio, server: plain.server })
}

export const homeStates = async (studio: Studio): Promise<void> => {
  const { server, browser, phone } = await openService(studio)
  const home = { path: 'pages/index/index' }
  const logIn = async (own: TestPhone, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
    const one = await browser(headers)
    await own.scan(one.ticket)
    await own.confirm(one.ticket, await one.matchCode())
    await one.consume()
  }
  const withLogins = (count: number, name = '') => async (person: string) => {
    const own = await phone(person)
    if (name !== '') await own.rename(name)
    const kinds = [{}, { 'user-agent': iphone }, { 'x-forwarded-for': sanJose }, { origin: shop }, { 'user-agent': 'curl/8' }]
    for (const headers of kinds.slice(0, count)) await logIn(own, headers)
    return home
  }
  const ready = async ({ page, frame }: Launched): Promise<void> => {
    await page.frameLocator('iframe').locator('.row-button').first().waitFor()
    await frame.waitForFunction("document.querySelector('.bone') === null")
  }
  const typeName = async (phone: Launched): Promise<Locator> => {
    await ready(phone)
    await phone.tap('.me .row-button')
    const input = phone.page.frameLocator('iframe').locator('input')
    await input.fill('小雨')
    return input
  }
  const screens: Screen[] = [
    { name: 'reading', prepare: async () => home, before: (phone) => phone.hold('**/api/phone/**'), until: see('.bone') },
    { name: 'nobody logged in', prepare: async () => home, until: ready },
    { name: 'one login', prepare: withLogins(1), until: ready },
    { name: 'many logins, with a name', prepare: withLogins(5, '小雨 Xiaoyu'), until: ready },
    { name: 'question before a log-out', prepare: withLogins(1), until: async (phone) => { await ready(phone); await phone.tap('.browser button'); await see('dialog')(phone) } },
    { name: 'offline', prepare: async () => home, settings: { online: false }, until: see('.failure') },
    { name: 'a name typed', prepare: async () => home, until: typeName },
    { name: 'name saved', prepare: async () => home, until: async (phone) => { await (await typeName(phone)).press('Enter'); await phone.page.waitForTimeout(800) } },
  ]
  await photographScreens(screens, { ...studio, server })
}
