/** What the page of a refusal says, in three languages: what happened, and what to do. */
import type { Language } from '../../static/scan-login/words.js'
import { problemTypes, type ProblemCode } from '../errors.ts'

type Kind = 'ended' | 'wechat' | 'too-often' | 'no-page' | 'logged-out' | 'no-access' | 'refused' | 'failed'

const kinds: Partial<Record<ProblemCode, Kind>> = {
  'ticket-not-found': 'ended',
  'wechat-unavailable': 'wechat',
  'rate-limited': 'too-often',
  'not-found': 'no-page',
  unauthenticated: 'logged-out',
  'person-unknown': 'no-access',
}

export const kindOf = (code: ProblemCode): Kind => kinds[code] ?? (problemTypes[code].status < 500 ? 'refused' : 'failed')

export const refusalWords: Readonly<Record<Language, Readonly<Record<Kind, { readonly line: string, readonly help: string }>>>> = {
  zh: {
    ended: { line: '这次登录已经结束', help: '登录页上有新的码。' },
    wechat: { line: '微信暂时没有回应', help: '请稍后再试，或在登录页保存图片，再用微信识别。' },
    'too-often': { line: '这个网络的请求太多', help: '请过一会儿再试。' },
    'no-page': { line: '这里没有页面', help: '地址可能写错了。' },
    'logged-out': { line: '你还没有登录', help: '请先登录，再试一次。' },
    'no-access': { line: '你不能打开这个网页', help: '只有一部分人可以打开。如果你需要，请联系网站管理员。' },
    refused: { line: '这样打不开', help: '请从登录页重新开始。' },
    failed: { line: '没有成功', help: '不是你的问题，请稍后再试。' },
  },
  'zh-Hant': {
    ended: { line: '這次登入已經結束', help: '登入頁上有新的碼。' },
    wechat: { line: '微信暫時沒有回應', help: '請稍後再試，或在登入頁儲存圖片，再用微信識別。' },
    'too-often': { line: '這個網路的請求太多', help: '請過一會兒再試。' },
    'no-page': { line: '這裡沒有頁面', help: '網址可能寫錯了。' },
    'logged-out': { line: '你還沒有登入', help: '請先登入，再試一次。' },
    'no-access': { line: '你不能打開這個網頁', help: '只有一部分人可以打開。如果你需要，請聯絡網站管理員。' },
    refused: { line: '這樣打不開', help: '請從登入頁重新開始。' },
    failed: { line: '沒有成功', help: '不是你的問題，請稍後再試。' },
  },
  en: {
    ended: { line: 'This login has ended', help: 'There is a fresh code on the login page.' },
    wechat: { line: "WeChat isn't answering right now", help: 'Try again soon, or save the picture on the login page and scan it in WeChat.' },
    'too-often': { line: 'Too many requests from this network', help: 'Wait a while, then try again.' },
    'no-page': { line: 'There is no page here', help: 'The address may be mistyped.' },
    'logged-out': { line: "You're not logged in", help: 'Please log in, then try again.' },
    'no-access': { line: "You can't open this page", help: 'It is for some people only. Ask the owner of the site if you need it.' },
    refused: { line: "This can't be opened like that", help: 'Please start again from the login page.' },
    failed: { line: "That didn't work", help: "It isn't your fault. Please try again soon." },
  },
}
