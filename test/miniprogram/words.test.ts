// What the phone says: every code has a sentence, every view has a screen, in both languages.
import t from 'tap'
import '../support/miniprogram.ts'
import { problemTypes } from '../../src/errors.ts'
import type { BrowserName, Offer } from '../../miniprogram/utils/answers'
import type { View } from '../../miniprogram/pages/login/approval'

const { serverCodes } = await import('../../miniprogram/utils/answers.ts')
const { ago } = await import('../../miniprogram/utils/ago.ts')
const { wordsFor } = await import('../../miniprogram/utils/words.ts')
const { screenOf } = await import('../../miniprogram/pages/login/screen.ts')

const zh = wordsFor('zh_CN')
const en = wordsFor('en')
const now = Date.parse('2026-11-23T02:00:20Z')

/** Answers to calls that only a browser or a proxy makes. */
const notForPhones = ['return-to-not-allowed', 'unauthenticated', 'cross-site', 'ticket-not-confirmed', 'too-many-tickets']

await t.test('words: every code of the registry that a phone can meet has a sentence of its own, in both languages', async (t) => {
  const expected = Object.keys(problemTypes).filter((code) => !notForPhones.includes(code)).sort()
  t.strictSame([...serverCodes].sort(), expected)
  for (const words of [zh, en]) {
    t.strictSame(Object.keys(words.failures).sort(), [...expected, 'offline', 'no-answer', 'not-set-up', 'too-old'].sort())
    const sentences = Object.values(words.failures)
    t.equal(new Set(sentences).size, sentences.length, 'no two are the same')
  }
})

await t.test('words: nothing is empty, nothing shows a code or says "error", in both languages', async (t) => {
  const sentences = (words: object): string[] => Object.entries(words).flatMap(([name, word]) =>
    name === 'unavailable' ? [word.line] : typeof word === 'string' ? [word] : typeof word === 'function' ? [word('x')] : sentences(word))
  for (const sentence of [...sentences(zh), ...sentences(en)]) {
    t.match(sentence, /\S/)
    t.notMatch(sentence, /error|错误|[a-z]+-[a-z]+-|undefined|null/i, sentence)
  }
  for (const sentence of sentences(zh)) t.match(sentence, /[\u4e00-\u9fff]/, sentence)
})

await t.test('words: Chinese when the language is Chinese, else English', async (t) => {
  for (const language of ['zh', 'zh_CN', 'zh_TW', 'zh-Hans-CN', 'ZH']) t.equal(wordsFor(language), zh, language)
  for (const language of ['en', 'de_DE', 'azh', '']) t.equal(wordsFor(language), en, language)
})

await t.test('ago: says a span of time in the largest unit that fits', async (t) => {
  const said = (seconds: number, words = en): string => ago(now - seconds * 1000, now, words)
  t.strictSame([-300, 0, 4].map((seconds) => said(seconds)), ['just now', 'just now', 'just now'])
  t.strictSame([5, 20, 59, 60, 119, 3599, 3600, 86_399, 86_400, 864_000].map((seconds) => said(seconds)), [
    '5 seconds ago', '20 seconds ago', '59 seconds ago', '1 minute ago', '1 minute ago', '59 minutes ago', '1 hour ago', '23 hours ago', '1 day ago', '10 days ago',
  ])
  t.equal(said(20, zh), '20 秒前')
})

const offer = {
  state: 'scanned' as const,
  site: { name: 'Acme', origin: 'https://acme.example' },
  browser: { name: 'Chrome 151', system: 'Windows 11', ip: '203.0.113.7', network: '203.0.113.*', place: null, placeEn: null },
  isOtherCountry: false,
  createdAt: now - 20_000,
  expiresIn: 150,
  choices: ['12', '47', '83'],
}
const ready = (asked: Offer, isClockMended = false): View => ({ kind: 'ready', offer: asked, isClockMended })

await t.test('screenOf: shows who asks and the numbers when a decision is asked for', async (t) => {
  const screen = screenOf(ready(offer), en, now)
  t.hasStrict(screen, { title: 'Log in to Acme?', origin: 'https://acme.example', warning: '', confirm: '', refuse: 'Not me', busy: false, line: '' })
  t.strictSame(screen.rows, [
    { label: 'Browser', value: 'Chrome 151' }, { label: 'System', value: 'Windows 11' },
    { label: 'Network', value: '203.0.113.*' }, { label: 'Asked', value: '20 seconds ago' },
  ])
  t.strictSame(screen.numbers.map(({ value }) => value), ['12', '47', '83'])
})

