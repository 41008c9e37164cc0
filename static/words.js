/** Owns every word of the pages, and which language a visitor reads. */

const zh = {
  lang: 'zh-CN',
  other: 'English',
  logInTo: '登录',
  sep: '，',
  making: '正在准备…',
  waiting: '用微信扫一扫登录',
  waitingHelp: '打开微信，点右上角 ＋，再点“扫一扫”',
  codeAlt: '用微信扫一扫的小程序码',
  scanned: '请在手机上点这个数字',
  scannedHelp: '手机上有三个数字，只点这一个',
  scannedPlain: '请在手机上确认登录',
  startOver: '换一个码重来',
  confirmed: '登录成功',
  confirmedHelp: '正在带你过去…',
  cancelled: '已取消，这是新的码',
  late: '时间到了，这是新的码',
  expired: '这个码已过期',
  renew: '点一下换新码',
  offline: '网络断开，恢复后自动继续',
  busy: '暂时连不上，正在自动重试',
  wechat: '暂时无法生成小程序码',
  crowded: '现在登录的人太多',
  'too-often': '这里的请求太频繁',
  unreachable: '暂时连不上服务',
  soon: '马上重试',
  later: '稍等片刻会自动重试',
  what: '这是什么？',
  whatTitle: '扫码登录是怎么回事',
  what1: '用手机上的微信扫码，就能在这里登录，不用密码。',
  what2: '只扫码不会登录，要你在手机上确认才算。',
  what3: '网站得不到你的微信号，也看不到你的聊天。',
  close: '知道了',
  me: '我的登录',
  nameless: '微信用户',
  loading: '正在查看…',
  loggedIn: '已登录',
  since: '登录时间',
  browser: '浏览器',
  unknownBrowser: '未知浏览器',
  until: '有效期至',
  logOut: '退出登录',
  loggedOut: '你没有登录',
  logIn: '去登录',
  stillIn: '没能退出，请再试一次',
}

/** @type {typeof zh} */
const en = {
  lang: 'en',
  other: '中文',
  logInTo: 'Log in to',
  sep: '; ',
  making: 'Getting your code…',
  waiting: 'Scan with WeChat to log in',
  waitingHelp: 'In WeChat, tap ＋ at the top right, then Scan',
  codeAlt: 'Mini program code to scan with WeChat',
  scanned: 'Tap this number on your phone',
  scannedHelp: 'Of the three there, tap only this one',
  scannedPlain: 'Confirm on your phone',
  startOver: 'Start over with a new code',
  confirmed: "You're in",
  confirmedHelp: 'Taking you there…',
  cancelled: 'Cancelled. Here is a new code',
  late: 'Time ran out. Here is a new code',
  expired: 'This code has run out',
  renew: 'Show a new code',
  offline: "You're offline; we'll carry on by ourselves",
  busy: "Can't connect right now; still trying",
  wechat: "Can't get a code right now",
  crowded: 'Many people are logging in',
  'too-often': 'Too many tries from here',
  unreachable: "Can't reach the service right now",
  soon: 'trying again',
  later: "we'll try again in a while",
  what: 'What is this?',
  whatTitle: 'How logging in by scan works',
  what1: 'Scan the code with WeChat on your phone to log in here, without a password.',
  what2: 'A scan alone does nothing: you confirm on your phone.',
  what3: 'The site learns neither your WeChat ID nor your chats.',
  close: 'Got it',
  me: 'Your login',
  nameless: 'WeChat user',
  loading: 'Looking…',
  loggedIn: "You're logged in",
  since: 'Since',
  browser: 'Browser',
  unknownBrowser: 'Unknown browser',
  until: 'Until',
  logOut: 'Log out',
  loggedOut: "You're not logged in",
  logIn: 'Log in',
  stillIn: "That didn't work; please try again",
}

/** @typedef {typeof zh} Words */
/** @typedef {'zh' | 'en'} Language */

/** @type {Record<Language, Words>} */
export const dictionaries = { zh, en }

/**
 * Chooses: what was chosen before, else the first of the visitor's languages that is spoken here, else English.
 * @param {string | null} remembered
 * @param {readonly string[]} wished as `navigator.languages` has them
 * @returns {Language}
 */
export const languageFor = (remembered, wished) => {
  const found = [remembered ?? '', ...wished].map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'zh' || tag === 'en')
  return found === 'zh' ? 'zh' : 'en'
}

/**
 * What a view says: one line to do or to know, and one small line of help.
 * @param {import('./login-screen.js').View} view
 * @param {Words} words
 * @returns {{ line: string, help: string }}
 */
export const sayView = (view, words) => {
  switch (view.name) {
    case 'waiting':
    case 'cancelled':
    case 'late': return { line: words[view.name], help: words.waitingHelp }
    case 'scanned': return view.number === null ? { line: words.scannedPlain, help: '' } : { line: words.scanned, help: words.scannedHelp }
    case 'confirmed': return { line: words.confirmed, help: words.confirmedHelp }
    case 'no-code': return { line: `${words[view.why]}${words.sep}${view.retryMs > 15_000 ? words.later : words.soon}`, help: '' }
    default: return { line: words[view.name], help: '' }
  }
}
