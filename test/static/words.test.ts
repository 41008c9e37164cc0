import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { problemTypes, type ProblemCode } from '../../src/errors.ts'
import { staticFolder } from '../../src/http/page-files.ts'
import { kindOf, refusalWords } from '../../src/http/refusal-words.ts'
import { destination } from '../../static/scan-login/destination.js'
import { deviceOf } from '../../static/scan-login/device.js'
import { languageFor } from '../../static/scan-login/language.js'
import type { Stage, View } from '../../static/scan-login/view-state.js'
import { viewWords } from '../../static/scan-login/view-words.js'
import { dictionaries } from '../../static/scan-login/words.js'
import { userAgents } from '../support/user-agents.ts'

await t.test('words: each language has every text, of at most twelve words', async (t) => {
  for (const words of Object.values(dictionaries)) {
    t.strictSame(Object.keys(words), Object.keys(dictionaries.zh))
    for (const [name, text] of Object.entries(words)) t.ok(text.trim() !== '' && !/error|错误|錯誤|ticket/i.test(text), `${words.lang} ${name}`)
  }
  for (const [name, text] of Object.entries(dictionaries.en)) {
    if (!/^what\d/.test(name)) for (const line of text.split('\n')) t.ok(line.split(' ').length <= 12, name)
  }
})

const code = { url: '', linkUrl: null, lifeMs: 1, leftMs: 1 }

/** One view of each name; the type asks for those that are added. */
const views: Readonly<Record<View['name'], readonly View[]>> = {
  making: [{ name: 'making' }],
  waiting: [{ name: 'waiting', code }],
  cancelled: [{ name: 'cancelled', code }],
  late: [{ name: 'late', code }],
  scanned: [{ name: 'scanned', number: '47' }, { name: 'scanned', number: null }],
  confirmed: [{ name: 'confirmed', person: null }],
  another: [{ name: 'another', user: { sub: 'sub', name: null } }],
  'logging-in': [{ name: 'logging-in' }],
  refused: (['person-blocked', 'person-waiting', 'person-unknown'] as const).map((why) => ({ name: 'refused', why })),
  expired: [{ name: 'expired', code: null }],
  'too-late': [{ name: 'too-late', app: { name: 'Gitea', startUrl: 'https://git.example.com', waitsMs: 1 } }],
  'no-code': (['wechat', 'crowded', 'too-often', 'unreachable'] as const).flatMap((why) => [1, 60_000, Infinity].map((retryMs) => ({ name: 'no-code', why, retryMs }) as const)),
  offline: [{ name: 'offline', stage: { name: 'making' } }],
  busy: [{ name: 'busy', stage: { name: 'making' } }],
}

await t.test('words: every view has texts of its own, in each language and on each device', async (t) => {
  for (const words of Object.values(dictionaries)) {
    for (const device of ['computer', 'phone', 'wechat'] as const) {
      const texts = Object.values(views).flat().map((view) => viewWords(view, words, device))
      t.strictSame(texts.filter(({ line, help, trouble }) => line.trim() === '' || `${line}${help}${trouble}`.includes('undefined')), [])
      const all = texts.map((text) => Object.values(text).join(' | '))
      t.equal(new Set(all).size, all.length, `${words.lang}, ${device}: ${all.join('\n')}`)
    }
  }
})

await t.test('words: every refusal of an address has what happened and what to do, in each language', async (t) => {
  t.strictSame(Object.keys(refusalWords).sort(), Object.keys(dictionaries).sort())
  for (const [language, kinds] of Object.entries(refusalWords)) {
    for (const problem of Object.keys(problemTypes) as ProblemCode[]) {
      const { line, help } = kinds[kindOf(problem)]
      t.equal(/your fault|不是你的/.test(help), problemTypes[problem].status >= 500 && problem !== 'wechat-unavailable', `${language} ${problem}: ${help}`)
      t.notMatch(help, /minute|分钟|分鐘/, 'Retry-After may be longer')
      for (const text of [line, help]) t.ok(text.trim() !== '' && !/error|错误|錯誤|ticket|[a-z]-[a-z]/i.test(text), `${language} ${problem}: ${text}`)
    }
    t.equal(new Set(Object.values(kinds).map(({ line }) => line)).size, Object.keys(kinds).length)
  }
  for (const { line } of Object.values(refusalWords.en)) t.ok(line.split(' ').length <= 12, line)
})

