/** The test that a login completes in a real browser behind each network: one page per network, all at the same time. */
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

/** How long a page waits before its code is scanned: longer than a poll is ever held. */
const waitMs = 28_000
/** How much longer it waits for a cut: a page learns only gradually how long its polls may be held. */
const cutWithinMs = 40_000
/** How many pages open or log in at a time; with more, the times would be those of a busy machine. */
const atATime = 4
/** Every wait ends before the file's time limit, so that the failure is reported. */
const deadline = performance.now() + 280_000

interface Login {
  readonly network: Network
  readonly addresses: ProxyAddresses
  readonly proxy: Proxy
  readonly tab: Tab
  readonly phone: TestPhone
}

/** Opens the login page behind each network, lets it wait, logs in, and reports the number of calls and the time from the tap to the page. */
export const testLogins = async (t: Test, openBrowser: () => Promise<RealBrowser>, networks: readonly Network[]): Promise<void> => {
  const service = await openProxiedService(t)
  const phones = await Promise.all(networks.map(({ name }) => service.phone(`person behind ${name}`)))
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const inTurn = limitConcurrency(atATime)
  const times: { readonly name: string, readonly ms: number }[] = []
  await Promise.all(networks.map(async (network, index) => {
    const { name } = network
    try {
      const login = await inTurn(() => openLoginPage(t, browser, network, { address: `127.1.0.${index + 1}`, service, phone: phones[index] as TestPhone })) // one per network
      await sleep(waitMs)
      if (network.cuts === true) await waitUntilCut(service, login)
      if (network.longestSeconds !== undefined) t.ok(await holdsAtMost(login.tab, network.longestSeconds), `${name}: the page asks for no longer holds than get through`)
      const ms = await inTurn(() => logIn(t, service, login))
      times.push({ name, ms })
    } catch (error) { // the other networks go on
      t.fail(`${name}: ${String(error)}`)
    }
  }))
  const longest = times.reduce((longest, time) => time.ms > longest.ms ? time : longest, { name: 'none', ms: 0 })
  t.comment(`the longest time from the tap to the page: ${seconds(longest.ms)}, ${longest.name}`)
}

/** Starts the proxy and opens the page behind it, until it shows a code. Reloads a page whose files didn't load, and a proxy's error page, as a visitor would. */
const openLoginPage = async (t: Test, browser: RealBrowser, network: Network, { address, service, phone }: { readonly address: string, readonly service: ProxiedService, readonly phone: TestPhone }): Promise<Login> => {
  const addresses = { listen: `${address}:${await freePort(address)}`, upstream: `${address}:${service.port}` }
  const proxy = await network.open(t, addresses)
  const tab = network.isForward === true
    ? await browser.open(`http://${addresses.upstream}/login`, { forwardProxy: addresses.listen })
    : await browser.open(`http://${addresses.listen}/login`)
  const hasCode = ({ ticket }: LoginPage) => ticket !== null
  for (let tries = 1; ; tries++) {
    try {
      await waitForPage(tab, 'no code', hasCode, 20_000)
      return { network, addresses, proxy, tab, phone }
    } catch (error) {
      if (tries === 3) throw error
      t.comment(`${network.name}: reloaded after ${String(error)}`)
      await tab.evaluate('location.reload()')
    }
  }
}

