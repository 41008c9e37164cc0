import t from 'tap'
import { destination } from '../../static/scan-login/destination.js'
import { deviceOf } from '../../static/scan-login/device.js'
import { languageFor } from '../../static/scan-login/language.js'
import { viewWords } from '../../static/scan-login/view-words.js'
import { dictionaries } from '../../static/scan-login/words.js'
import { userAgents } from '../support/user-agents.ts'

await t.test('words: each language has every text, of at most twelve words', async (t) => {
  for (const words of Object.values(dictionaries)) {
    t.strictSame(Object.keys(words), Object.keys(dictionaries.zh))
    for (const [name, text] of Object.entries(words)) t.ok(text.trim() !== '' && !/error|错误|錯誤|ticket/i.test(text), `${words.lang} ${name}`)
  }
  for (const [name, text] of Object.entries(dictionaries.en)) {
    if (!/^what\d/.test(name)) t.ok(text.split(' ').length <= 12, name)
  }
})

await t.test('words: traditional Chinese has no simplified characters', async (t) => {
  t.notMatch(Object.values(dictionaries['zh-Hant']).join(''), /[录码扫击网络连开说错试马门时间这为还没问发图选动过别该们]/)
})

await t.test('words: the language is the first preferred one that is supported, else English', async (t) => {
  const cases = [
    [[null, 'zh-CN', 'en'], 'zh'], [[null, 'zh-Hant-TW'], 'zh-Hant'], [['zh-TW'], 'zh-Hant'], [['zh-HK', 'zh'], 'zh-Hant'], [['zh-MO'], 'zh-Hant'], [['zh_TW'], 'zh-Hant'],
    [['zh-Hans-HK'], 'zh'], [['zh-SG'], 'zh'], [['zh'], 'zh'], [['ZH-cn'], 'zh'], [[null, 'fr', 'zh', 'en'], 'zh'], [[null, 'en-GB', 'zh'], 'en'], [['zho'], 'en'],
    [[null, 'fr'], 'en'], [[], 'en'], [['en', 'zh'], 'en'], [['zh-Hant', 'en'], 'zh-Hant'], [['tlh', 'zh'], 'zh'], [['', 'zh'], 'zh'],
  ] as const
  for (const [preferred, language] of cases) t.equal(languageFor(preferred), language, preferred.join())
})

await t.test('words: a view without a code says what failed and when it tries again', async (t) => {
  const say = (retryMs: number) => [dictionaries.zh, dictionaries.en].map((words) => viewWords({ name: 'no-code', why: 'wechat', retryMs }, words, 'computer').line)
  t.strictSame(say(2_000), ['暂时无法生成小程序码，马上重试', "Can't get a code right now; trying again"])
  t.strictSame(say(60_000), ['暂时无法生成小程序码，稍等片刻会自动重试', "Can't get a code right now; we'll try again in a while"])
})

await t.test('words: the page says how to scan on this device', async (t) => {
  const waiting = { name: 'waiting', code: { url: '', linkUrl: null, lifeMs: 1, leftMs: 1 } } as const
  const { en } = dictionaries
  const lines = { computer: en.waiting, phone: en.waitingOnPhone, wechat: en.waitingInWechat }
  for (const [userAgent, device] of Object.entries(userAgents)) {
    t.equal(deviceOf(userAgent), device, userAgent)
    t.equal(viewWords(waiting, en, deviceOf(userAgent)).line, lines[device])
  }
})

await t.test('destination: what the server returned, never a scheme that a browser would run', async (t) => {
  const page = 'https://example.com/sso/login?return_to=/evil'
  const cases = [
    [null, 'https://example.com/sso/me'],
    ['/shop?x=1#y', 'https://example.com/shop?x=1#y'],
    ['https://shop.example/in', 'https://shop.example/in'],
    ['javascript:alert(1)', 'https://example.com/sso/me'],
    ['data:text/html,x', 'https://example.com/sso/me'],
    ['https://', 'https://example.com/sso/me'],
  ] as const
  for (const [returnTo, expected] of cases) t.equal(destination(returnTo, page), expected, String(returnTo))
})
