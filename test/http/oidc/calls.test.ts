/** How calls reach the provider: which paths and bodies it is given, and what the rest of the service sees of them. */
import { request as httpRequest } from 'node:http'
import t, { type Test } from 'tap'
import type { Store } from '../../../src/login/store-port.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn } from '../../support/login.ts'
import { authorizationPath, clientSecret, clientsOf, CookieJar, redeem, testClient, tokenCall, visit } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService, type TestServiceOptions } from '../../support/test-service.ts'

const client = testClient()
const open = (t: Test, options: TestServiceOptions = {}) => openTestService(t, { clients: clientsOf(client, testClient({ clientId: 'other' })), clock: createFakeClock(Date.now()), keys: withProviderKeys(), ...options })

await t.test('calls of the provider: a path in another spelling is none of its paths, as limits go by the path', async (t) => {
  const service = await open(t)
  const query = authorizationPath(client).replace(/^[^?]*/, '')
  for (const path of ['/oidc/AUTH', '/oidc/Auth', '/oidc/auth/', '/oidc/Auth/abc', '/oidc/device/', '/oidc/Device', '/oidc/Session/end', '/oidc/session/end/', '/oidc/device\u00a0', '/oidc//auth']) {
    for (const method of ['GET', 'POST'] as const) t.equal((await service.call({ method, path: `${path}${query}` })).status, 404, `${method} ${path}`)
  }
  for (const path of ['/oidc/%61uth', '/%6fidc/auth']) t.equal((await service.call({ path: `${path}${query}` })).status, 404, path)
  t.equal((await service.call({ path: `/oidc/auth${query}` })).status, 303)
  t.equal((await service.call({ path: '/oidc/device' })).status, 200)
  t.equal((await service.call({ path: '/oidc/auth/AbC_-12' })).status, 400, 'ids keep their case')
})

await t.test('calls of the provider: HEAD answers as GET does, without the body', async (t) => {
  const service = await open(t)
  for (const path of ['/oidc/session/end/success', '/oidc/auth', '/oidc/jwks', '/oidc/.well-known/openid-configuration', authorizationPath(client), '/oidc/userinfo']) {
    const [head, get] = [await service.call({ method: 'HEAD', path, headers: { accept: 'text/html' } }), await service.call({ path, headers: { accept: 'text/html' } })]
    t.equal(head.status, get.status, path)
    t.equal(head.text, '')
    t.equal(head.headers['content-type'], get.headers['content-type'])
  }
})

await t.test('calls of the provider: a body over 16 KiB is refused, whether its length is announced or not', async (t) => {
  const service = await open(t)
  const { port } = new URL(await service.app.listen({ port: 0, host: '127.0.0.1' }))
  const post = (body: string, headers: Record<string, string>) => new Promise<number | undefined>((resolve, reject) => {
    const call = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/oidc/token', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    call.on('error', reject)
    call.end(body)
  })
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    t.equal(await post(`client_id=app&scope=${'x'.repeat(17_000)}`, headers), 413)
    t.equal(await post(`client_id=app&scope=${'x'.repeat(12_000)}`, headers), 401)
  }
})

await t.test('calls of the provider: the log has their path, and hooks the headers that were sent, also where the answer comes too late', async (t) => {
  const [writing, wait] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow = (store: Store): Store => ({
    ...store,
    write: async (key, ...more) => {
      if (key.startsWith('oidc:Interaction:')) {
        writing.resolve()
        await wait.promise
      }
      await store.write(key, ...more)
    },
  })
  const service = await open(t, { wrapStore: slow })
  const seen: object[] = []
  service.app.addHook('onResponse', async ({ raw, headers }) => { seen.push({ url: raw.url, headers: { ...headers } }) })
  const path = authorizationPath(client)
  const call = service.call({ path, headers: { accept: 'application/json', cookie: 'a=b' } })
  await writing.promise
  service.clock.advance(5000)
  const answer = await call
  t.strictSame([answer.status, answer.json.code], [503, 'store-unavailable'])
  t.match(service.logged(), /"path":"\/oidc\/auth"/)
  t.notMatch(service.logged(), /"path":"\/auth"/)
  const [{ url, headers }] = seen as [{ url: string, headers: Record<string, string> }]
  t.equal(url, path)
  t.equal(headers['cookie'], 'a=b')
  t.strictSame(Object.keys(headers).filter((name) => name.startsWith('x-forwarded-')), [])
  wait.resolve()
})

await t.test('calls of the provider: it writes nothing to the console, where each line is one of the log', async (t) => {
  const service = await open(t)
  const written: unknown[][] = []
  for (const method of ['info', 'warn', 'error', 'log'] as const) {
    const own = console[method]
    console[method] = (...parts: unknown[]) => { written.push(parts) }
    t.teardown(() => { console[method] = own })
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const jar = new CookieJar()
  jar.set(...(await logIn(service)).cookie.split('=') as [string, string])
  const tokens = (await redeem(service, client, (await visit(service, jar, authorizationPath(client))).address)).json
  const revoke = (id: string) => service.call({ method: 'POST', path: '/oidc/token/revocation', headers: { ...form, authorization: `Basic ${Buffer.from(`${id}:${clientSecret}`).toString('base64')}` }, body: `token=${tokens.access_token}` })
  const userinfo = async () => (await service.call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } })).status
  t.strictSame([(await revoke('other')).status, await userinfo()], [200, 200], 'a token of another app is like an unknown one')
  t.strictSame([(await revoke('app')).status, await userinfo()], [200, 401])
  const answers = [
    await service.call({ method: 'POST', path: '/oidc/token', headers: { ...form, 'content-length': '0' }, body: '' }),
    await tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) }),
    await service.call({ path: '/oidc/nothing' }),
  ]
  t.strictSame(answers.map(({ status }) => status), [400, 400, 404])
  t.strictSame(written, [])
})

await t.test('calls of the provider: an address may be whole, and is counted as well', async (t) => {
  const service = await open(t, { env: { LIMIT_CREATE: '2' } })
  const { port } = new URL(await service.app.listen({ port: 0, host: '127.0.0.1' }))
  const get = (path: string) => new Promise<number | undefined>((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', path }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject).end()
  })
  t.equal(await get('http://login.example.com/oidc/jwks'), 200)
  const whole = `http://login.example.com${authorizationPath(client)}`
  t.strictSame([await get(whole), await get(whole), await get(whole)], [303, 303, 429])
})