await t.test('screenOf: the place in the language of the phone when it is known, else the network, else the address, and no empty row', async (t) => {
  const browser = { name: '', system: '', ip: '203.0.113.7', network: '203.0.113.*', place: '中国 上海', placeEn: 'Shanghai, China' }
  const rows = (words: typeof zh, more: Partial<BrowserName> = {}): string[] =>
    screenOf(ready({ ...offer, browser: { ...browser, ...more } }), words, now).rows.map(({ label, value }) => `${label}: ${value}`)
  t.strictSame(rows(zh), ['浏览器: 未知浏览器', '地点: 中国 上海', '发起时间: 20 秒前'])
  t.strictSame(rows(en), ['Browser: Unknown browser', 'Place: Shanghai, China', 'Asked: 20 seconds ago'])
  const unknown = { place: null, placeEn: null }
  t.equal(rows(zh, unknown)[1], '网络: 203.0.113.*')
  t.equal(rows(en, { ...unknown, ip: '192.168.1.23', network: null })[1], 'IP address: 192.168.1.23')
  t.equal(rows(en, { ...unknown, ip: '', network: null }).length, 2)
})

await t.test('screenOf: one button when no number is asked for', async (t) => {
  t.hasStrict(screenOf(ready({ ...offer, choices: null }), en, now), { numbers: [], confirm: 'Log in', refuse: 'Not me' })
})

await t.test('screenOf: warns when the request is two minutes old', async (t) => {
  t.equal(screenOf(ready({ ...offer, createdAt: now - 119_999 }), en, now).warning, '')
  t.equal(screenOf(ready({ ...offer, createdAt: now - 120_000 }), en, now).warning, 'This was asked 2 minutes ago.\nIf you didn\'t just open it, tap "Not me".')
})

await t.test('screenOf: warns when browser and phone are in different countries, and says everything that is odd at once', async (t) => {
  const asked = { ...offer, isOtherCountry: true }
  t.equal(screenOf(ready(asked), en, now).warning, `${en.otherCountry}\n${en.oddHelp}`)
  t.equal(screenOf(ready({ ...asked, createdAt: now - 120_000 }), zh, now).warning, `${zh.otherCountry}\n这个登录是 2 分钟前发起的。\n${zh.oddHelp}`)
  t.equal(screenOf({ kind: 'confirming', offer: asked, isClockMended: false, number: '47' }, en, now).warning, `${en.otherCountry}\n${en.oddHelp}`, 'and goes on while it logs in')
})

await t.test('screenOf: tells that the clock was mended, as a note and not as a warning', async (t) => {
  t.hasStrict(screenOf(ready(offer, true), en, now), { note: "Your phone's clock is off. That's taken care of.", warning: '' })
  t.equal(screenOf(ready(offer), en, now).note, '')
})

await t.test('words: the dialog takes no more than four characters for each of its buttons', async (t) => {
  for (const { signOutYes, keep } of [zh, en]) t.ok(signOutYes.length <= 4 && keep.length <= 4, `${signOutYes}, ${keep}`)
})

await t.test('screenOf: takes no taps while a decision is on its way, and marks the number', async (t) => {
  const screen = screenOf({ kind: 'confirming', offer, isClockMended: true, number: '47' }, en, now)
  t.hasStrict(screen, { busy: true, ask: 'Logging in…', askHelp: en.tapNumberHelp, note: en.clockMended }, 'and nothing above the numbers goes')
  t.strictSame(screen.numbers.filter(({ chosen }) => chosen).map(({ value }) => value), ['47'])
  t.hasStrict(screenOf({ kind: 'cancelling', offer, isClockMended: false }, zh, now), { busy: true, ask: '正在取消…' })
})

await t.test('screenOf: one line, a mark and a way on when it has ended', async (t) => {
  const ends: Array<[View, string, string[]]> = [
    [{ kind: 'done', offer: undefined }, 'good', ['close', 'home']],
    [{ kind: 'cancelled' }, 'quiet', ['scan', 'home']],
    [{ kind: 'wrong-number' }, 'warning', ['scan', 'home']],
    [{ kind: 'expired' }, 'quiet', ['scan', 'home']],
    [{ kind: 'taken' }, 'warning', ['scan', 'home']],
    [{ kind: 'used' }, 'quiet', ['scan', 'home']],
    [{ kind: 'invalid-code' }, 'quiet', ['scan', 'home']],
    [{ kind: 'blocked' }, 'warning', ['close']],
    [{ kind: 'update-needed' }, 'quiet', ['update']],
    [{ kind: 'offline' }, 'quiet', ['retry', 'home']],
    [{ kind: 'unavailable', code: 'store-unavailable' }, 'quiet', ['retry', 'home']],
  ]
  for (const words of [zh, en]) {
    for (const [view, mark, actions] of ends) {
      const screen = screenOf(view, words, now)
      t.hasStrict(screen, { kind: view.kind, mark, title: '', refuse: '', numbers: [] })
      t.not(screen.line, '')
      t.not(screen.help, '')
      t.strictSame(screen.actions.map(({ name }) => name), actions)
    }
  }
  t.equal(screenOf({ kind: 'unavailable', code: 'rate-limited' }, en, now).help, en.failures['rate-limited'])
  t.hasStrict(screenOf({ kind: 'loading' }, en, now), { loading: 'Opening…', line: '', title: '', actions: [] })
})
