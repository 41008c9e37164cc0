// The texts of the phone: every code has a sentence, every view has a screen, in all languages.
import t from 'tap'
import '../support/miniprogram.ts'
import { problemTypes } from '../../src/errors.ts'
import type { Offer } from '../../miniprogram/utils/answers'
import type { View } from '../../miniprogram/pages/login/view'

const { serverCodes } = await import('../../miniprogram/utils/outcome.ts')
const { ago } = await import('../../miniprogram/utils/durations.ts')
const { wordsFor } = await import('../../miniprogram/utils/words.ts')
const { wechatLanguageOf } = await import('../../src/demo/phone/words.ts')
const { screenOf } = await import('../../miniprogram/pages/login/screen.ts')

const zh = wordsFor('zh_CN')
const zhHant = wordsFor('zh_TW')
const en = wordsFor('en')
const all = [zh, zhHant, en]
const now = Date.parse('2026-11-23T02:00:20Z')

/** Characters that only simplified Chinese has. */
const simplified = /[录码扫网络连开说错试时间这为还没问发选动过别该们浏览确认请机换账号关设删输样点后让边长题应钟几够讯]/

/** Codes of calls that only a browser or a proxy makes. */
const notForPhones = ['return-to-not-allowed', 'unauthenticated', 'cross-site', 'ticket-not-confirmed', 'too-many-tickets']

await t.test('words: every code of the registry that a phone can get has a sentence of its own, in all languages', async (t) => {
  const expected = Object.keys(problemTypes).filter((code) => !notForPhones.includes(code)).sort()
  t.strictSame([...serverCodes].sort(), expected)
  for (const words of all) {
    t.strictSame(Object.keys(words.failures).sort(), [...expected, 'offline', 'no-answer', 'not-set-up', 'too-old', 'name-unreadable', 'name-mixed-scripts', 'name-office', 'name-address', 'name-refused'].sort())
    const sentences = Object.values(words.failures)
    t.equal(new Set(sentences).size, sentences.length, 'no two are the same')
  }
})

await t.test('words: no text is empty, has a code in it or says "error", in all languages', async (t) => {
  const sentences = (words: object): string[] => Object.entries(words).flatMap(([name, word]) =>
    name === 'unavailable' || name === 'locked-out' || name === 'unknown' ? [word.line] : typeof word === 'string' ? [word] : typeof word === 'function' ? [word('x', 'y', 'z')] : sentences(word))
  for (const sentence of all.flatMap(sentences)) {
    t.match(sentence, /\S/)
    t.notMatch(sentence, /error|错误|[a-z]+-[a-z]+-|undefined|null/i, sentence)
  }
  for (const sentence of [zh, zhHant].flatMap(sentences)) t.match(sentence, /[\u4e00-\u9fff]/, sentence)
  t.notMatch(sentences(zhHant).join(''), simplified)
})

await t.test('words: Chinese when the language is Chinese, traditional where that is written, else English', async (t) => {
  for (const language of ['zh', 'zh_CN', 'zh-Hans-CN', 'ZH', 'zh-Hans-HK', 'zh_SG']) t.equal(wordsFor(language), zh, language)
  for (const language of ['zh_TW', 'zh_HK', 'zh-MO', 'zh-Hant', 'zh-Hant-CN', 'ZH-tw']) t.equal(wordsFor(language), zhHant, language)
  for (const language of ['en', 'de_DE', 'azh', '']) t.equal(wordsFor(language), en, language)
})

await t.test('words: the demo gives the mini program the language of its browser, traditional Chinese where the mini program would choose it', async (t) => {
  for (const [language, wechat] of [['zh-CN', 'zh_CN'], ['zh-Hans-HK', 'zh_CN'], ['zh-SG', 'zh_CN'], ['zh-TW', 'zh_TW'], ['zh-Hant', 'zh_TW'], ['en-HK', 'en'], ['de', 'en']] as const) {
    t.equal(wechatLanguageOf(language), wechat, language)
    t.equal(wordsFor(wechat), wordsFor(language), language)
  }
})

