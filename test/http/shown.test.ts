/** What is shown of people and browsers: no invisible, direction-changing or stacking characters, and of a browser only the service's own words. */
import fc from 'fast-check'
import t from 'tap'
import { openTestService } from '../support/test-service.ts'
import { phoneOf } from '../support/login.ts'

await t.test('browser: the phone gets only the service\'s own words for any User-Agent', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '1000000', LIMIT_PHONE: '1000000' } })
  const phone = await phoneOf(service)
  const shown = async (userAgent: string): Promise<string> => {
    const { json } = await service.call({ method: 'POST', path: '/api/tickets', headers: { 'user-agent': userAgent } })
    const { browser } = (await phone.scan(json.ticket)).json
    return Object.values(browser).join('|')
  }
  const unknown = 'Unknown browser|Unknown system||||false'
  // Bytes of a header beyond ASCII are read as Latin-1; this is what UTF-8 becomes.
  const asSent = (text: string): string => Buffer.from(text).toString('latin1')
  for (const text of ['', ' ', '<script>alert(1)</script>', asSent('\u202eemorhC'), asSent('\u2066微信\u2069'), asSent('Chrоme/1'), '中国', '\u001b[31m', '{{screen.title}}', 'x'.repeat(8000)]) {
    t.equal(await shown(text), unknown, encodeURIComponent(text).slice(0, 60))
  }
  t.equal(await shown(`${asSent('\u202e')}Chrome/1${asSent('\u200b')} (Windows)\t<b>${'x'.repeat(8000)}`), 'Chrome|Windows||||false', 'a browser may claim to be another')
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 80 }), async (text) => {
    return /^[A-Za-z0-9 ]{1,16}\|[A-Za-z ]{1,14}\|\|\|\|(?:true|false)$/.test(await shown(asSent(text)))
  }), { numRuns: 50 })
})

await t.test('name: it is refused when it has invisible, direction-changing or stacking characters', async (t) => {
  const service = await openTestService(t)
  const phone = await phoneOf(service)
  for (const name of ['a\u202eb', '\u2066a\u2069', 'a\u200bb', '\u3164', 'a\u2028b', 'a\u0000b', '\ud800', `a${'\u0301'.repeat(9)}`, '\u200d']) {
    const answer = await phone.rename(name)
    t.equal(answer.status, 400, encodeURIComponent(name.toWellFormed()))
    t.equal(answer.json.code, 'bad-request')
  }
  t.strictSame((await phone.rename('小明 👩‍🚀')).json.user, { sub: phone.sub, name: '小明 👩‍🚀' })
})
