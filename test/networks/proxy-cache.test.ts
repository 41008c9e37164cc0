/** A proxy that caches against our `Cache-Control`, as some hosting panels set one up: nobody gets another person's answer. */
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openBrowser } from '../support/clients.ts'
import { serveDemo } from '../support/demo-window.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { logInStepByStep, openVisit, visitedService } from '../support/login-visit.ts'
import { runProxy } from '../support/proxies.ts'
import { proxyConfig } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'
import { remote, type Remote } from '../support/remote.ts'
import { openTestService, type TestService } from '../support/test-service.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())

/** Returns the address of nginx before a service. It says in `X-Cache` whether an answer was kept. */
const startCache = async (t: Test, upstream: string): Promise<string> => {
  const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream }
  await runProxy(t, 'nginx', addresses, (folder) => proxyConfig('nginx', folder, addresses, {
    edits: [
      ['upstream scan_login', `proxy_cache_path ${folder}/cache keys_zone=panel:1m;\nupstream scan_login`],
      ['proxy_pass', 'proxy_cache panel; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie; add_header X-Cache $upstream_cache_status always;\n        proxy_pass'],
    ],
  }))
  return `http://${addresses.listen}`
}

const openCached = async (t: Test): Promise<{ service: TestService, visitor: Remote }> => {
  const service = await openTestService(t)
  const visitor = remote(await startCache(t, new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host))
  t.teardown(visitor.close)
  return { service, visitor }
}

await t.test('proxy cache: each person reads their own session when nginx caches every answer', async (t) => {
  const { service, visitor } = await openCached(t)
  const read = (path: string, headers: Record<string, string>) => visitor.call({ path, headers })

  const logins = [await logIn(service, { phone: await phoneOf(service, 'ming') }), await logIn(service, { phone: await phoneOf(service, 'hong') })]
  for (const pass of ['MISS', 'HIT']) {
    for (const { cookie, token, phone } of logins) {
      for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }] as Array<Record<string, string>>) {
        const shown = await read('/api/session', headers)
        t.strictSame([shown.status, shown.json.user?.sub, shown.headers['x-cache']], [200, phone.sub, pass])
        const verified = await read('/api/session/verify', headers)
        t.strictSame([verified.status, verified.headers['remote-user'], verified.headers['x-cache']], [200, phone.sub, pass])
      }
    }
    t.equal((await read('/api/session', {})).status, 401, 'a stranger')
  }
})

await t.test('proxy cache: nobody else gets what the owner of a ticket reads when nginx caches every answer', async (t) => {
  const { service, visitor } = await openCached(t)
  const phone = await phoneOf(service)
  for (const header of ['x-ticket-secret', 'authorization']) {
    const { ticket, secret } = await openBrowser(service)
    await phone.scan(ticket)
    const path = `/api/tickets/${ticket}?after=1&wait=5`
    const own = { [header]: header === 'authorization' ? `Ticket ${secret}` : secret }
    for (const kept of ['MISS', 'HIT']) {
      const shown = await visitor.call({ path, headers: own })
      t.strictSame([shown.status, shown.json.state, shown.headers['x-cache']], [200, 'scanned', kept], header)
      t.match(shown.json.match_code, /^\d\d$/)
    }
    for (const headers of [{}, { 'x-ticket-secret': 'A'.repeat(43) }, { authorization: `Ticket ${'A'.repeat(43)}` }] as Array<Record<string, string>>) {
      const refused = await visitor.call({ path, headers })
      t.strictSame([refused.status, refused.json.code, refused.json.match_code], [404, 'ticket-not-found', undefined], `${header} ${JSON.stringify(headers)}`)
    }
  }
})

await t.test('proxy cache: the owner of a ticket reads it when a stranger asked before, and the owner\'s poll has a parameter of its own', async (t) => {
  const { service, visitor } = await openCached(t)
  const { ticket, secret } = await openBrowser(service)
  const path = `/api/tickets/${ticket}?after=0&wait=5`
  t.equal((await visitor.call({ path })).status, 404)
  const kept = await visitor.call({ path })
  t.strictSame([kept.status, kept.headers['x-cache']], [404, 'HIT'])
  const byAuthorization = await visitor.call({ path, headers: { authorization: `Ticket ${secret}` } })
  t.strictSame([byAuthorization.status, byAuthorization.headers['x-cache']], [200, 'MISS'])
  const byOwnHeader = await visitor.call({ path: `${path}&poll=Zm9v`, headers: { 'x-ticket-secret': secret } })
  t.strictSame([byOwnHeader.status, byOwnHeader.json.state, byOwnHeader.headers['x-cache']], [200, 'pending', 'MISS'])
})

await t.test('proxy cache: a login in Chromium completes when nginx caches every answer and a stranger has asked for the ticket before each poll', async (t) => {
  const server = await serveDemo(t)
  const url = await startCache(t, new URL(server.url).host.replace('localhost', '127.0.0.1'))
  server.hosts.add(new URL(url).hostname) // nginx passes it without the port
  const service = visitedService(t, server)
  const { call: stranger, close } = remote(url)
  t.teardown(close)
  const kept: unknown[] = []
  const visit = await openVisit(t, browser, service, {
    url,
    prepare: (page) => page.route(/\/api\/tickets\/[\w-]{22}\?/, async (route) => {
      const asked = new URL(route.request().url())
      asked.searchParams.delete('poll')
      await stranger({ path: asked.pathname + asked.search })
      kept.push((await stranger({ path: asked.pathname + asked.search })).headers['x-cache'])
      await route.continue()
    }),
  })
  await logInStepByStep(t, service, visit)
  t.strictSame([...new Set(kept)], ['HIT'])
})
