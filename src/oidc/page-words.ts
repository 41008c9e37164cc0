/** What the provider's pages say, in three languages. `{app}` is the name of the app that people log in to; where it isn't known, the text without it is taken. */
import type { Language } from '../../static/scan-login/words.js'

/** Why a login can't go on. */
export type StopKind = 'late' | 'cookies' | 'gone' | 'not-admitted' | 'set-up' | 'failed' | 'logout'

/** What is wrong with the code that somebody has typed. */
export type CodeFault = 'unknown' | 'expired' | 'used' | 'stale' | 'failed'

interface Texts { readonly line: string, readonly help: string }

export interface PageWords {
  readonly logout: Texts & { readonly helpFor: string, readonly logOut: string, readonly stay: string }
  readonly loggedOut: Texts & { readonly logIn: string }
  readonly stayed: Texts & { readonly back: string }
  readonly stops: Readonly<Record<StopKind, Texts>>
  readonly startAgain: string
  readonly goToLogout: string
  readonly forOwner: string
  readonly code: Texts & { readonly label: string, readonly warning: string, readonly goOn: string }
  readonly codeFaults: Readonly<Record<CodeFault, string>>
  readonly device: {
    readonly line: string
    readonly compare: string
    readonly app: string
    readonly device: string
    readonly place: string
    readonly unknown: string
    readonly warning: string
    readonly allow: string
    readonly notMe: string
  }
  readonly deviceDone: Texts
  readonly deviceRefused: Texts
  readonly deviceNotAdmitted: Texts
}

const zh: PageWords = {
  logout: {
    line: '退出登录？',
    help: '这个浏览器会全部退出。',
    helpFor: '「{app}」请求退出登录。这个浏览器会全部退出，不只是这个应用。',
    logOut: '退出登录',
    stay: '保持登录',
  },
  loggedOut: { line: '已退出登录', help: '这个浏览器已全部退出，可以关掉这个网页了。', logIn: '重新登录' },
  stayed: { line: '你仍在登录状态', help: '这里没有退出。', back: '回到「{app}」' },
  stops: {
    late: { line: '登录超时', help: '「{app}」只等这么久。请回去重新开始，多半不用再扫码。' },
    cookies: { line: '登录不能在这里继续', help: '登录是在另一个浏览器里开始的，或者这个浏览器不保存\u00a0Cookie。请允许\u00a0Cookie，再从应用重新开始。' },
    gone: { line: '这次登录已失效', help: '请回到应用，从那里重新登录。' },
    'not-admitted': { line: '你不能登录这个应用', help: '网站管理员还没有允许你。' },
    'set-up': { line: '这个应用的登录没有设置好', help: '请把下面这行字发给网站管理员。' },
    failed: { line: '没有成功', help: '不是你的问题，请稍后再试。' },
    logout: { line: '没有退出成功', help: '应用的请求有误。如果你还在登录状态，可以在这里退出。' },
  },
  startAgain: '回「{app}」重新开始',
  goToLogout: '查看登录状态',
  forOwner: '给管理员看的：',
  code: { line: '让设备登录', help: '输入设备上显示的代码', label: '设备上的代码', warning: '只输入你面前的设备上的代码。别人发来的，不要输入。', goOn: '继续' },
  codeFaults: {
    unknown: '没有这个代码。请对照设备，再输一次。',
    expired: '代码已过期。请在设备上换一个新的。',
    used: '代码已经用过。请在设备上换一个新的。',
    stale: '网页打开太久了。请再输一次。',
    failed: '没有成功。请在设备上换一个新的代码。',
  },
  device: {
    line: '让设备登录「{app}」？',
    compare: '核对：设备上显示的也是这个代码',
    app: '应用',
    device: '设备',
    place: '位置',
    unknown: '未知',
    warning: '代码是别人发来的？点「不是我」，否则那个人会进入你的账号。',
    allow: '代码一样，允许登录',
    notMe: '不是我',
  },
  deviceDone: { line: '设备已登录', help: '回到设备上继续，可以关掉这个网页了。' },
  deviceRefused: { line: '已拒绝，设备没有登录', help: '别人发来的代码，不要输入。' },
  deviceNotAdmitted: { line: '你不能登录这个应用', help: '网站管理员还没有允许你。设备没有登录。' },
}

