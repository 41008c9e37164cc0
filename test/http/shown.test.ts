// What is shown of people and browsers: nothing that hides, turns or piles up text, and of a browser words of ours alone.
import fc from 'fast-check'
import t from 'tap'
import { openTestService } from '../support/test-service.ts'
import { phoneOf } from '../support/login.ts'

await t.test('browser: the phone is shown words of ours, whatever the browser writes', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '1000000', LIMIT_PHONE: '1000000' } })
  const phone = await phoneOf(service)
  const shown = async (userAgent: string): Promise<string> => {
    const { json } = await service.call({ method: 'POST', path: '/api/tickets', headers: { 'user-agent': userAgent } })
    const { browser } = (await phone.scan(json.ticket)).json
    return Object.values(browser).join('|')
  }
  const unknown = 'Unknown browser|Unknown system||||false'
  // A header has bytes; those beyond ASCII come in as Latin-1, and what somebody sends as UTF-8 looks like this.
  const asSent = (text: string): string => Buffer.from(text).toString('latin1')
  for (const text of ['', ' ', '<script>alert(1)</script>', asSent('\u202eemorhC'), asSent('\u2066微信\u2069'), asSent('Chrоme/1'), '中国', '\u001b[31m', '{{screen.title}}', 'x'.repeat(8000)]) {
    t.equal(await shown(text), unknown, encodeURIComponent(text).slice(0, 60))
  }
  t.equal(await shown(`${asSent('\u202e')}Chrome/1${asSent('\u200b')} (Windows)\t<b>${'x'.repeat(8000)}`), 'Chrome|Windows||||false', 'what it says it is stays a claim')
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 80 }), async (text) => {
    return /^[A-Za-z0-9 ]{1,16}\|[A-Za-z ]{1,14}\|\|\|\|(?:true|false)$/.test(await shown(asSent(text)))
  }), { numRuns: 50 })
})

await t.test('name: one that hides, turns or piles up text is refused, and stays out of every answer', async (t) => {
  const service = await openTestService(t)
  const phone = await phoneOf(service)
  for (const name of ['a\u202eb', '\u2066a\u2069', 'a\u200bb', '\u3164', 'a\u2028b', 'a\u0000b', '\ud800', `a${'\u0301'.repeat(9)}`, '\u200d']) {
    const answer = await phone.rename(name)
    t.equal(answer.status, 400, encodeURIComponent(name.toWellFormed()))
    t.equal(answer.json.code, 'bad-request')
  }
  t.strictSame((await phone.rename('小明 👩‍🚀')).json.user, { sub: phone.sub, name: '小明 👩‍🚀' })
})
