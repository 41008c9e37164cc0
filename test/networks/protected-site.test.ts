/** The README's nginx block for a site that only people who are logged in may see, unchanged, in front of a real site and the real service. */
import { createServer } from 'node:http'
import t from 'tap'
import { listen } from '../support/listen.ts'
import { logIn } from '../support/login.ts'
import { runProxy } from '../support/proxies.ts'
import { siteConfig } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'
import { openTestService } from '../support/test-service.ts'

await t.test('protected site: it is reached by people who are logged in, and others go to the login page, when nginx asks the service', async (t) => {
  const service = await openTestService(t, { env: { COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: 'https://www.example.com' } })
  const login = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host
  const site = new URL(await listen(t, createServer((request, response) => {
    const { 'remote-user': user, 'remote-name': name, host } = request.headers
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => { body += text }).once('end', () => {
      response.writeHead(request.url === '/own-401' ? 401 : 200, { 'content-type': 'application/json' }).end(JSON.stringify({ method: request.method, url: request.url, body, user, name, host }))
    })
  }))).host
  const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream: login }
  await runProxy(t, 'nginx', addresses, (folder) => siteConfig(folder, addresses, site))
  const visitor = remote(`http://${addresses.listen}`)
  t.teardown(visitor.close)
  const host = addresses.listen.replace(/:.*/, '')

  const path = '/orders/7?page=2'
  const stranger = await visitor.call({ path, headers: { 'remote-user': 'somebody-else' } })
  t.strictSame([stranger.status, stranger.headers.location], [302, `https://login.example.com/login?return_to=http://${host}${path}`])
  t.equal((await visitor.call({ path: '/scan-login-verify' })).status, 404, 'the sub-request is nobody else\'s')

  const { cookie, phone } = await logIn(service)
  await phone.rename('小雨')
  const headers = { cookie, 'remote-user': 'somebody-else', 'remote-name': 'Somebody' }
  const shown = await visitor.call({ path, headers })
  t.strictSame([shown.status, shown.json], [200, { method: 'GET', url: path, body: '', user: phone.sub, name: encodeURIComponent('小雨'), host }])
  const form = await visitor.call({ method: 'POST', path, headers, body: { a: 1 } })
  t.strictSame([form.status, form.json.body, form.json.user], [200, '{"a":1}', phone.sub], 'the body goes to the site, whole')
  t.equal((await visitor.call({ path: '/own-401', headers })).status, 401, 'the site\'s own refusals stay')

  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie, origin: 'https://login.example.com' } })
  t.equal((await visitor.call({ path, headers })).status, 302, 'after the logout')
})
