/** A proxy that caches against our `Cache-Control`, as some hosting panels set one up: nobody gets another person's answer. */
import t from 'tap'
import { logIn, phoneOf } from '../support/login.ts'
import { runProxy } from '../support/proxies.ts'
import { proxyConfig } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'
import { openTestService } from '../support/test-service.ts'

await t.test('proxy cache: each person reads their own session when nginx caches every answer', async (t) => {
  const service = await openTestService(t)
  const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream: new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host }
  await runProxy(t, 'nginx', addresses, (folder) => proxyConfig('nginx', folder, addresses, {
    edits: [
      ['upstream scan_login', `proxy_cache_path ${folder}/cache keys_zone=panel:1m;\nupstream scan_login`],
      ['proxy_pass', 'proxy_cache panel; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie; add_header X-Cache $upstream_cache_status always;\n        proxy_pass'],
    ],
  }))
  const visitor = remote(`http://${addresses.listen}`)
  t.teardown(visitor.close)
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