await t.test('ago: uses the largest unit that fits', async (t) => {
  const said = (seconds: number, words = en): string => ago(now - seconds * 1000, now, words)
  t.strictSame([-300, 0, 4].map((seconds) => said(seconds)), ['just now', 'just now', 'just now'])
  t.strictSame([5, 20, 59, 60, 119, 3599, 3600, 86_399, 86_400, 864_000].map((seconds) => said(seconds)), [
    '5 seconds ago', '20 seconds ago', '59 seconds ago', '1 minute ago', '1 minute ago', '59 minutes ago', '1 hour ago', '23 hours ago', '1 day ago', '10 days ago',
  ])
  t.equal(said(20, zh), '20 秒前')
})

const offer: Offer = {
  session: undefined,
  state: 'scanned',
  site: { name: 'Acme', origin: 'https://acme.example', service: 'https://acme.example' },
  browser: { name: 'Chrome 151', system: 'Windows 11', ip: '', network: '203.0.113.*', place: null, placeEn: null },
  phonePlace: null,
  phonePlaceEn: null,
  isOtherCountry: false,
  isSamePhone: false,
  isPhone: false,
  createdAt: now - 20_000,
  expiresIn: 150,
  match: 'tap',
  choices: ['12', '47', '83'],
}
const typing: Offer = { ...offer, match: 'type', choices: [] }
const ready = (asked: Offer, isFirst = false, typed = '', isClaimed = false): View => ({ kind: 'ready', offer: asked, isFirst, typed, isClaimed })

const done = (more: Partial<Extract<View, { kind: 'done' }>> = {}): View => ({ kind: 'done', offer: undefined, session: undefined, isEnding: false, failure: undefined, ...more })

const texts = (screen: ReturnType<typeof screenOf>): string[] => screen.warnings.map(({ text }) => text)

await t.test('screenOf: shows the site, the browser and the numbers when a decision is asked for', async (t) => {
  const screen = screenOf(ready(offer), en, now, true)
  t.hasStrict(screen, {
    title: 'Log in to Acme in Chrome 151 on Windows 11?',
    where: '203.0.113.*',
    about: '20 seconds ago · Chrome 151 · Windows 11',
    isPhone: false,
    addressBar: "The login page's address bar must read",
    address: { host: 'acme.example' },
    through: '',
    warnings: [],
    note: '',
    confirm: '',
    cancel: 'Not me',
    busy: false,
    line: '',
    ask: 'Tap the number on the login page',
    askHelp: 'The right number lets that device use your account.\nDid someone send you this code? Tap "Not\u00a0me".',
  })
  t.strictSame(screen.numbers.map(({ value, label }) => [value, label]), [['12', 'Number 12'], ['47', 'Number 47'], ['83', 'Number 83']])
})

await t.test('screenOf: the title names the device that would be logged in, as far as it is known', async (t) => {
  const title = (words: typeof en, name: string, system: string): string => screenOf(ready({ ...offer, browser: { ...offer.browser, name, system } }), words, now, true).title
  t.strictSame([['Chrome', 'Windows'], ['Chrome', ''], ['', 'Windows'], ['', '']].map(([name = '', system = '']) => all.map((words) => title(words, name, system))), [
    ['让 Windows 上的 Chrome 登录「Acme」？', '讓 Windows 上的 Chrome 登入「Acme」？', 'Log in to Acme in Chrome on Windows?'],
    ['让 Chrome 登录「Acme」？', '讓 Chrome 登入「Acme」？', 'Log in to Acme in Chrome?'],
    ['让 Windows 登录「Acme」？', '讓 Windows 登入「Acme」？', 'Log in to Acme on Windows?'],
    ['让另一台设备登录「Acme」？', '讓另一台裝置登入「Acme」？', 'Log another device in to Acme?'],
  ])
})