const zhHant: PageWords = {
  logout: {
    line: '要登出嗎？',
    help: '這個瀏覽器會全部登出。',
    helpFor: '「{app}」請求登出。這個瀏覽器會全部登出，不只是這個應用程式。',
    logOut: '登出',
    stay: '保持登入',
  },
  loggedOut: { line: '已登出', help: '這個瀏覽器已全部登出，可以關掉這個網頁了。', logIn: '重新登入' },
  stayed: { line: '你仍在登入狀態', help: '這裡沒有登出。', back: '回到「{app}」' },
  stops: {
    late: { line: '登入逾時', help: '「{app}」只等這麼久。請回去重新開始，多半不用再掃碼。' },
    cookies: { line: '登入不能在這裡繼續', help: '登入是在另一個瀏覽器裡開始的，或者這個瀏覽器不儲存\u00a0Cookie。請允許\u00a0Cookie，再從應用程式重新開始。' },
    gone: { line: '這次登入已失效', help: '請回到應用程式，從那裡重新登入。' },
    'not-admitted': { line: '你不能登入這個應用程式', help: '網站管理員還沒有允許你。' },
    'set-up': { line: '這個應用程式的登入沒有設定好', help: '請把下面這行字傳給網站管理員。' },
    failed: { line: '沒有成功', help: '不是你的問題，請稍後再試。' },
    logout: { line: '沒有登出成功', help: '應用程式的請求有誤。如果你還在登入狀態，可以在這裡登出。' },
  },
  startAgain: '回「{app}」重新開始',
  goToLogout: '查看登入狀態',
  forOwner: '給管理員看的：',
  code: { line: '讓裝置登入', help: '輸入裝置上顯示的代碼', label: '裝置上的代碼', warning: '只輸入你面前的裝置上的代碼。別人傳來的，不要輸入。', goOn: '繼續' },
  codeFaults: {
    unknown: '沒有這個代碼。請對照裝置，再輸入一次。',
    expired: '代碼已過期。請在裝置上換一個新的。',
    used: '代碼已經用過。請在裝置上換一個新的。',
    stale: '網頁開太久了。請再輸入一次。',
    failed: '沒有成功。請在裝置上換一個新的代碼。',
  },
  device: {
    line: '讓裝置登入「{app}」？',
    compare: '核對：裝置上顯示的也是這個代碼',
    app: '應用程式',
    device: '裝置',
    place: '位置',
    unknown: '未知',
    warning: '代碼是別人傳來的？點「不是我」，否則那個人會進入你的帳號。',
    allow: '代碼一樣，允許登入',
    notMe: '不是我',
  },
  deviceDone: { line: '裝置已登入', help: '回到裝置上繼續，可以關掉這個網頁了。' },
  deviceRefused: { line: '已拒絕，裝置沒有登入', help: '別人傳來的代碼，不要輸入。' },
  deviceNotAdmitted: { line: '你不能登入這個應用程式', help: '網站管理員還沒有允許你。裝置沒有登入。' },
}

const en: PageWords = {
  logout: {
    line: 'Log out?',
    help: 'This logs this browser out everywhere.',
    helpFor: '{app} asks for it. This logs this browser out everywhere, not only there.',
    logOut: 'Log out',
    stay: 'Stay logged in',
  },
  loggedOut: { line: "You've logged out", help: 'This browser is logged out everywhere. You can close this page.', logIn: 'Log in again' },
  stayed: { line: "You're still logged in", help: 'Nothing was logged out here.', back: 'Back to {app}' },
  stops: {
    late: { line: 'That took too long', help: '{app} has stopped waiting. Start again there: you rarely have to scan again.' },
    cookies: { line: "This login can't go on here", help: 'It began in another browser, or this one blocks cookies. Allow cookies, then start again at the app.' },
    gone: { line: 'This login has ended', help: 'Go back to the app, and log in from there.' },
    'not-admitted': { line: "You can't log in to this app", help: "The owner of the site hasn't let you in." },
    'set-up': { line: "The login of this app isn't set up right", help: 'Please send the line below to the owner of the site.' },
    failed: { line: "That didn't work", help: "It isn't your fault. Please try again soon." },
    logout: { line: "That didn't log you out", help: 'The app asked in a wrong way. If you are still logged in, you can log out here.' },
  },
  startAgain: 'Start again at {app}',
  goToLogout: 'See your login',
  forOwner: 'For the owner: ',
  code: { line: 'Log a device in', help: 'Enter the code that the device shows', label: 'Code on the device', warning: 'Only enter a code from a device in front of you. Never one that somebody sent you.', goOn: 'Continue' },
  codeFaults: {
    unknown: 'There is no such code. Compare it with the device and try again.',
    expired: 'This code has expired. Get a new one on the device.',
    used: 'This code has been used. Get a new one on the device.',
    stale: 'This page was open for too long. Enter the code again.',
    failed: "That didn't work. Get a new code on the device.",
  },
  device: {
    line: 'Log a device in to {app}?',
    compare: 'Check that the device shows this code',
    app: 'App',
    device: 'Device',
    place: 'Place',
    unknown: 'Unknown',
    warning: 'Did somebody send you this code? Choose "Not me", or they get into your account.',
    allow: 'Same code, log it in',
    notMe: 'Not me',
  },
  deviceDone: { line: 'The device is logged in', help: 'Go on at the device. You can close this page.' },
  deviceRefused: { line: "Refused. The device isn't logged in", help: 'Never enter a code that somebody sent you.' },
  deviceNotAdmitted: { line: "You can't log in to this app", help: "The owner of the site hasn't let you in. The device isn't logged in." },
}

export const pageWords: Readonly<Record<Language, PageWords>> = { zh, 'zh-Hant': zhHant, en }

/** Puts an app's name into a text. */
export const withApp = (text: string, app: string): string => text.replaceAll('{app}', () => app)
