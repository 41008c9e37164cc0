import t from 'tap'
import { pageLanguage } from '../../../src/oidc/page-language.ts'
import { pageWords, withApp } from '../../../src/oidc/page-words.ts'

const textsOf = (value: unknown, path = ''): ReadonlyArray<readonly [string, string]> => typeof value === 'string'
  ? [[path, value]]
  : Object.entries(value as object).flatMap(([name, one]) => textsOf(one, `${path}.${name}`))

await t.test('page words: every language says everything, and names the app in the same texts', async (t) => {
  const [zh, ...others] = Object.values(pageWords).map((words) => textsOf(words))
  for (const other of others) {
    t.strictSame(other.map(([path]) => path), zh?.map(([path]) => path))
    t.strictSame(other.filter(([, text]) => text.includes('{app}')).map(([path]) => path), zh?.filter(([, text]) => text.includes('{app}')).map(([path]) => path))
  }
  for (const [path, text] of textsOf(pageWords)) {
    t.not(text.trim(), '', path)
    if (path.startsWith('.zh-Hant')) t.notMatch(text, /[这码录网页应设备过没请发从账态关开继续误说现将为时间错]/u, path)
    if (path.startsWith('.zh')) t.notMatch(text, /[它;]|"/, path)
    if (path.startsWith('.en')) t.notMatch(text, /;|log ?off|sign/i, path)
  }
})

await t.test('page words: a name that looks like a pattern stays as it is', async (t) => {
  t.equal(withApp('a {app} b {app}', '$& $1 {app}'), 'a $& $1 {app} b $& $1 {app}')
})

await t.test('page language: what the app asks for comes before what the browser does', async (t) => {
  const from = (acceptLanguage: string, ...asked: unknown[]) => pageLanguage({ headers: { 'accept-language': acceptLanguage } }, ...asked)
  t.equal(from('zh-CN'), 'zh')
  t.equal(from('zh-TW,zh;q=0.8'), 'zh-Hant')
  t.equal(from('fr'), 'en')
  t.equal(from('zh-CN', 'en'), 'en')
  t.equal(from('en', undefined, 'fr zh-HK en'), 'zh-Hant')
  t.equal(from('en', 'fr', 'zh'), 'zh')
  for (const odd of [['zh'], { zh: 1 }, '', ' ', 'x'.repeat(10_000), '<zh>', 'zh"']) t.equal(from('zh-CN', odd), 'zh')
  t.equal(from('en', 'zh,en'), 'en')
})