await t.test('screenOf: shows where the browser is, in the phone\'s language, else its network', async (t) => {
  const browser = { name: '', system: '', ip: '203.0.113.7', network: '203.0.113.*', place: '中国 上海', placeEn: 'Shanghai, China' }
  const facts = (words: typeof zh, more: Partial<Offer['browser']> = {}): string[] => {
    const { where, about } = screenOf(ready({ ...offer, browser: { ...browser, ...more } }), words, now, true)
    return [where, about]
  }
  t.strictSame(facts(zh), ['中国 上海', '20 秒前 · 203.0.113.*'])
  t.strictSame(facts(en), ['Shanghai, China', '20 seconds ago · 203.0.113.*'])
  t.strictSame(facts(en, { place: null, placeEn: null }), ['203.0.113.*', '20 seconds ago'])
  t.strictSame(facts(en, { place: null, placeEn: null, network: null }), ['', '20 seconds ago'], 'never a full address')
})

await t.test('E13 screenOf: shows the site\'s address as in an address bar, and the service when that is another', async (t) => {
  const drawn = (origin: string, service = origin, words = en): string[] => {
    const { address, through } = screenOf(ready({ ...offer, site: { name: 'Acme', origin, service } }), words, now, true)
    return [address.scheme, ...address.parts.map(({ text }) => text), through]
  }
  t.strictSame(drawn('https://login.acme.example:8443'), ['', 'login', '.acme', '.example:8443', ''], 'breaks before dots only')
  t.strictSame(drawn('http://acme.example'), ['http://', 'acme', '.example', ''], 'http:// stays')
  for (const host of ['localhost:3000', '[::1]:3000']) t.strictSame(drawn(`http://${host}`), ['', host, ''], 'but on this computer')
  t.strictSame(drawn('http://127.0.0.1'), ['', '127', '.0', '.0', '.1', ''])
  t.equal(drawn('http://localhost.example')[0], 'http://')
  t.strictSame(drawn('https://shop.example', 'https://login.example.com'), ['', 'shop', '.example', 'Login provided by login\u200b.example\u200b.com'])
  t.equal(drawn('https://shop.example', 'https://login.example.com', zh).at(-1), '由 login\u200b.example\u200b.com 提供登录')
})

await t.test('E13 screenOf: of an app, shows the address of the login page as the one in the address bar, and where the login leads', async (t) => {
  const service = 'https://login.example.com'
  const site = { name: 'Gitea', origin: service, service, app: 'https://git.example.com' }
  const leads = all.map((words) => {
    const { title, address, through } = screenOf(ready({ ...offer, site }), words, now, true)
    t.equal(address.host, 'login.example.com')
    t.match(title, /Gitea/)
    return through
  })
  t.strictSame(leads, ['登录后前往 git\u200b.example\u200b.com', '登入後前往 git\u200b.example\u200b.com', 'Then takes you to git\u200b.example\u200b.com'])
  t.equal(screenOf({ kind: 'done', offer: { ...offer, site }, session: undefined, isEnding: false, failure: undefined }, en, now, true).address.host, 'git.example.com', 'once logged in, where that is')
})

await t.test('words: a button that is named in a sentence never breaks, nor is parted from "tap" in Chinese', async (t) => {
  const sentences = (words: object): string[] => Object.values(words).flatMap((word) => typeof word === 'string' ? [word] : typeof word === 'function' ? [word('x', 'y', 'z')] : sentences(word))
  for (const sentence of all.flatMap(sentences)) t.notMatch(sentence, /[点點]「|"[^"]*[ ][^"]*"/, sentence)
})

await t.test('screenOf: a host in the title breaks before its dots only, and a screen reader is given it whole', async (t) => {
  const site = { ...offer.site, name: 'notes.acme.example' }
  const asked = screenOf(ready({ ...offer, site }), en, now, true)
  t.equal(asked.title, 'Log in to notes\u200b.acme\u200b.example in Chrome 151 on Windows 11?')
  t.match(asked.spoken, /^Log in to notes\.acme\.example in/)
  t.equal(screenOf(done({ offer: { ...offer, site } }), zh, now, true).line, 'Chrome 151 · Windows 11 已登录「notes\u200b.acme\u200b.example」')
})

await t.test('screenOf: a screen reader hears title, address and warnings, in this order', async (t) => {
  const screen = screenOf(ready({ ...offer, isOtherCountry: true, site: { ...offer.site, origin: 'http://acme.example' } }), en, now, true)
  t.equal(screen.spoken, [screen.title, "The login page's address bar must read http://acme.example", en.otherCountry, en.oddHelp].join('\n'))
})

