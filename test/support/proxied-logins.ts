/** Owns the proof that a login completes in a real browser whatever lies between: one page for each network, all at the same time. */
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { readLoginPage, type LoginPage } from './login-page.ts'
import type { Network } from './networks.ts'
import type { Proxy } from './proxies.ts'
import { openProxiedService, type ProxiedService } from './proxied-service.ts'
import type { Place } from './proxy-files.ts'
import { freePort } from './redis.ts'
import type { RealBrowser, Tab } from './tabs.ts'

/** So long a page waits before its code is scanned: longer than a poll is ever held, so every proxy has cut what it cuts. */
const waitMs = 32_000
/** So many pages open, and so many logins end, at a time; more would measure the machine. */
const atATime = 4

interface Login {
  readonly network: Network
  readonly place: Place
  readonly proxy: Proxy
  readonly tab: Tab
}

/** Opens the login page behind each network, lets it wait, logs in, and reports the calls it took and the time from the tap to the page. */
export const proveLogins = async (t: Test, openBrowser: () => Promise<RealBrowser>, networks: readonly Network[]): Promise<void> => {
  const service = await openProxiedService(t)
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const opened: Login[] = []
  await inTurns(t, networks.map((network, index) => ({ network, index })), async ({ network, index }) => {
    const address = `127.1.0.${index + 1}`
    const place = { listen: `${address}:${await freePort()}`, upstream: `${address}:${service.port}` }
    const proxy = await network.open(t, place)
    const tab = network.isForward === true
      ? await browser.open(`http://${place.upstream}/login`, { forwardProxy: place.listen })
      : await browser.open(`http://${place.listen}/login`)
    await until(tab, 'no code', ({ ticket }) => ticket !== null)
    opened.push({ network, place, proxy, tab })
  })
  await sleep(waitMs)
  const times: { readonly name: string, readonly ms: number }[] = []
  await inTurns(t, opened, async (login) => { times.push({ name: login.network.name, ms: await prove(t, service, login) }) })
  const longest = times.reduce((longest, time) => time.ms > longest.ms ? time : longest, { name: 'none', ms: 0 })
  t.comment(`the longest time from the tap to the page: ${seconds(longest.ms)}, ${longest.name}`)
}

/** Does so for every one, a few at a time; one that fails is told and holds up no other. */
const inTurns = async <T extends { readonly network: Network }>(t: Test, all: readonly T[], act: (one: T) => Promise<void>): Promise<void> => {
  const left = [...all]
  await Promise.all(Array.from({ length: atATime }, async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const { name } = one.network
      await act(one).catch((error: unknown) => { t.fail(`${name}: ${String(error)}`) })
    }
  }))
}

/** Logs in and tells the time from the answer to the tap on the phone until the page is there. */
const prove = async (t: Test, service: ProxiedService, { network, place, proxy, tab }: Login): Promise<number> => {
  const { name } = network
  const address = place.upstream.replace(/:.*/, '')
  const callsOf = (path: RegExp) => service.arrivals(address).filter(({ url }) => path.test(url))
  const phone = await service.phone(`person behind ${name}`)
  const waiting = await until(tab, 'no code', ({ ticket }) => ticket !== null)
  t.ok(waiting.visible, `${name}: the page is one that somebody sees`)
  const ticket = waiting.ticket ?? ''
  const scanned = await phone.scan(ticket)
  if (scanned.status !== 200) throw new Error(`the scan was answered ${scanned.status} ${scanned.text}`)
  const { number, polls } = await until(tab, 'no number', ({ number }) => number !== null)
  if (network.answersItself !== true) t.ok(callsOf(/\?after=/).length >= polls, `${name}: the service has seen every poll`)
  const confirmed = await phone.confirm(ticket, number ?? '')
  if (confirmed.status !== 200) throw new Error(`the confirm was answered ${confirmed.status} ${confirmed.text}`)

  const tappedAt = performance.now()
  await until(tab, 'not the page of who is logged in', ({ path }) => path === '/me')
  const ms = performance.now() - tappedAt
  const calls = callsOf(/^\/api\/tickets/)
  t.comment(`${name}: ${calls.length} requests, ${calls.filter(({ isCut }) => isCut).length} of them cut; ${seconds(ms)} from the tap to the page`)

  t.equal(await sessionStatus(tab), 200, `${name}: the browser is logged in`)
  t.equal((await phone.sessions()).json.sessions.length, 1, `${name}: one session was opened`)
  t.equal(await handshake(place, network), network.handshake, `${name}: there is no WebSocket here`)
  if (network.isCache === true) {
    const hits = proxy.accessLog().split('\n').filter((line) => line.includes('_HIT/'))
    t.notSame(hits, [], `${name}: the cache keeps answers`)
    t.strictSame(hits.filter((line) => /\/api\/tickets\/?(?:[\w-]{22}(?:\/consume)?)?\??\s/.test(line)), [], `${name}: but none to a call`)
  }
  return ms
}

/** Waits until the page is so; what it shows instead is told after 45 s. */
const until = async (tab: Tab, otherwise: string, isSo: (page: LoginPage) => boolean): Promise<LoginPage> => {
  const endsAt = performance.now() + 45_000
  let shown: unknown = 'nothing'
  while (performance.now() < endsAt) {
    try {
      const page = await readLoginPage(tab)
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

/** How a raw WebSocket handshake is answered. */
const handshake = ({ listen, upstream }: Place, { isForward }: Network): Promise<number | undefined> => new Promise((resolve, reject) => {
  const [host, port] = listen.split(':')
  const asked = request({
    host,
    port,
    path: isForward === true ? `http://${upstream}/login` : '/login',
    headers: { host: isForward === true ? upstream : listen, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64') },
  }, (answer) => {
    answer.resume()
    resolve(answer.statusCode)
  })
  asked.once('upgrade', ({ statusCode }, socket) => {
    socket.destroy()
    resolve(statusCode)
  })
  asked.once('error', reject)
  asked.end()
})

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
