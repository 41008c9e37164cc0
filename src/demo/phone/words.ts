/** Texts of the demo's window and the phone, in Chinese of both scripts and in English. The mini program has its own. */
import { isTraditionalChinese } from '../../../miniprogram/utils/language.ts'
import { firstPeople } from '../first-people.ts'
import { siteName } from '../site-name.ts'
import { siteLanguages } from '../sites/words.ts'

/** REGISTRATION of the service. */
export type Registration = 'open' | 'approval' | 'closed'

const zh = {
  title: 'scan-login 演示',
  /** What to do first, by who may come in; by the owner's name. */
  leadOf: {
    open: (_owner: string) => '网站在电脑上，微信在手机上。先在手机上点「扫一扫」。',
    approval: (owner: string) => `加一部手机扫码，再到${owner}（管理员）的手机上打开「扫码登录」，点「同意」。`,
    closed: (owner: string) => `只有名单里的人能登录，比如管理员${owner}。加一部手机扫码，看看结果。`,
  },
  lead: {
    scanned: '手机在问是不是你：点网站上显示的那个数字。',
    confirmed: '手机答了「是」，网站马上进入。',
    'logged-in': '登录成功。在手机的「我的登录」里随时可以退出。',
  },
  siteName: '小岛笔记',
  website: '网站',
  addressBar: '地址栏',
  steps: '登录的三步',
  stepScan: '扫一扫',
  stepNumber: '点相同的数字',
  stepDone: '登录',
  stepIsDone: '，已完成',
  registration: '谁可以登录',
  registrationOpen: '谁都能登录',
  registrationApproval: '要管理员同意',
  registrationClosed: '只限名单里的人',
  startOver: '重新开始',
  addPhone: '加手机',
  trySecondPhone: '试试：另一部手机抢着扫',
  tryPhishing: '试试：钓鱼',
  yourSite: siteLanguages['zh-CN'].title,
  sitesNote: siteLanguages['zh-CN'].note,
  phoneOf: (person: string) => `${person}的手机`,
  people: [firstPeople.zh, '小红', '阿杰', '小雨', 'Robin', '小林'],

  secondPhoneStarts: (first: string, second: string) => `${first}和${second}的手机同时扫这个码，${second}快一步…`,
  secondPhoneTaken: (first: string, second: string) => `一个码只认第一部手机。${first}的手机被拒绝，只有${second}能点数字。`,

  scammersComputer: '骗子的电脑 · 在美国',
  phishingStarts: '骗子打开登录页，正在把码发到手机上…',
  phishingSent: (person: string) => `骗子在美国打开登录页，把码当成「礼物」发给${person}。在手机上识别图片，看手机怎么说。`,
  phishingAsked: '看手机的提醒：码来自图片，那台电脑在美国。点「不是我」，骗子什么也得不到。',
  phishingRefused: (person: string) => `拒绝了。骗子只得到一个没用的新码，进不了${person}的账号。`,
  phishingSucceeded: (person: string) => `骗子进了${person}的账号。还来得及：在手机上点「不是我，马上退出」。`,
  phishingUndone: '退出了。骗子的电脑上已经没有登录。',

  quickSettings: '快捷设置',
  flightMode: '飞行模式',
  dark: '深色',
  largeText: '大字号',
  clockFast: '时间快一小时',
  home: '回到桌面',
  homeScreen: '桌面',

  wechat: '微信',
  wechatSign: '微',
  scan: '扫一扫',
  recentlyUsed: '最近使用',
  miniProgram: '扫码登录',
  miniProgramSign: '扫',
  more: '更多',
  reenter: '重新进入小程序',
  cancel: '取消',
  close: '关闭',
  back: '返回',

  chat: '新朋友',
  chatSign: '新',
  chatText: '恭喜！你抽中了免费礼物，识别下面的码就能领：',
  chatPicture: '图片，里面有一个码',
  recognise: '识别图中的码',

  camera: '扫一扫',
  viewfinder: '取景框',
  searching: '正在找码…',
  found: '扫到了',
  noCode: '没有看到码',
  wrongCode: '这不是小程序码',
  noPicture: '这个文件不是图片',
  pasteOrDrop: '把码的截图粘贴或拖到这里',
  noWebsite: '旁边没有网站，相机看不到码',
  choosePicture: '选一张图片',
  scanAgain: '再扫一次',
}