await t.test('screenOf: shows one button when no number is asked for', async (t) => {
  t.hasStrict(screenOf(ready({ ...offer, match: 'off', choices: [] }), en, now, true), { numbers: [], keys: [], confirm: 'Log in', incomplete: false, cancel: 'Not me', ask: '' })
  t.match(screenOf(ready({ ...offer, match: 'off', choices: [] }), en, now, true).askHelp, /^Logging in lets that device use your account\./)
})

await t.test('E11 screenOf: shows a keypad, two boxes and what a yes does when the number is to be typed', async (t) => {
  const screen = screenOf(ready(typing), en, now, true)
  t.hasStrict(screen, { numbers: [], boxes: [{ digit: '' }, { digit: '' }], typed: 'Nothing typed yet', erase: 'Delete', confirm: 'Log in', incomplete: true, ask: 'Type the number on the login page' })
  t.match(screen.askHelp, /^The right number lets that device use your account\./)
  t.strictSame(screen.keys.flatMap(({ digits }) => digits.map(({ value }) => value)).join(''), '123456789')
  t.hasStrict(screenOf(ready(typing, false, '4'), zh, now, true), { boxes: [{ digit: '4' }, { digit: '' }], typed: '已输入 4', incomplete: true })
  t.hasStrict(screenOf(ready(typing, false, '47'), zh, now, true), { boxes: [{ digit: '4' }, { digit: '7' }], typed: '已输入 47', incomplete: false })
  t.hasStrict(screenOf({ kind: 'confirming', offer: typing, isFirst: false, typed: '47', isClaimed: true, number: '47' }, en, now, true), { boxes: [{ digit: '4' }, { digit: '7' }], busy: true, ask: 'Logging in…' })
})

