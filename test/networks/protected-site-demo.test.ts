/** The recipes as a newcomer tries them on one computer, beside the demo: over plain http, with the lines changed as the READMEs say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { logIn } from '../support/login.ts'
import { identityIn, navigation } from '../support/protected-site.ts'
import { runProxy } from '../support/proxies.ts'
import { replace, wraps } from '../support/proxy-files.ts'
import { repository } from '../support/readmes.ts'
import { readRecipe, recipeFiles } from '../support/recipes.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'
import { openShownApp } from '../support/shown-app.ts'
import { openTestService } from '../support/test-service.ts'

/** The lines that a README has changed in a recipe: proxy, before, after. */
const changesIn = (readme: string): ReadonlyArray<readonly [string, string, string]> =>
  [...readFileSync(join(repository, 'src/http/recipes', readme), 'utf8').matchAll(/^\| (nginx|Caddy) \| `(.+)` \| `(.+)` \|$/gm)].map(([, proxy = '', before = '', after = '']) => [proxy.toLowerCase(), before, after])

const changes = changesIn('README.md')
t.strictSame(changesIn('README.zh-CN.md'), changes)

for (const kind of ['nginx', 'caddy'] as const) {
  await t.test(`protected app: on one computer, beside the demo, a visitor is sent to the login and let in when ${kind} asks the service`, async (t) => {
    const service = await openTestService(t, { env: { PUBLIC_URL: 'http://localhost:3000', ALLOWED_ORIGINS: 'http://localhost:8000', TRUST_PROXY: '127.0.0.1' } })
    const upstream = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host
    const app = await openShownApp(t)
    const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream }
    const changed = changes.filter(([proxy]) => proxy === kind).reduce((text, [, before, after]) => replace(text, before, after), readRecipe(recipeFiles[kind]))
    const recipe = changed
      .replaceAll('127.0.0.1:3000', upstream)
      .replaceAll('127.0.0.1:8080', app.address)
      .replaceAll('127.0.0.1:8000', addresses.listen)
      .replaceAll('http://localhost:8000', `http://localhost:${addresses.listen.split(':')[1]}`)
    await runProxy(t, kind, addresses, (folder) => wraps[kind](recipe, folder, addresses))
    const proxy = remote(`http://${addresses.listen}`)
    t.teardown(proxy.close)
    const headers = { ...navigation, host: 'localhost:8000' }
    const stranger = await proxy.call({ path: '/a?b=c&d', headers })
    t.strictSame([stranger.status, stranger.headers['location']], [302, 'http://localhost:3000/login?return_to=http://localhost:8000/a?b=c%26d'])
    const { cookie, consumed } = await logIn(service)
    t.match(cookie, /^scan_login=/, 'the name of the cookie without TLS')
    const person = await proxy.call({ path: '/a?b=c&d', headers: { ...headers, cookie: `other=1; ${cookie}`, 'remote-user': 'mallory' } })
    t.equal(person.status, 200)
    t.match(identityIn(app.arrivals.at(-1) ?? { rawHeaders: [] }), { user: consumed.json.user.sub })
  })
}
