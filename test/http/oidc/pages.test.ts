/** The provider's own pages: logout, errors, and logins that can't go on; their languages, their policy, and hostile names. */
import t, { type Test } from 'tap'
import type { OidcClient } from '../../../src/oidc/client.ts'
import { pageWords, withApp } from '../../../src/oidc/page-words.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn } from '../../support/login.ts'
import { authorizationPath, clientsOf, CookieJar, redeem, testClient, visit } from '../../support/oidc.ts'
import { formActionOf, formHeaders, formIn, submit, words } from '../../support/oidc-forms.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService, type Answer, type TestService } from '../../support/test-service.ts'

const hostile = '"><script>alert(1)</script>{{main}}{app}&amp;'
const languages = [['zh', 'zh-CN'], ['zh-Hant', 'zh-Hant'], ['en', 'en']] as const

const open = async (t: Test, { client = testClient(), env = {} }: { readonly client?: OidcClient, readonly env?: Record<string, string> } = {}) => {
  const service = await openTestService(t, { clients: clientsOf(client), clock: createFakeClock(Date.now()), keys: withProviderKeys(), env })
  const jar = new CookieJar()
  return {
    service,
    client,
    jar,
    logInHere: async () => {
      const login = await logIn(service)
      jar.set(...login.cookie.split('=') as [string, string])
      return login
    },
  }
}

const get = async (service: TestService, jar: CookieJar, path: string, language = 'en'): Promise<Answer> => {
  const answer = await service.call({ path, headers: { accept: 'text/html,*/*;q=0.8', 'accept-language': language, 'sec-fetch-mode': 'navigate', cookie: jar.headerFor(path.replace(/\?.*/, '')) } })
  jar.take(answer)
  return answer
}

