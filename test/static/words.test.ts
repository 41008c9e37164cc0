import t from 'tap'
import { destination } from '../../static/destination.js'
import { dictionaries, languageFor, sayView } from '../../static/words.js'

await t.test('words: each language says everything, and the spoken lines stay under twelve words', async (t) => {
  const { zh, en } = dictionaries
  t.strictSame(Object.keys(zh), Object.keys(en))
  for (const words of [zh, en]) {
    for (const [name, text] of Object.entries(words)) t.ok(text.trim() !== '' && !/error|错误|ticket/i.test(text), `${words.lang} ${name}`)
  }
  for (const name of ['making', 'waiting', 'scanned', 'confirmed', 'cancelled', 'late', 'expired', 'offline', 'busy', 'waitingHelp', 'scannedHelp'] as const) {
    t.ok(en[name].split(' ').length < 12, name)
  }
})

await t.test('words: the language is the remembered one, else the first that is spoken, else English', async (t) => {
  const cases = [
    [null, ['zh-CN', 'en'], 'zh'], [null, ['zh-Hant-TW'], 'zh'], [null, ['fr', 'zh', 'en'], 'zh'], [null, ['en-GB', 'zh'], 'en'],
    [null, ['fr'], 'en'], [null, [], 'en'], ['en', ['zh'], 'en'], ['zh', ['en'], 'zh'], ['tlh', ['zh'], 'zh'], ['', ['ZH-cn'], 'zh'],
  ] as const
  for (const [remembered, wished, language] of cases) t.equal(languageFor(remembered, wished), language, `${remembered} ${wished.join()}`)
})

await t.test('words: a view without a code says what failed and when it tries again', async (t) => {
  const say = (retryMs: number) => [dictionaries.zh, dictionaries.en].map((words) => sayView({ name: 'no-code', why: 'wechat', retryMs }, words).line)
  t.strictSame(say(2_000), ['暂时无法生成小程序码，马上重试', "Can't get a code right now; trying again"])
  t.strictSame(say(60_000), ['暂时无法生成小程序码，稍等片刻会自动重试', "Can't get a code right now; we'll try again in a while"])
})

await t.test('destination: the server\'s word is followed, and nothing that a browser would run', async (t) => {
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