await t.test('words: traditional Chinese has no simplified characters', async (t) => {
  const texts = [...Object.values(dictionaries['zh-Hant']), ...Object.values(refusalWords['zh-Hant']).flatMap(({ line, help }) => [line, help])]
  texts.push(...[...(await readFile(join(staticFolder, 'without-scripts.html'), 'utf8')).matchAll(/<p lang="zh-Hant">([^<]*)/g)].map(([, text = '']) => text))
  t.ok(texts.length > Object.keys(dictionaries['zh-Hant']).length + 2)
  t.notMatch(texts.join(''), /[录码扫击网络连开说错试马门时间这为还没问发图选动过别该们浏览确认请机换账号关设删输样点后让边长题应钟几够讯旧启载识]/)
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
  const say = (retryMs: number) => [dictionaries.zh, dictionaries.en].map((words) => viewWords({ name: 'no-code', why: 'wechat', retryMs }, words, 'computer')).map(({ line, help }) => [line, help])
  t.strictSame(say(2_000), [['暂时无法生成小程序码', '马上自动重试'], ["Can't get a code right now", 'Trying again']])
  t.strictSame(say(60_000), [['暂时无法生成小程序码', '约 1 分钟后自动重试'], ["Can't get a code right now", "We'll try again in about a minute"]])
  t.strictSame(say(200_000), [['暂时无法生成小程序码', '过一会儿自动重试'], ["Can't get a code right now", "We'll try again in a while"]])
})

await t.test('words: trouble is told beside the number and beside the code, and takes nothing of what to do away', async (t) => {
  for (const words of Object.values(dictionaries)) {
    for (const device of ['computer', 'phone', 'wechat'] as const) {
      for (const stage of [...views.waiting, ...views.scanned] as Stage[]) {
        for (const name of ['offline', 'busy'] as const) t.strictSame(viewWords({ name, stage }, words, device), { ...viewWords(stage, words, device), trouble: words[name] })
      }
    }
  }
})

await t.test('words: the page says how to scan on this device', async (t) => {
  const waiting = { name: 'waiting', code: { url: '', linkUrl: null, lifeMs: 1, leftMs: 1 } } as const
  const { en } = dictionaries
  const lines = { computer: en.waiting, phone: en.waitingOnPhone, wechat: en.waitingInWechat }
  for (const [userAgent, device] of Object.entries(userAgents)) {
    t.equal(deviceOf(userAgent), device, userAgent)
    t.equal(viewWords(waiting, en, deviceOf(userAgent)).line, lines[device])
  }
  const withLink = { ...waiting, code: { ...waiting.code, linkUrl: 'https://wxaurl.cn/x' } }
  t.equal(viewWords(withLink, en, 'phone').line, en.waitingWithLink)
  t.strictSame(viewWords(withLink, en, 'phone', false, true), viewWords(waiting, en, 'phone'), 'steps for the picture that was asked for')
})

await t.test('destination: what the server returned, never a scheme that a browser would run', async (t) => {
  const page = 'https://example.com/sso/login?return_to=/evil'
  const cases = [
    [null, 'https://example.com/sso/me'],
    ['/shop?x=1#y', 'https://example.com/shop?x=1#y'],
    ['https://shop.example/in', 'https://shop.example/in'],
    ['javascript:alert(1)', 'https://example.com/sso/me#return-refused'],
    ['data:text/html,x', 'https://example.com/sso/me#return-refused'],
    ['https://', 'https://example.com/sso/me#return-refused'],
  ] as const
  for (const [returnTo, expected] of cases) t.equal(destination(returnTo, page), expected, String(returnTo))
})