export type DemoWords = typeof zh

const zhHant: DemoWords = {
  title: 'scan-login 示範',
  leadOf: {
    open: () => '網站在電腦上，微信在手機上。先在手機上點「掃一掃」。',
    approval: (owner) => `加一支手機掃碼，再到${owner}（管理員）的手機上打開「掃碼登入」，點「同意」。`,
    closed: (owner) => `只有名單裡的人能登入，例如管理員${owner}。加一支手機掃碼，看看結果。`,
  },
  lead: {
    scanned: '手機在問是不是你：點網站上顯示的那個數字。',
    confirmed: '手機答了「是」，網站馬上進入。',
    'logged-in': '登入成功。在手機的「我的登入」裡隨時可以登出。',
  },
  siteName: '小島筆記',
  website: '網站',
  addressBar: '網址列',
  steps: '登入的三個步驟',
  stepScan: '掃一掃',
  stepNumber: '點相同的數字',
  stepDone: '登入',
  stepIsDone: '，已完成',
  registration: '誰可以登入',
  registrationOpen: '誰都能登入',
  registrationApproval: '要管理員同意',
  registrationClosed: '只限名單裡的人',
  startOver: '重新開始',
  addPhone: '加手機',
  trySecondPhone: '試試：另一支手機搶著掃',
  tryPhishing: '試試：釣魚',
  yourSite: siteLanguages['zh-Hant'].title,
  sitesNote: siteLanguages['zh-Hant'].note,
  phoneOf: (person) => `${person}的手機`,
  people: [firstPeople.zh, '小紅', '阿傑', '小雨', 'Robin', '小林'],

  secondPhoneStarts: (first, second) => `${first}和${second}的手機同時掃這個碼，${second}快一步…`,
  secondPhoneTaken: (first, second) => `一個碼只認第一支手機。${first}的手機被拒絕，只有${second}能點數字。`,

  scammersComputer: '騙子的電腦 · 在美國',
  phishingStarts: '騙子打開登入頁，正在把碼傳到手機上…',
  phishingSent: (person) => `騙子在美國打開登入頁，把碼當成「禮物」傳給${person}。在手機上辨識圖片，看手機怎麼說。`,
  phishingAsked: '看手機的提醒：碼來自圖片，那台電腦在美國。點「不是我」，騙子什麼也得不到。',
  phishingRefused: (person) => `拒絕了。騙子只得到一個沒用的新碼，進不了${person}的帳號。`,
  phishingSucceeded: (person) => `騙子進了${person}的帳號。還來得及：在手機上點「不是我，馬上登出」。`,
  phishingUndone: '登出了。騙子的電腦上已經沒有登入。',

  quickSettings: '快速設定',
  flightMode: '飛航模式',
  dark: '深色',
  largeText: '大字體',
  clockFast: '時間快一小時',
  home: '回到主畫面',
  homeScreen: '主畫面',

  wechat: '微信',
  wechatSign: '微',
  scan: '掃一掃',
  recentlyUsed: '最近使用',
  miniProgram: '掃碼登入',
  miniProgramSign: '掃',
  more: '更多',
  reenter: '重新進入小程式',
  cancel: '取消',
  close: '關閉',
  back: '返回',

  chat: '新朋友',
  chatSign: '新',
  chatText: '恭喜！你抽中了免費禮物，辨識下面的碼就能領：',
  chatPicture: '圖片，裡面有一個碼',
  recognise: '辨識圖中的碼',

  camera: '掃一掃',
  viewfinder: '觀景窗',
  searching: '正在找碼…',
  found: '掃到了',
  noCode: '沒有看到碼',
  wrongCode: '這不是小程式碼',
  noPicture: '這個檔案不是圖片',
  pasteOrDrop: '把碼的截圖貼上或拖到這裡',
  noWebsite: '旁邊沒有網站，相機看不到碼',
  choosePicture: '選一張圖片',
  scanAgain: '再掃一次',
}

