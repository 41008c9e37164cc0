/** Owns the proof that a login completes in a real browser whatever lies between: one page for each network, all at the same time. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { limitConcurrency } from './limit-concurrency.ts'
import type { TestPhone } from './clients.ts'
import { learnedHoldSeconds, defaultHoldSeconds, readLoginPage, type LoginPage } from './login-page.ts'
import type { Network } from './networks.ts'
import type { Proxy } from './proxies.ts'
import { openProxiedService, type ProxiedService } from './proxied-service.ts'
import type { ProxyAddresses } from './proxy-files.ts'
import { freePort } from './redis.ts'
import type { RealBrowser, Tab } from './real-browser.ts'
import { waitAtMost } from './waiting.ts'

/** So long a page waits before its code is scanned: longer than a poll is ever held. */
const waitMs = 28_000
/** And so much longer where a cut is still to come: the page finds out by and by how long it may hold. */
const cutWithinMs = 40_000
/** So many pages open or log in at a time; more would measure the machine. */
const atATime = 4
/** No wait lasts longer than this file may, so that what went wrong is told. */
const givesUpAt = performance.now() + 280_000

interface Login {
  readonly network: Network
  readonly place: ProxyAddresses
  readonly proxy: Proxy
  readonly tab: Tab
  readonly phone: TestPhone
}

/** Opens the login page behind each network, lets it wait, logs in, and reports the calls it took and the time from the tap to the page. */
export const proveLogins = async (t: Test, openBrowser: () => Promise<RealBrowser>, networks: readonly Network[]): Promise<void> => {
  const service = await openProxiedService(t)
  const phones = await Promise.all(networks.map(({ name }) => service.phone(`person behind ${name}`)))
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const inTurn = limitConcurrency(atATime)
  const times: { readonly name: string, readonly ms: number }[] = []
  await Promise.all(networks.map(async (network, index) => {
    const { name } = network
    try {
      const login = await inTurn(() => openPage(t, browser, network, { address: `127.1.0.${index + 1}`, service, phone: phones[index] as TestPhone })) // one for each network
      await sleep(waitMs)
      if (network.cuts === true) await untilCut(service, login)
      if (network.longest !== undefined) t.ok(await holdsAtMost(login.tab, network.longest), `${name}: the page holds its polls no longer than comes through`)
      const ms = await inTurn(() => prove(t, service, login))
      times.push({ name, ms })
    } catch (error) { // it holds up no other
      t.fail(`${name}: ${String(error)}`)
    }
  }))
  const longest = times.reduce((longest, time) => time.ms > longest.ms ? time : longest, { name: 'none', ms: 0 })
  t.comment(`the longest time from the tap to the page: ${seconds(longest.ms)}, ${longest.name}`)
}

/** Starts the proxy and opens the page behind it, with its code. A page whose own files did not come is loaded again, as a visitor would, and so is the error of a proxy that gives up for a while. */
const openPage = async (t: Test, browser: RealBrowser, network: Network, { address, service, phone }: { readonly address: string, readonly service: ProxiedService, readonly phone: TestPhone }): Promise<Login> => {
  const place = { listen: `${address}:${await freePort()}`, upstream: `${address}:${service.port}` }
  const proxy = await network.open(t, place)
  const tab = network.isForward === true
    ? await browser.open(`http://${place.upstream}/login`, { forwardProxy: place.listen })
    : await browser.open(`http://${place.listen}/login`)
  const hasCode = ({ ticket }: LoginPage) => ticket !== null
  for (let tries = 1; ; tries++) {
    try {
      await until(tab, 'no code', hasCode, 20_000)
      return { network, place, proxy, tab, phone }
    } catch (error) {
      if (tries === 3) throw error
      t.comment(`${network.name}: loaded again, for ${String(error)}`)
      await tab.evaluate('location.reload()')
    }
  }
}