const isLoggedIn = async (service: TestService, cookie: string): Promise<boolean> => (await service.call({ path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' } })).status === 200

const assertPage = (t: Test, page: Answer, status: number): void => {
  t.equal(page.status, status)
  t.hasStrict(page.headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'x-frame-options': 'DENY' })
  t.match(page.headers['content-security-policy'], /^default-src 'none';script-src;style-src 'self';img-src 'self' data:;base-uri 'none';form-action [^;]+;require-trusted-types-for 'script';frame-ancestors 'none'$/)
  t.notMatch(page.text, /\{\{|\{app\}|<script| style=| on[a-z]+=/)
}

const logoutPath = (client: OidcClient, more: Record<string, string> = {}): string =>
  `/oidc/session/end?${new URLSearchParams({ client_id: client.clientId, post_logout_redirect_uri: client.postLogoutRedirectUris[0] ?? '', state: 'the-state', ...more }).toString()}`

await t.test('H12 logout: the page names the app and asks; "Log out" ends the session and goes back to the app', async (t) => {
  const { service, client, jar, logInHere } = await open(t)
  const { cookie } = await logInHere()
  const page = await get(service, jar, logoutPath(client))
  assertPage(t, page, 200)
  const { line, helpFor, logOut, stay } = pageWords.en.logout
  t.equal(words(page), `Example ${line} ${withApp(helpFor, 'The app')} ${logOut} ${stay}`)
  t.equal(formActionOf(page), 'https://login.example.com https://app.example.com')
  t.ok(await isLoggedIn(service, cookie), 'not by the page alone')
  const end = await submit(service, jar, page, { logout: 'yes' })
  t.equal(end.address, 'https://app.example.com/bye?state=the-state')
  t.notOk(await isLoggedIn(service, cookie))
})

await t.test('logout: "Stay logged in" leaves the session, and leads back as well', async (t) => {
  const { service, client, jar, logInHere } = await open(t)
  const { cookie } = await logInHere()
  const back = await submit(service, jar, await get(service, jar, logoutPath(client)), {})
  t.equal(back.address, 'https://app.example.com/bye?state=the-state')
  t.ok(await isLoggedIn(service, cookie))
  const stayed = await submit(service, jar, await get(service, jar, '/oidc/session/end?client_id=app&ui_locales=en'), {})
  assertPage(t, stayed, 200)
  t.match(words(stayed), pageWords.en.stayed.line)
  t.match(stayed.text, '<a class="main" href="https://app.example.com">')
})

await t.test('logout: an app that names no address, or is not known, gets our own page, in the language that it asked for', async (t) => {
  for (const [language, lang] of languages) {
    for (const path of ['/oidc/session/end?client_id=app', '/oidc/session/end?']) {
      const { service, jar, logInHere } = await open(t)
      const { cookie } = await logInHere()
      const page = await get(service, jar, `${path}&ui_locales=xx%20${lang}%20en`, 'fr')
      const { line, help } = pageWords[language].logout
      t.ok(words(page).includes(line))
      t.equal(words(page).includes(help), !path.includes('app'))
      t.equal(formActionOf(page), 'https://login.example.com')
      const end = await submit(service, jar, page, { logout: 'yes' }, { 'accept-language': 'fr' })
      assertPage(t, end, 200)
      t.ok(words(end).includes(pageWords[language].loggedOut.help), words(end))
      t.equal(end.headers['content-language'], lang)
      t.notOk(await isLoggedIn(service, cookie))
    }
  }
})

await t.test('logout: a browser that nobody is logged in with goes straight back, by a form whose policy lets it', async (t) => {
  const { service, client, jar } = await open(t)
  const page = await get(service, jar, logoutPath(client))
  t.equal(formActionOf(page), 'https://login.example.com https://app.example.com')
  t.match(page.headers['content-security-policy'], /script-src 'sha256-[\w+/=]+';/)
  t.equal((await submit(service, jar, page, {})).address, 'https://app.example.com/bye?state=the-state')
})

await t.test('logout: an address that is not the app\'s, a hint that is none, and a form of another page say so and log nobody out', async (t) => {
  const { service, client, jar, logInHere } = await open(t)
  const { cookie } = await logInHere()
  for (const more of [{ post_logout_redirect_uri: 'https://evil.example/' }, { id_token_hint: hostile }, { client_id: 'nobody' }, { client_id: hostile }] as Array<Record<string, string>>) {
    const page = await get(service, jar, logoutPath(client, more))
    assertPage(t, page, 400)
    t.ok(words(page).includes(pageWords.en.stops.logout.line), JSON.stringify(more))
    t.equal(formActionOf(page), "'none'")
    t.match(page.text, '<a class="main" href="/me">')
  }
  const page = await get(service, jar, logoutPath(client))
  const forged = await submit(service, jar, page, { xsrf: 'x', logout: 'yes' }, { 'accept-language': 'en' })
  assertPage(t, forged, 400)
  t.ok(await isLoggedIn(service, cookie))
})

await t.test('errors: what the owner has to mend is said with its code, and the app\'s own address leads back', async (t) => {
  const { service, client, jar } = await open(t)
  for (const [path, code, hasLink] of [
    [authorizationPath(client, { redirect_uri: 'https://evil.example/' }), 'invalid_redirect_uri', true],
    [authorizationPath(testClient({ clientId: 'nobody' })), 'invalid_client', false],
    ['/oidc/auth', 'invalid_request', false],
  ] as const) {
    for (const [language, lang] of languages) {
      const page = await get(service, jar, path, lang)
      assertPage(t, page, 400)
      t.equal(page.headers['content-language'], lang)
      const { line, help } = pageWords[language].stops['set-up']
      t.ok(words(page).startsWith(`Example ${line} ${help}`), words(page))
      t.match(page.text, `<code>${code}: `)
      t.equal(page.text.includes(`<a class="main" href="https://app.example.com/login">${withApp(pageWords[language].startAgain, 'The app')}</a>`), hasLink)
    }
  }
  const asData = await service.call({ path: '/oidc/session/end?client_id=nobody', headers: { accept: 'application/json' } })
  t.equal(asData.json.error, 'invalid_client', 'programs get the data')
})

await t.test('errors: names and descriptions stay text', async (t) => {
  const client = testClient({ name: hostile, url: 'https://app.example.com/?a="b', loginUrl: 'https://app.example.com/login?a=%22&b=1' })
  const { service, jar, logInHere } = await open(t, { client, env: { SITE_NAME: 'A & B <i>' } })
  await logInHere()
  for (const path of [authorizationPath(client, { redirect_uri: hostile }), authorizationPath(client, { redirect_uri: hostile, ui_locales: hostile }), logoutPath(client)]) {
    const page = await get(service, jar, path)
    t.notMatch(page.text, /<script|<i>|"&gt;<|b=1">.*b=1">/)
    t.ok(words(page).startsWith('A & B <i> '))
    t.ok(words(page).includes('"><script>alert(1)</script>{{main}}{app}&amp;'), words(page))
  }
})

await t.test('login that can\'t go on: late, in another browser or without cookies, and unknown, each with its words and a way back', async (t) => {
  const client = testClient({ loginSeconds: 180 })
  for (const [language, lang] of languages) {
    const { service, jar, logInHere } = await open(t, { client })
    const start = await visit(service, jar, authorizationPath(client))
    const path = new URL(start.address).searchParams.get('return_to') ?? ''
    const { stops, startAgain } = pageWords[language]
    const other = await get(service, new CookieJar(), path, lang)
    assertPage(t, other, 400)
    t.equal(words(other), `Example ${stops.cookies.line} ${stops.cookies.help}`)
    service.clock.advance(100_000)
    t.equal((await get(service, jar, path, lang)).status, 302, 'in time')
    await logInHere()
    service.clock.advance(1_000_000) // the provider has the machine's clock
    const late = await get(service, jar, path, lang)
    assertPage(t, late, 410)
    t.equal(words(late), `Example ${stops.late.line} ${withApp(stops.late.help, 'The app')} ${withApp(startAgain, 'The app')}`)
    t.match(late.text, 'href="https://app.example.com/login"')
    const unknown = `/oidc/interaction/${'A'.repeat(43)}`
    jar.set(/([\w-]*scan_login_interaction)=/.exec(jar.headerFor(path))?.[1] ?? '', 'A'.repeat(43))
    const gone = await get(service, jar, unknown, lang)
    assertPage(t, gone, 404)
    t.equal(words(gone), `Example ${stops.gone.line} ${stops.gone.help}`)
  }
})

await t.test('login that can\'t go on: one whose end was reached already, and the address after it', async (t) => {
  const { service, client, jar, logInHere } = await open(t)
  await logInHere()
  const page = await get(service, jar, `/oidc/auth/${'A'.repeat(43)}`)
  assertPage(t, page, 400)
  t.ok(words(page).startsWith(`Example ${pageWords.en.stops.gone.line} ${pageWords.en.stops.gone.help}`))
  t.equal((await redeem(service, client, (await visit(service, jar, authorizationPath(client))).address)).status, 200, 'a new one goes through')
})

await t.test('H12 form_post: the answer is a form that the policy lets go to the app, and nowhere else', async (t) => {
  for (const [redirectUri, source] of [['https://app.example.com/callback?method=login', 'https://app.example.com'], ['http://localhost:8080/cb', 'http://localhost:8080'], ['http://[::1]:8080/cb', 'http:']] as const) {
    const client = testClient({ redirectUris: [redirectUri] })
    const { service, jar, logInHere } = await open(t, { client })
    await logInHere()
    for (const more of [{}, { prompt: 'none', scope: 'openid', max_age: 'x' }] as Array<Record<string, string>>) {
      const page = await get(service, jar, authorizationPath(client, { response_mode: 'form_post', ...more }))
      t.equal(formIn(page).action, redirectUri)
      t.equal(formActionOf(page), source)
      t.match(page.headers['content-security-policy'], /^default-src 'none';script-src 'sha256-[\w+/=]+';/)
      t.equal('code' in formIn(page).fields, !('prompt' in more))
    }
  }
})

await t.test('pages: answers to programs keep the policy of all answers', async (t) => {
  const { service } = await open(t)
  for (const path of ['/oidc/jwks', '/oidc/.well-known/openid-configuration']) {
    t.match((await service.call({ path })).headers['content-security-policy'], /^default-src 'none';script-src 'self';.*form-action 'none'/)
  }
  const none = await service.call({ path: '/oidc/nothing', headers: { ...formHeaders } })
  t.equal(none.status, 404)
})