/** Logs in and returns the milliseconds from the answer to the phone's tap until the page has moved on. */
const logIn = async (t: Test, service: ProxiedService, { network, addresses, proxy, tab, phone }: Login): Promise<number> => {
  const { name } = network
  const callsOf = (path: RegExp) => service.arrivals(addressOf(addresses)).filter(({ url }) => path.test(url))
  const waiting = await waitForPage(tab, 'no code', ({ ticket }) => ticket !== null)
  t.ok(waiting.visible, `${name}: the page is visible`)
  const ticket = waiting.ticket ?? ''
  const scanned = await phone.scan(ticket)
  if (scanned.status !== 200) throw new Error(`the scan was answered ${scanned.status} ${scanned.text}`)
  const { number, polls } = await waitForPage(tab, 'no number', ({ number }) => number !== null)
  if (network.answersItself !== true) t.ok(callsOf(/^\/api\/tickets\/[\w-]{22}\?/).length >= polls, `${name}: the service has seen every poll`)
  const confirmed = await phone.confirm(ticket, number ?? '')
  if (confirmed.status !== 200) throw new Error(`the confirm was answered ${confirmed.status} ${confirmed.text}`)

  const tappedAt = performance.now()
  await waitForPage(tab, 'not the page of the session', ({ path }) => path === '/me')
  const ms = performance.now() - tappedAt
  t.comment(`${name}: ${callsOf(/^\/api\/tickets/).length} requests, ${cutsOf(service, { addresses, proxy })} of them cut; ${seconds(ms)} from the tap to the page`)

  t.equal(await sessionStatus(tab), 200, `${name}: the browser is logged in`)
  t.equal((await phone.sessions()).json.sessions.length, 1, `${name}: one session was opened`)
  t.equal(await ask(addresses, network, '/login', handshake()), network.handshake, `${name}: there is no WebSocket here`)
  if (network.isCache === true) {
    // With the version in its address, as the page requests it.
    const sheet = service.arrivals(addressOf(addresses)).find(({ url }) => url.startsWith('/style.css?v='))?.url ?? ''
    t.not(sheet, '', `${name}: the page requests its style sheet with a version`)
    for (let times = 0; times < 2; times++) await ask(addresses, network, sheet)
    const hits = await hitsOf(proxy)
    t.match(hits.join('\n'), /\/style\.css/, `${name}: the cache serves answers`)
    t.strictSame(hits.filter((line) => line.includes('/api/')), [], `${name}: but none of the API`)
  }
  return ms
}

/** Returns the access log's lines about cache hits. Waits for the first: squid writes a line only after its client has the last byte. */
const hitsOf = async (proxy: Proxy): Promise<readonly string[]> => {
  const endsAt = performance.now() + 5000
  for (;;) {
    const hits = proxy.accessLog().split('\n').filter((line) => line.includes('_HIT/'))
    if (hits.length > 0 || performance.now() > endsAt) return hits
    await sleep(50)
  }
}

const addressOf = (addresses: ProxyAddresses): string => addresses.upstream.replace(/:.*/, '')

/** Returns how many calls were cut off so far, before the service or after it. */
const cutsOf = (service: ProxiedService, { addresses, proxy }: Pick<Login, 'addresses' | 'proxy'>): number =>
  service.arrivals(addressOf(addresses)).filter(({ url, isCut }) => isCut && url.startsWith('/api/tickets')).length + proxy.cuts()

/**
 * Returns whether the page learns from cuts, which it notices later than the service does. A hold of exactly `seconds` may stay: a proxy that checks its
 * timers once a second cuts it only now and then.
 */
const holdsAtMost = (tab: Tab, seconds: number): Promise<boolean> =>
  waitAtMost(Math.min(cutWithinMs, deadline - performance.now()))(async () => await learnedHoldSeconds(tab) <= seconds)

/** Waits for a cut. If hold and timeout are of equal length, the service may have sent its answer, and only the page knows of the cut. */
const waitUntilCut = async (service: ProxiedService, login: Login): Promise<void> => {
  const endsAt = Math.min(performance.now() + cutWithinMs, deadline)
  while (cutsOf(service, login) === 0 && await learnedHoldSeconds(login.tab) === defaultHoldSeconds) {
    if (performance.now() > endsAt) throw new Error('nothing was cut off')
    await sleep(200)
  }
}

/** Waits until the page meets a condition; the error says what it shows instead. */
const waitForPage = async (tab: Tab, otherwise: string, condition: (page: LoginPage) => boolean, withinMs = 45_000): Promise<LoginPage> => {
  const endsAt = Math.min(performance.now() + withinMs, deadline)
  let shown: unknown = 'nothing'
  while (performance.now() < endsAt) {
    try {
      const page = await Promise.race([readLoginPage(tab), sleep(10_000, undefined, { ref: false }).then(() => { throw new Error('a page that does not answer') })])
      if (condition(page)) return page
      shown = `${page.path} "${page.says}"`
    } catch (error) { // there may be no page while it loads
      shown = error
    }
    await sleep(50)
  }
  throw new Error(`${otherwise}: the page shows ${String(shown)}`)
}

/** Returns the status of the session from within the page; up to three tries, as an answer may be cut. */
const sessionStatus = async (tab: Tab): Promise<unknown> => {
  for (let tries = 1; ; tries++) {
    try {
      return await tab.evaluate('fetch("/api/session", { cache: "no-store" }).then(async (answer) => (await answer.json(), answer.status))')
    } catch (error) {
      if (tries === 3) throw error
    }
  }
}

/** Requests a path through the proxy without a browser, and returns the status. */
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