/** Logs in and tells the time from the answer to the tap on the phone until the page is there. */
const prove = async (t: Test, service: ProxiedService, { network, place, proxy, tab, phone }: Login): Promise<number> => {
  const { name } = network
  const callsOf = (path: RegExp) => service.arrivals(addressOf(place)).filter(({ url }) => path.test(url))
  const waiting = await until(tab, 'no code', ({ ticket }) => ticket !== null)
  t.ok(waiting.visible, `${name}: the page is one that somebody sees`)
  const ticket = waiting.ticket ?? ''
  const scanned = await phone.scan(ticket)
  if (scanned.status !== 200) throw new Error(`the scan was answered ${scanned.status} ${scanned.text}`)
  const { number, polls } = await until(tab, 'no number', ({ number }) => number !== null)
  if (network.answersItself !== true) t.ok(callsOf(/^\/api\/tickets\/[\w-]{22}\?/).length >= polls, `${name}: the service has seen every poll`)
  const confirmed = await phone.confirm(ticket, number ?? '')
  if (confirmed.status !== 200) throw new Error(`the confirm was answered ${confirmed.status} ${confirmed.text}`)

  const tappedAt = performance.now()
  await until(tab, 'not the page of who is logged in', ({ path }) => path === '/me')
  const ms = performance.now() - tappedAt
  t.comment(`${name}: ${callsOf(/^\/api\/tickets/).length} requests, ${cutsOf(service, { place, proxy })} of them cut; ${seconds(ms)} from the tap to the page`)

  t.equal(await sessionStatus(tab), 200, `${name}: the browser is logged in`)
  t.equal((await phone.sessions()).json.sessions.length, 1, `${name}: one session was opened`)
  t.equal(await ask(place, network, '/login', handshake()), network.handshake, `${name}: there is no WebSocket here`)
  if (network.isCache === true) {
    // Under the address that has its version, as the page asks for it.
    const sheet = service.arrivals(addressOf(place)).find(({ url }) => url.startsWith('/style.css?v='))?.url ?? ''
    t.not(sheet, '', `${name}: the page asks for its style sheet under a version`)
    for (let times = 0; times < 2; times++) await ask(place, network, sheet)
    const hits = await hitsOf(proxy)
    t.match(hits.join('\n'), /\/style\.css/, `${name}: the cache keeps answers`)
    t.strictSame(hits.filter((line) => line.includes('/api/')), [], `${name}: but none to a call`)
  }
  return ms
}

/** The lines of the access log about answers that the cache kept. Squid writes a line only after its client has the last byte, so the first is waited for. */
const hitsOf = async (proxy: Proxy): Promise<readonly string[]> => {
  const endsAt = performance.now() + 5000
  for (;;) {
    const hits = proxy.accessLog().split('\n').filter((line) => line.includes('_HIT/'))
    if (hits.length > 0 || performance.now() > endsAt) return hits
    await sleep(50)
  }
}

const addressOf = (place: ProxyAddresses): string => place.upstream.replace(/:.*/, '')

/** How many calls were cut off so far: on their way to the service, or behind it. */
const cutsOf = (service: ProxiedService, { place, proxy }: Pick<Login, 'place' | 'proxy'>): number =>
  service.arrivals(addressOf(place)).filter(({ url, isCut }) => isCut && url.startsWith('/api/tickets')).length + proxy.cuts()

/**
 * Whether the page learns from what was cut, which it does later than the service. A hold of exactly `seconds` may stay: a proxy that looks at its timers
 * once a second cuts it now and then only.
 */
const holdsAtMost = (tab: Tab, seconds: number): Promise<boolean> =>
  waitAtMost(Math.min(cutWithinMs, givesUpAt - performance.now()))(async () => await learnedHoldSeconds(tab) <= seconds)

/** Where hold and cut are of one length, the service may think that it has answered, and only the page knows better. */
const untilCut = async (service: ProxiedService, login: Login): Promise<void> => {
  const endsAt = Math.min(performance.now() + cutWithinMs, givesUpAt)
  while (cutsOf(service, login) === 0 && await learnedHoldSeconds(login.tab) === defaultHoldSeconds) {
    if (performance.now() > endsAt) throw new Error('nothing was cut off')
    await sleep(200)
  }
}

/** Waits until the page is so; what it shows instead is told in the end. */
const until = async (tab: Tab, otherwise: string, isSo: (page: LoginPage) => boolean, withinMs = 45_000): Promise<LoginPage> => {
  const endsAt = Math.min(performance.now() + withinMs, givesUpAt)
  let shown: unknown = 'nothing'
  while (performance.now() < endsAt) {
    try {
      const page = await Promise.race([readLoginPage(tab), sleep(10_000, undefined, { ref: false }).then(() => { throw new Error('a page that does not answer') })])
      if (isSo(page)) return page
      shown = `${page.path} "${page.says}"`
    } catch (error) { // between two pages there is none
      shown = error
    }
    await sleep(50)
  }
  throw new Error(`${otherwise}: the page shows ${String(shown)}`)
}

/** Asks from within the page; three times, for an answer may be cut. */
const sessionStatus = async (tab: Tab): Promise<unknown> => {
  for (let tries = 1; ; tries++) {
    try {
      return await tab.evaluate('fetch("/api/session", { cache: "no-store" }).then(async (answer) => (await answer.json(), answer.status))')
    } catch (error) {
      if (tries === 3) throw error
    }
  }
}

/** The status with which the proxy answers, whatever browser there is. */
const ask = ({ listen, upstream }: ProxyAddresses, { isForward }: Network, path: string, headers: Readonly<Record<string, string>> = {}): Promise<number | undefined> => new Promise((resolve, reject) => {
  const [host, port] = listen.split(':')
  const at = isForward === true ? { path: `http://${upstream}${path}`, authority: upstream } : { path, authority: listen }
  const asked = request({ host, port, path: at.path, headers: { ...headers, host: at.authority } }, (answer) => {
    answer.resume().once('end', () => { resolve(answer.statusCode) })
  })
  asked.once('upgrade', ({ statusCode }, socket) => {
    socket.destroy()
    resolve(statusCode)
  })
  asked.once('error', reject)
  asked.end()
})

const handshake = (): Record<string, string> =>
  ({ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64') })

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
