/** Owns every word of the element and the pages. Which language a visitor reads is chosen in language.js. */

const zh = {
  lang: 'zh-CN',
  own: '简体中文',
  language: '语言',
  logInTo: '登录',
  sep: '，',
  making: '正在准备…',
  waiting: '用微信扫一扫登录',
  waitingHelp: '打开微信，点右上角 ＋，再点“扫一扫”',
  waitingInWechat: '长按小程序码登录',
  waitingInWechatHelp: '长按后按提示打开小程序；要用的数字会显示在这里',
  waitingOnPhone: '保存图片，再用微信扫它',
  waitingOnPhoneHelp: '微信“扫一扫”→ 相册，选这张图片；要用的数字会显示在这里',
  save: '保存图片',
  picture: '微信登录码',
  openWechat: '打开微信',
  codeAlt: '用微信扫一扫的小程序码',
  scanned: '请在手机上点选或输入这个数字',
  scannedHelp: '只能是这一个，别的都不行',
  scannedHere: '记住这个数字，回微信里点选或输入',
  scannedPlain: '请在手机上确认登录',
  scannedPlainHere: '请回微信里确认登录',
  startOver: '换一个码重来',
  confirmed: '登录成功',
  another: '即将登录的是',
  anotherHelp: '这个浏览器上次登录的是另一个人。编号：',
  goOn: '是我，继续',
  notMe: '不是我',
  'logging-in': '正在登录…',
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
  own: 'English',
  language: 'Language',
  logInTo: 'Log in to',
  sep: '; ',
  making: 'Getting your code…',
  waiting: 'Scan with WeChat to log in',
  waitingHelp: 'In WeChat, tap ＋ at the top right, then Scan',
  waitingInWechat: 'Press and hold the code to log in',
  waitingInWechatHelp: 'Then follow WeChat; the number you need shows here',
  waitingOnPhone: 'Save the picture, then scan it in WeChat',
  waitingOnPhoneHelp: 'In WeChat: Scan, Album, this picture; the number shows here',
  save: 'Save picture',
  picture: 'WeChat login code',
  openWechat: 'Open WeChat',
  codeAlt: 'Mini program code to scan with WeChat',
  scanned: 'Tap or type this number on your phone',
  scannedHelp: 'Exactly this one, no other',
  scannedHere: 'Remember this number, then tap or type it in WeChat',
  scannedPlain: 'Confirm on your phone',
  scannedPlainHere: 'Go back to WeChat to confirm',
  startOver: 'Start over with a new code',
  confirmed: "You're in",
  another: "You'll be logged in as ",
  anotherHelp: 'Somebody else was logged in here before. Id: ',
  goOn: "That's me, go on",
  notMe: 'Not me',
  'logging-in': 'Logging you in…',
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

/** @type {typeof zh} */
const zhHant = {
  lang: 'zh-Hant',
  own: '繁體中文',
  language: '語言',
  logInTo: '登入',
  sep: '，',
  making: '正在準備…',
  waiting: '用微信掃一掃登入',
  waitingHelp: '打開微信，點右上角 ＋，再點「掃一掃」',
  waitingInWechat: '長按小程式碼登入',
  waitingInWechatHelp: '長按後按提示打開小程式；要用的數字會顯示在這裡',
  waitingOnPhone: '儲存圖片，再用微信掃它',
  waitingOnPhoneHelp: '微信「掃一掃」→ 相簿，選這張圖片；要用的數字會顯示在這裡',
  save: '儲存圖片',
  picture: '微信登入碼',
  openWechat: '打開微信',
  codeAlt: '用微信掃一掃的小程式碼',
  scanned: '請在手機上點選或輸入這個數字',
  scannedHelp: '只能是這一個，別的都不行',
  scannedHere: '記住這個數字，回微信裡點選或輸入',
  scannedPlain: '請在手機上確認登入',
  scannedPlainHere: '請回微信裡確認登入',
  startOver: '換一個碼重來',
  confirmed: '登入成功',
  another: '即將登入的是',
  anotherHelp: '這個瀏覽器上次登入的是另一個人。編號：',
  goOn: '是我，繼續',
  notMe: '不是我',
  'logging-in': '正在登入…',
  cancelled: '已取消，這是新的碼',
  late: '時間到了，這是新的碼',
  expired: '這個碼已過期',
  renew: '點一下換新碼',
  offline: '網路斷開，恢復後自動繼續',
  busy: '暫時連不上，正在自動重試',
  wechat: '暫時無法產生小程式碼',
  crowded: '現在登入的人太多',
  'too-often': '這裡的請求太頻繁',
  unreachable: '暫時連不上服務',
  soon: '馬上重試',
  later: '稍等片刻會自動重試',
  what: '這是什麼？',
  whatTitle: '掃碼登入是怎麼回事',
  what1: '用手機上的微信掃碼，就能在這裡登入，不用密碼。',
  what2: '只掃碼不會登入，要你在手機上確認才算。',
  what3: '網站得不到你的微信號，也看不到你的聊天。',
  close: '知道了',
  me: '我的登入',
  nameless: '微信使用者',
  loading: '正在查看…',
  loggedIn: '已登入',
  since: '登入時間',
  browser: '瀏覽器',
  unknownBrowser: '未知瀏覽器',
  until: '有效期至',
  logOut: '登出',
  loggedOut: '你沒有登入',
  logIn: '去登入',
  stillIn: '沒能登出，請再試一次',
}

/** @typedef {typeof zh} Words */
/** @typedef {'zh' | 'zh-Hant' | 'en'} Language */

/** @type {Record<Language, Words>} */
export const dictionaries = { zh, 'zh-Hant': zhHant, en }

/**
 * What a view says: one line to do or to know, and one small line of help.
 * @param {import('./login-screen.js').View} view
 * @param {Words} words
 * @param {import('./device.js').Device} device where the page stands
 * @returns {{ line: string, help: string }}
 */
export const sayView = (view, words, device) => {
  switch (view.name) {
    case 'waiting': return { line: words[waitingOn[device]], help: words[`${waitingOn[device]}Help`] }
    case 'cancelled':
    case 'late': return { line: words[view.name], help: words[`${waitingOn[device]}Help`] }
    case 'scanned': {
      const isHere = device !== 'computer'
      if (view.number === null) return { line: isHere ? words.scannedPlainHere : words.scannedPlain, help: '' }
      return { line: isHere ? words.scannedHere : words.scanned, help: words.scannedHelp }
    }
    // The start of the id, as the phone shows it: a name can be anybody's.
    case 'another': return { line: `${words.another}${view.user.name ?? words.nameless}`, help: `${words.anotherHelp}${view.user.sub.slice(0, 8)}` }
    case 'no-code': return { line: `${words[view.why]}${words.sep}${view.retryMs > 15_000 ? words.later : words.soon}`, help: '' }
    default: return { line: words[view.name], help: '' }
  }
}

const waitingOn = /** @type {const} */ ({ computer: 'waiting', wechat: 'waitingInWechat', phone: 'waitingOnPhone' })
