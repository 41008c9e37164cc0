/** Texts about the sample websites, for the demo's window, its start and their pages. The element's website, which owners copy, has its own. */
import { isTraditionalChinese } from '../../../miniprogram/utils/language.ts'

/** The ways into a website. */
export type SiteKind = 'element' | 'proxy' | 'openid'

const zh = {
  title: '接入你的网站',
  note: '示例网站，一种接入方式一个。打开一个，用手机扫网页上的码。',
  openInTab: '在新标签页打开',
  readme: 'README：接入你的网站',
  ways: {
    element: { title: '登录元素', what: '网页里放一个元素，后端验证令牌，会话由网站自己保存。' },
    proxy: { title: '前面加反向代理', what: '程序一行不改：每个请求都由反向代理先问清楚，是谁在访问。' },
    openid: { title: 'OpenID Connect', what: '给支持 OpenID Connect 的程序：填好地址、ID 和密钥就行。' },
  },
  proxy: {
    title: '放在反向代理后面的程序',
    lead: '代理在请求里写明了是谁：',
    how: '放到你的程序前面：让反向代理在每个请求之前先调用 /api/forward-auth。',
  },
  openid: {
    title: '用 OpenID Connect 登录的程序',
    lead: '令牌里写明了是谁：',
    how: '接入你的程序：用 npm run clients 登记一下，把打印出来的内容填进程序的设置。',
    logIn: '用微信登录',
    failed: '没有登录成功，请再试一次。',
  },
  logOut: '退出登录',
}

export type SiteWords = typeof zh

const zhHant: SiteWords = {
  title: '接入你的網站',
  note: '範例網站，一種接入方式一個。打開一個，用手機掃網頁上的碼。',
  openInTab: '在新分頁打開',
  readme: 'README：接入你的網站（簡體中文）',
  ways: {
    element: { title: '登入元素', what: '網頁裡放一個元素，後端驗證權杖，工作階段由網站自己保存。' },
    proxy: { title: '前面加反向代理', what: '程式一行不改：每個請求都由反向代理先問清楚，是誰在造訪。' },
    openid: { title: 'OpenID Connect', what: '給支援 OpenID Connect 的程式：填好網址、ID 和密鑰就行。' },
  },
  proxy: {
    title: '放在反向代理後面的程式',
    lead: '代理在請求裡寫明了是誰：',
    how: '放到你的程式前面：讓反向代理在每個請求之前先呼叫 /api/forward-auth。',
  },
  openid: {
    title: '用 OpenID Connect 登入的程式',
    lead: '權杖裡寫明了是誰：',
    how: '接入你的程式：用 npm run clients 登記一下，把印出來的內容填進程式的設定。',
    logIn: '用微信登入',
    failed: '沒有登入成功，請再試一次。',
  },
  logOut: '登出',
}

const en: SiteWords = {
  title: 'Into your website',
  note: 'Sample websites, one for each way in. Open one, and scan its code with the phone.',
  openInTab: 'Open in a new tab',
  readme: 'README: Into your website',
  ways: {
    element: { title: 'The element', what: 'An element in the page. The backend verifies the token and keeps a session of its own.' },
    proxy: { title: 'A proxy in front', what: 'The app stays as it is. Before each request, the proxy asks who it is.' },
    openid: { title: 'OpenID Connect', what: 'For an app that knows OpenID Connect. It needs an address, an id and a secret.' },
  },
  proxy: {
    title: 'An app behind a proxy',
    lead: 'The proxy has said in the request who this is:',
    how: 'In front of your app: have your reverse proxy call /api/forward-auth before each request.',
  },
  openid: {
    title: 'An app that logs in by OpenID Connect',
    lead: 'The token has said who this is:',
    how: 'In your app: register it with npm run clients, and paste what that prints into its settings.',
    logIn: 'Log in with WeChat',
    failed: 'You are not logged in. Please try again.',
  },
  logOut: 'Log out',
}

export const siteLanguages = { 'zh-CN': zh, 'zh-Hant': zhHant, en } as const
export type SiteLanguage = keyof typeof siteLanguages

/** The language for a language tag, or for the value of `Accept-Language`, which begins with the most wanted one. */
export const siteLanguageOf = (tag: string): SiteLanguage => {
  const [first = ''] = tag.split(/[,;]/)
  if (!/^zh\b/i.test(first)) return 'en'
  return isTraditionalChinese(first) ? 'zh-Hant' : 'zh-CN'
}

/** The README that has the section, relative to the demo. Traditional Chinese has none of its own. */
export const siteReadmeOf = (language: SiteLanguage): string => language === 'en' ? 'README.md' : 'README.zh-CN.md'
