/** What a person's browser gets from an address that refuses, and what any other client gets from it. */
import t from 'tap'
import { dictionaries } from '../../static/scan-login/words.js'
import { refusalWords } from '../../src/http/refusal-words.ts'
import { openBrowser } from '../support/clients.ts'
import { verdict } from '../support/login.ts'
import { openTestService } from '../support/test-service.ts'

const navigation = { 'sec-fetch-mode': 'navigate', accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const oldNavigation = { accept: navigation.accept }
const unknown = 'A'.repeat(22)

/** The texts of the page's elements, and where its link leads. */
const readPage = (html: string) => ({
  lang: /<html lang="([^"]*)"/.exec(html)?.[1],
  texts: [...html.matchAll(/<(?:h1|p|a)[^>]*>([^<]*)</g)].map(([, text]) => text?.replaceAll('&quot;', '"').replaceAll('&amp;', '&')),
  link: /<a [^>]*href="([^"]*)"/.exec(html)?.[1],
})

for (const prefix of ['', '/sign/in']) {
  await t.test(`refusal page: a link that is refused says why and leads back to the login, with the same status and Retry-After, when the prefix is "${prefix}"`, async (t) => {
    const service = await openTestService(t, { env: { PUBLIC_URL: `https://login.example.com${prefix}`, WECHAT_URL_LINK: 'on', LIMIT_GUESS: '4' } })
    service.simulator.fail('generate_urllink', 44990)
    const { ticket } = await openBrowser(service, { prefix })
    const rows = [[unknown, 404, 'ended'], [ticket, 503, 'wechat'], [unknown, 404, 'ended'], [unknown, 429, 'too-often']] as const
    for (const [id, status, kind] of rows) {
      const path = `${prefix}/api/tickets/${id}/link`
      const page = await service.call({ path, headers: { ...navigation, 'accept-language': 'en' } })
      const problem = await service.call({ path })
      t.strictSame([page.status, page.headers['content-type'], page.headers['content-language']], [status, 'text/html; charset=utf-8', 'en'])
      t.strictSame([problem.status, problem.headers['content-type']], [status, 'application/problem+json; charset=utf-8'])
      t.equal(page.headers['retry-after'] !== undefined, status !== 404)
      t.equal(page.headers['retry-after'], problem.headers['retry-after'])
      const { line, help } = refusalWords.en[kind]
      t.strictSame(readPage(page.text), { lang: 'en', texts: ['Example', line, help, dictionaries.en.logIn], link: `${prefix}/login` })
      t.equal((await service.call({ path: `${prefix}/login` })).status, 200)
      for (const [{ headers }, vary] of [[page, 'Cookie, Authorization, Accept, Sec-Fetch-Mode, Accept-Language'], [problem, 'Cookie, Authorization']] as const) {
        t.hasStrict(headers, { 'cache-control': 'no-store', vary })
        t.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/)
      }
    }
  })
}

await t.test('refusal page: a code that is opened as a page says that the login has ended, and a picture gets the problem', async (t) => {
  const service = await openTestService(t)
  const { ticket, giveUp } = await openBrowser(service)
  const path = `/api/tickets/${ticket}/code`
  t.match((await service.call({ path, headers: navigation })).headers['content-type'], 'image/')
  await giveUp()
  for (const headers of [navigation, oldNavigation] as Array<Record<string, string>>) {
    const page = await service.call({ path, headers: { ...headers, 'accept-language': 'en' } })
    const { line, help } = refusalWords.en.ended
    t.strictSame([page.status, readPage(page.text)], [404, { lang: 'en', texts: ['Example', line, help, dictionaries.en.logIn], link: '/login' }])
  }
  for (const headers of [{}, { 'sec-fetch-mode': 'no-cors', accept: 'image/avif,image/webp,*/*;q=0.8' }, { accept: 'image/webp,*/*' }] as Array<Record<string, string>>) {
    const problem = await service.call({ path, headers })
    t.strictSame([verdict(problem), problem.headers.vary], ['404 ticket-not-found', 'Cookie, Authorization'], JSON.stringify(headers))
  }
})

await t.test('refusal page: it is in the visitor\'s language when that is one of the three, else in English', async (t) => {
  const service = await openTestService(t, { env: { WECHAT_URL_LINK: 'on' } })
  for (const [accepted, language] of [['zh-CN,zh;q=0.9,en;q=0.8', 'zh'], ['zh-TW,zh;q=0.9', 'zh-Hant'], ['zh-HK', 'zh-Hant'], ['en;q=0.5, zh;q=0.9', 'zh'], ['fr, de', 'en'], ['', 'en'], ['"><script>', 'en']] as const) {
    const { text } = await service.call({ path: `/api/tickets/${unknown}/link`, headers: { ...navigation, 'accept-language': accepted } })
    const { lang, logIn } = dictionaries[language]
    const { line, help } = refusalWords[language].ended
    t.strictSame(readPage(text), { lang, texts: ['Example', line, help, logIn], link: '/login' }, accepted)
  }
})

await t.test('refusal page: only a navigation to a visitor\'s address gets it', async (t) => {
  const service = await openTestService(t, { env: { WECHAT_URL_LINK: 'on', LIMIT_GUESS: '1000' } })
  const typeOf = async (path: string, headers: Record<string, string>, method: 'GET' | 'HEAD' | 'POST' = 'GET') => String((await service.call({ method, path, headers })).headers['content-type']).replace(/;.*/, '')
  const link = `/api/tickets/${unknown}/link`
  for (const path of [link, '/nothing', '/scan', '/apix', '/login/x']) {
    for (const headers of [navigation, oldNavigation]) {
      t.equal(await typeOf(path, headers), 'text/html', path)
      t.equal(await typeOf(path, headers, 'HEAD'), 'text/html', path)
    }
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }, { accept: 'text/html;q=0' }, { ...navigation, 'sec-fetch-mode': 'cors' }, { ...navigation, 'sec-fetch-mode': 'no-cors' }]) {
      t.equal(await typeOf(path, headers), 'application/problem+json', `${path} ${JSON.stringify(headers)}`)
    }
    t.equal(await typeOf(path, navigation, 'POST'), 'application/problem+json', path)
  }
  for (const path of ['/api', '/api?x', '/api/', '/api/nothing', '/api/session', `/api/tickets/${unknown}`, '/api/phone/sessions']) {
    t.equal(await typeOf(path, navigation), 'application/problem+json', path)
    t.equal((await service.call({ path })).headers.vary, 'Cookie, Authorization', path)
  }
  t.equal(verdict(await service.call({ path: '/nothing' })), '404 not-found')
  t.equal((await service.call({ path: '/login/' })).status, 200)
})

await t.test('refusal page: nothing of the request is in it, and the site\'s name is text', async (t) => {
  const service = await openTestService(t, { env: { WECHAT_URL_LINK: 'on', SITE_NAME: '<b>"A&B\'$&</b>' } })
  for (const path of ['/nothing-reflected?reflected=1', '/reflected%3Cscript%3E', `/api/tickets/${'reflected'.padEnd(22, 'A')}/link?reflected`]) {
    const { status, text } = await service.call({ path, headers: { ...navigation, host: 'reflected.example', referer: 'https://reflected.example/', 'user-agent': 'reflected' } })
    t.equal(status, 404)
    t.notMatch(text, /reflected|<script|<b>|\{\{|style="/)
    t.match(text, '<h1>&lt;b&gt;&quot;A&amp;B\'$&amp;&lt;/b&gt;</h1>')
  }
})
