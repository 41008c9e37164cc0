/** Texts of the demo's window and the phone, in Chinese and English. The mini program has its own. */
import { isTraditionalChinese } from '../../../miniprogram/utils/language.ts'

const zh = {
  title: 'scan-login 演示',
  lead: '一个网站，一部手机。在手机上点「扫一扫」，看登录在两边怎样进行。',
  website: '网站',
  startOver: '重新开始',
  addPhone: '再加一部手机',
  phoneOf: (person: string) => `${person}的手机`,
  people: ['小明', '小红', '阿杰', '小雨', 'Alex', '小林'],

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

const en: DemoWords = {
  title: 'scan-login demo',
  lead: 'A website and a phone. Tap Scan on the phone and follow the login on both.',
  website: 'The website',
  startOver: 'Start over',
  addPhone: 'Add a phone',
  phoneOf: (person) => `${person}'s phone`,
  people: ['Alex', 'Mei', 'Sam', 'Robin', '小明', 'Kim'],

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

export const isChinese = (language: string): boolean => /^zh/i.test(language)

/** The phone's language, as WeChat names it. The phone around the mini program has no traditional Chinese of its own. */
export const wechatLanguageOf = (language: string): string => {
  if (!isChinese(language)) return 'en'
  return isTraditionalChinese(language) ? 'zh_TW' : 'zh_CN'
}

export const demoWordsFor = (language: string): DemoWords => isChinese(language) ? zh : en