const en: DemoWords = {
  title: 'scan-login demo',
  leadOf: {
    open: () => 'The website is on a computer, WeChat on a phone. Tap Scan on the phone to begin.',
    approval: (owner) => `Add a phone and scan with it. Then open "Scan login" on the phone of ${owner}, the owner.`,
    closed: (owner) => `Only people the site knows may come in, like its owner ${owner}. Add a phone and scan with it.`,
  },
  lead: {
    scanned: 'The phone asks whether it is you. Tap the number that the website shows.',
    confirmed: 'The phone said yes. The website goes on.',
    'logged-in': 'You\'re logged in. "My logins" on the phone can log this browser out.',
  },
  siteName,
  website: 'The website',
  addressBar: 'Address bar',
  steps: 'The three steps of a login',
  stepScan: 'Scan',
  stepNumber: 'Tap the same number',
  stepDone: 'Logged in',
  stepIsDone: ', done',
  registration: 'Who may come in',
  registrationOpen: 'Open to all',
  registrationApproval: 'On approval',
  registrationClosed: 'Known people',
  startOver: 'Start over',
  addPhone: 'Add a phone',
  trySecondPhone: 'Try: a second phone scans first',
  tryPhishing: 'Try: phishing',
  yourSite: siteLanguages.en.title,
  sitesNote: siteLanguages.en.note,
  phoneOf: (person) => `${person}'s phone`,
  people: [firstPeople.en, 'Mei', 'Sam', 'Robin', '小雨', 'Kim'],

  secondPhoneStarts: (first, second) => `${first} and ${second} scan this code at once. ${second} is faster…`,
  secondPhoneTaken: (first, second) => `A code is for the first phone only. ${first}'s phone is refused, and only ${second} can tap the number.`,

  scammersComputer: "A scammer's computer · US",
  phishingStarts: 'A scammer opens the login page and sends its code to the phone…',
  phishingSent: (person) => `A scammer in the United States opened the login page and sent ${person} its code as a "gift". Scan the picture on the phone, and see what it says.`,
  phishingAsked: 'The code came as a picture, and that computer is in the US. Tap "Not me" and the scammer gets nothing.',
  phishingRefused: (person) => `Refused. The scammer only has a new code, which is no use, and isn't in ${person}'s account.`,
  phishingSucceeded: (person) => `The scammer is in ${person}'s account. It isn't too late: tap "Not me: log it out" on the phone.`,
  phishingUndone: "Logged out. The scammer's computer has no login any more.",

  quickSettings: 'Quick settings',
  flightMode: 'Flight mode',
  dark: 'Dark',
  largeText: 'Large text',
  clockFast: 'Clock an hour fast',
  home: 'Home',
  homeScreen: 'Home screen',

  wechat: 'WeChat',
  wechatSign: 'W',
  scan: 'Scan',
  recentlyUsed: 'Recently used',
  miniProgram: 'Scan login',
  miniProgramSign: 'S',
  more: 'More',
  reenter: 'Reenter mini program',
  cancel: 'Cancel',
  close: 'Close',
  back: 'Back',

  chat: 'A new friend',
  chatSign: 'N',
  chatText: "Congratulations! You've won a free gift. Scan this code to get it:",
  chatPicture: 'A picture with a code',
  recognise: 'Scan code in picture',

  camera: 'Scanner',
  viewfinder: 'Viewfinder',
  searching: 'Looking for a code…',
  found: 'Got it',
  noCode: 'No code in view',
  wrongCode: "That isn't a mini-program code",
  noPicture: "That file isn't a picture",
  pasteOrDrop: 'Paste or drop a screenshot of the code here',
  noWebsite: 'No website beside this phone to scan',
  choosePicture: 'Choose a picture',
  scanAgain: 'Scan again',
}

/** The language in the address (`?lang=en`), else the browser's. */
export const languageOf = (search: string): string => new URLSearchParams(search).get('lang') ?? navigator.language

const isChinese = (language: string): boolean => /^zh/i.test(language)

export const htmlLanguageOf = (language: string): string => {
  if (!isChinese(language)) return 'en'
  return isTraditionalChinese(language) ? 'zh-Hant' : 'zh-CN'
}

/** The phone's language, as WeChat names it. */
export const wechatLanguageOf = (language: string): string => {
  if (!isChinese(language)) return 'en'
  return isTraditionalChinese(language) ? 'zh_TW' : 'zh_CN'
}

export const demoWordsFor = (language: string): DemoWords => {
  if (!isChinese(language)) return en
  return isTraditionalChinese(language) ? zhHant : zh
}