await t.test('E11 screenOf: says that somebody may have tried to use the person when a number was wrong, and for how long nothing can be confirmed when there were too many', async (t) => {
  t.match(screenOf({ kind: 'wrong-number' }, en, now, true).help, /Somebody may have tried to have you confirm their login/)
  t.match(screenOf({ kind: 'wrong-number' }, zh, now, true).help, /可能有人想让你替他确认登录/)
  const lockedOut = (retryAfter: number, words = en): string => {
    const { line, help } = screenOf({ kind: 'locked-out', retryAfter }, words, now, true)
    return `${line}. ${help}`
  }
  t.match(lockedOut(600), /^Too many wrong numbers\. You can't confirm a login for 10\u00a0minutes\. Somebody may have tried to have you confirm theirs/)
  t.match(lockedOut(86_400), /for 24\u00a0hours\./)
  t.match(lockedOut(600, zh), /^数字输错了太多次\. 你的账号 10\u00a0分钟内不能确认登录。可能有人想让你替他确认登录/)
  const told = (retryAfter: number, words = en): string => screenOf({ kind: 'unavailable', code: 'rate-limited', retryAfter }, words, now, true).help
  t.strictSame([0, 1, 90, 91, 600, 601, 3600, 5400, 5401, 21_600, 86_400, 259_200].map((seconds) => /again in (.*)\./.exec(told(seconds))?.[1]), [
    '1 second', '1 second', '90 seconds', '2 minutes', '10 minutes', '11 minutes', '60 minutes', '90 minutes', '2 hours', '6 hours', '24 hours', '3 days',
  ])
  t.equal(told(600, zh), '操作太快了，过 10 分钟再试。')
  t.equal(screenOf({ kind: 'unavailable', code: 'no-answer', retryAfter: 5 }, en, now, true).help, en.failures['no-answer'])
})

await t.test('E12 screenOf: warns that somebody may have sent the code when this person\'s camera did not scan it, except on the same phone', async (t) => {
  const drawn = (isFromCamera: boolean, isSamePhone: boolean, words = en) => screenOf(ready({ ...offer, isSamePhone }), words, now, isFromCamera)
  for (const words of all) {
    t.strictSame(texts(drawn(false, false, words)), [words.notScanned, words.maybeSent, words.oddHelp])
    t.hasStrict(drawn(false, true, words), { warnings: [], note: words.samePhone })
  }
  for (const isSamePhone of [false, true]) t.hasStrict(drawn(true, isSamePhone), { warnings: [], note: '' })
  t.strictSame(texts(screenOf(ready({ ...offer, isOtherCountry: true }), en, now, false)), [en.notScanned, en.maybeSent, en.otherCountry, en.oddHelp])
})

await t.test('screenOf: sends the person back to the browser, for the number and after the login, when the login page is on this phone', async (t) => {
  const here: Offer = { ...offer, isSamePhone: true, isPhone: true }
  t.hasStrict(screenOf(ready(here), en, now, false), { ask: 'Switch to your browser for the number, then tap it here', askHelp: en.askHelp, isPhone: true })
  t.hasStrict(screenOf(ready({ ...here, match: 'type', choices: [] }), zh, now, false), { ask: '切回浏览器看数字，再回来输入' })
  t.equal(screenOf(done({ offer: here }), en, now, false).help, 'Switch back to your browser.')
  t.equal(screenOf(ready(here), en, now, true).ask, en.tapNumber, 'the camera has scanned another phone')
  t.equal(screenOf(done({ offer: here }), en, now, true).help, en.ends.done.help)
})

await t.test('screenOf: warns of no age, as pages renew their codes by themselves', async (t) => {
  t.hasStrict(screenOf(ready({ ...offer, createdAt: now - 170_000 }), en, now, true), { warnings: [], about: '2 minutes ago · Chrome 151 · Windows 11' })
})

await t.test('screenOf: says where browser and phone are when that is in different countries, also while it logs in', async (t) => {
  const asked: Offer = { ...offer, isOtherCountry: true, browser: { ...offer.browser, place: '美国 圣何塞', placeEn: 'San Jose, United States' }, phonePlace: '中国 深圳', phonePlaceEn: 'Shenzhen, China' }
  t.strictSame(texts(screenOf(ready(asked), zh, now, true)), ['那台设备在美国 圣何塞，你的手机在中国 深圳。', zh.oddHelp])
  t.strictSame(texts(screenOf({ kind: 'confirming', offer: asked, isFirst: false, typed: '', isClaimed: true, number: '47' }, en, now, true)), [
    'That device is in San Jose, United States. Your phone is in Shenzhen, China.',
  ])
  t.strictSame(texts(screenOf(ready({ ...asked, phonePlace: null, phonePlaceEn: null }), en, now, true)), [en.otherCountry, en.oddHelp])
})

await t.test('screenOf: asks first whether it is this person, and for the number only then, when something is odd', async (t) => {
  const odd: Offer = { ...offer, isOtherCountry: true, browser: { ...offer.browser, place: '美国', placeEn: 'United States' } }
  for (const asked of [odd, { ...odd, match: 'type', choices: [] }, { ...odd, match: 'off', choices: [] }] as const) {
    t.hasStrict(screenOf(ready(asked), en, now, true), { ask: 'Is it you logging in?', claim: "It's me", cancel: 'Not me', numbers: [], keys: [], confirm: '', isFar: true })
    const claimed = screenOf(ready(asked, false, '', true), en, now, true)
    t.hasStrict(claimed, { claim: '', cancel: 'Not me', isFar: true })
    t.ok(claimed.numbers.length === 3 || claimed.confirm !== '')
    t.strictSame(texts(claimed), texts(screenOf(ready(asked), en, now, true)).slice(0, 1), 'what is odd stays, what to do about it has been answered')
    t.equal(claimed.spoken, screenOf(ready(asked), en, now, true).spoken, 'nothing is announced again')
    t.strictSame(texts(screenOf(ready(asked, false, '', true), en, now, false)), [en.notScanned, en.otherCountry])
  }
  t.equal(screenOf(ready(offer), en, now, true).claim, '')
})

await t.test('screenOf: says what the site gets, before the first login only', async (t) => {
  for (const words of all) {
    t.hasStrict(screenOf(ready(offer, true), words, now, true), { siteGets: words.whatSiteGets, warnings: [], note: '' })
    t.equal(screenOf(ready(offer), words, now, true).siteGets, '')
  }
  t.hasStrict(screenOf(ready({ ...offer, isSamePhone: true }, true), en, now, false), { siteGets: en.whatSiteGets, note: en.samePhone })
})

await t.test('words: the buttons of the dialogs have at most four characters, the most that WeChat allows', async (t) => {
  for (const { signOutYes, blockYes, deleteYes, keep } of all) for (const text of [signOutYes, blockYes, deleteYes, keep]) t.ok(text.length <= 4, text)
})

await t.test('screenOf: says what a developer has to compare, with this mini program\'s AppID where WeChat tells it, when it doesn\'t belong to the site', async (t) => {
  const help = (words: typeof en, appId?: string): string => screenOf({ kind: 'foreign-app' }, words, now, true, appId).help
  t.equal(help(en, 'touristappid'), `${en.ends['foreign-app'].help}\nFor developers: this mini program's AppID (touristappid) and the service's WECHAT_APPID must be the same.`)
  t.equal(help(zh, 'wx0123'), `${zh.ends['foreign-app'].help}\n开发者请检查：这个小程序的 AppID（wx0123）和服务的 WECHAT_APPID 必须相同。`)
  t.match(help(en), /this mini program's AppID and the service's/)
})

await t.test('screenOf: disables the buttons and marks the number while a decision is sent', async (t) => {
  const screen = screenOf({ kind: 'confirming', offer, isFirst: true, typed: '', isClaimed: true, number: '47' }, en, now, true)
  t.hasStrict(screen, { busy: true, ask: 'Logging in…', askHelp: `${en.tapConsequence}\n${en.askHelp}`, siteGets: en.whatSiteGets }, 'nothing above the numbers disappears')
  t.strictSame(screen.numbers.filter(({ chosen }) => chosen).map(({ value }) => value), ['47'])
  t.hasStrict(screenOf({ kind: 'cancelling', offer, isFirst: false, typed: '', isClaimed: true }, zh, now, true), { busy: true, ask: '正在取消…' })
})

await t.test('screenOf: shows a line, a mark and actions when the approval has ended', async (t) => {
  const ends: Array<[View, string, string[]]> = [
    [done(), 'good', ['close', 'home']],
    [done({ offer, session: 's1' }), 'good', ['close', 'log-out', 'home']],
    [{ kind: 'logged-out' }, 'refused', ['close', 'home']],
    [{ kind: 'logged-out', site: 'https://shop.example' }, 'refused', ['close', 'home']],
    [{ kind: 'refused' }, 'refused', ['close', 'home']],
    [{ kind: 'cancelled' }, 'stopped', ['scan', 'home']],
    [{ kind: 'wrong-number' }, 'warning', ['scan', 'home']],
    [{ kind: 'expired' }, 'late', ['scan', 'home']],
    [{ kind: 'taken' }, 'warning', ['scan', 'home']],
    [{ kind: 'used' }, 'no-code', ['scan', 'home']],
    [{ kind: 'invalid-code' }, 'no-code', ['scan', 'home']],
    [{ kind: 'person-waiting', isNamed: false }, 'asked', ['retry', 'name', 'home']],
    [{ kind: 'person-waiting', isNamed: true }, 'asked', ['retry', 'home']],
    [{ kind: 'person-unknown' }, 'stranger', ['close', 'home']],
    [{ kind: 'person-blocked' }, 'kept-out', ['close', 'home']],
    [{ kind: 'blocked' }, 'warning', ['close']],
    [{ kind: 'foreign-app' }, 'warning', ['close']],
    [{ kind: 'wechat-too-old' }, 'old', ['update']],
    [{ kind: 'update-needed' }, 'old', ['update']],
    [{ kind: 'offline' }, 'offline', ['retry', 'home']],
    [{ kind: 'unavailable', code: 'store-unavailable' }, 'offline', ['retry', 'home']],
    [{ kind: 'locked-out', retryAfter: 600 }, 'warning', ['close', 'home']],
    [{ kind: 'unknown', code: 'no-answer', isEnding: false }, 'warning', ['retry', 'log-out', 'home']],
  ]
  for (const words of all) {
    for (const [view, mark, actions] of ends) {
      const screen = screenOf(view, words, now, true)
      t.hasStrict(screen, { kind: view.kind, mark, title: '', cancel: '', numbers: [] })
      t.equal(screen.arms, actions.includes('log-out') || view.kind === 'done', 'what decides something, or closes what can be decided')
      t.not(screen.line, '')
      t.not(screen.help, '')
      t.strictSame(screen.actions.map(({ name }) => name), actions)
    }
  }
  t.equal(screenOf({ kind: 'unavailable', code: 'rate-limited' }, en, now, true).help, en.failures['rate-limited'])
  for (const isFirst of [true, false]) {
    t.hasStrict(screenOf({ kind: 'loading', isFirst }, en, now, true), { loading: 'Opening…', line: '', title: '', actions: [], siteGets: isFirst ? en.whatSiteGets : '', askHelp: screenOf(ready(offer), en, now, true).askHelp, likely: { title: 'Log in to Example Notes in Chrome on Windows?', ask: en.tapNumber } })
  }
})

await t.test('screenOf: names the device that is logged in, and whose login can be ended, after the confirmation', async (t) => {
  const line = (words: typeof en, name: string, system: string): string => screenOf(done({ offer: { ...offer, browser: { ...offer.browser, name, system } } }), words, now, true).line
  t.strictSame([['Chrome', 'Windows'], ['Chrome', ''], ['', 'Windows'], ['', '']].map(([name = '', system = '']) => all.map((words) => line(words, name, system))), [
    ['Chrome · Windows 已登录「Acme」', 'Chrome · Windows 已登入「Acme」', 'Chrome on Windows is logged in to Acme'],
    ['Chrome 已登录「Acme」', 'Chrome 已登入「Acme」', 'Chrome is logged in to Acme'],
    ['Windows 已登录「Acme」', 'Windows 已登入「Acme」', 'Windows is logged in to Acme'],
    ['另一台设备已登录「Acme」', '另一台裝置已登入「Acme」', 'Another device is logged in to Acme'],
  ])
  const drawn = (more: object, words = en) => screenOf(done({ offer, session: 's1', ...more }), words, now, true)
  t.hasStrict(drawn({}), { address: { host: 'acme.example' }, busy: false, trouble: '', actions: [{ label: 'Done', style: 'button--strong' }, { label: 'Not me: log it out', style: 'refuse' }, { label: 'My logins', style: '' }] })
  t.hasStrict(drawn({ isEnding: true }), { busy: true, actions: [{}, { label: 'Logging out…' }, {}] })
  t.hasStrict(drawn({ failure: 'offline' }), { help: '', actions: [{ name: 'close', style: '' }, { name: 'log-out', style: 'button--strong' }, { name: 'home', style: '' }] }, 'the buttons stay in place')
  t.equal(drawn({ failure: 'offline' }).trouble, "That device may still be logged in.\nYou're offline. Try again once you are connected.")
  t.equal(screenOf({ kind: 'logged-out' }, en, now, true).actions[1]?.label, "See where you're logged in")
  const unknown = (more: object) => screenOf({ kind: 'unknown', code: 'no-answer', isEnding: false, ...more }, en, now, true)
  t.hasStrict(unknown({}), { line: "It isn't known whether that device is logged in", help: "The site doesn't answer. Please try again.", busy: false, actions: [{ label: 'Try again' }, { label: 'Not me: log it out' }, { label: 'My logins' }] })
  t.hasStrict(unknown({ code: 'rate-limited', retryAfter: 600, isEnding: true }), { help: 'That was a lot at once. Try again in 10 minutes.', busy: true, actions: [{}, { label: 'Logging out…' }, {}] })
  const elsewhere = (words: typeof en) => screenOf({ kind: 'logged-out', site: 'https://shop.example' }, words, now, true)
  t.hasStrict(elsewhere(en), { line: 'Logged out here', help: `shop.example may still keep that device logged in. Check there, too.\n${en.ends.refused.help}` })
  for (const words of all) t.match(elsewhere(words).help, /^shop\.example/)
  for (const words of all) t.equal(words.ends['logged-out'].help, words.ends.refused.help, 'a code that somebody sent is not to be scanned')
})
