/** Owns what the demo itself says, beside the words of the mini program. */

export interface DemoWords {
  readonly title: string
  readonly lead: string
  readonly website: string
  readonly startOver: string
  readonly addPhone: string
  readonly phoneOf: (person: string) => string
  readonly people: readonly string[]
  readonly viewfinder: string
  readonly looking: string
  readonly noCode: string
  readonly noPicture: string
  readonly alone: string
  readonly choosePicture: string
  readonly lookAgain: string
  readonly back: string
  readonly closePage: string
}

const zh: DemoWords = {
  title: 'scan-login 演示',
  lead: '左边是网站，右边是手机。在手机上点「扫码登录」，两边一起动。',
  website: '网站',
  startOver: '重新开始',
  addPhone: '再加一部手机',
  phoneOf: (person) => `${person}的手机`,
  people: ['小明', '小红', '阿杰', '小雨', 'Alex', '小林'],
  viewfinder: '取景',
  looking: '对准网页上的码…',
  noCode: '没有看到码',
  noPicture: '这个文件不是图片',
  alone: '把码的截图粘贴或拖到这里',
  choosePicture: '选一张图片',
  lookAgain: '再扫一次',
  back: '返回',
  closePage: '关闭这一页',
}

const en: DemoWords = {
  title: 'scan-login demo',
  lead: 'A website on the left, a phone on the right. Tap "Scan to log in" and watch both move.',
  website: 'The website',
  startOver: 'Start over',
  addPhone: 'Add a phone',
  phoneOf: (person) => `${person}'s phone`,
  people: ['Alex', 'Mei', 'Sam', 'Robin', '小明', 'Kim'],
  viewfinder: 'Viewfinder',
  looking: 'Looking for the code on the page…',
  noCode: 'No code in view',
  noPicture: "That file isn't a picture",
  alone: 'Paste or drop a screenshot of the code here',
  choosePicture: 'Choose a picture',
  lookAgain: 'Scan again',
  back: 'Back',
  closePage: 'Close this page',
}

/** The language asked for in the address (`?lang=en`), else the browser's. */
export const languageOf = (search: string): string => new URLSearchParams(search).get('lang') ?? navigator.language

export const demoWordsFor = (language: string): DemoWords => /^zh/i.test(language) ? zh : en
