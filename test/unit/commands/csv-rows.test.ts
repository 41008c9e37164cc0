/** The file of `npm run people -- import`: what a line says, what is wrong with one, and that no id of WeChat's is in a message. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readRows } from '../../../src/commands/people/csv-rows.ts'
import { makeFolder } from '../../support/service-process.ts'

const file = join(makeFolder(t), 'users.csv')
const secret = 'oSECRET-openid'

const rowsOf = async (content: string | Buffer): Promise<unknown[]> => {
  writeFileSync(file, content)
  const rows: unknown[] = []
  for await (const row of readRows(file)) rows.push(row)
  return rows
}

await t.test('import: lines are read when a spreadsheet has written them', async (t) => {
  t.strictSame(await rowsOf('\ufeffName,OpenID,groups,unionid\r\n"小明, 北京",oA,"staff; editors;staff;",oU\r\n\r\n,oB,,\r\n'), [
    { line: 2, ids: { openid: 'oA', unionid: 'oU' }, name: '小明, 北京', groups: ['staff', 'editors'] },
    { line: 4, ids: { openid: 'oB', unionid: null }, name: null, groups: [] },
  ])
  t.strictSame(await rowsOf('openid\noA\n'), [{ line: 2, ids: { openid: 'oA', unionid: null }, name: null, groups: [] }])
})

const bad: ReadonlyArray<readonly [content: string | Buffer, why: string]> = [
  ['openid,name\n,小红\n', 'has no openid'],
  [`openid\n${secret} x\n`, 'has an openid that can be none'],
  [`openid,unionid\n${secret},微信\n`, 'has a unionid that can be none'],
  [`openid\n${secret},x\n`, 'has more values than the first line has columns'],
  [`openid,name\n${secret},admin\n`, 'has a name that looks like an official of the site or of WeChat'],
  [`openid,name\n${secret},${'a'.repeat(33)}\n`, 'has a name of more than 32 characters, or one that hides, reverses or stacks text'],
  [`openid,name\n${secret},example.com\n`, 'has a name that is a web address, a mail address or a phone number'],
  [Buffer.concat([Buffer.from('openid,name\noA,'), Buffer.from([0xd0, 0xa1, 0xc3, 0xf7, 0x0a])]), 'has a name that is not UTF-8: save the file as "CSV UTF-8"'],
  [`openid,groups\n${secret},staff;Staff\n`, 'has a group that is not 1 to 32 of a-z, 0-9 and "-"'],
  [`openid,groups\n${secret},${'a'.repeat(33)}\n`, 'has a group that is not 1 to 32 of a-z, 0-9 and "-"'],
  [`openid,groups\n${secret},${Array.from({ length: 51 }, (_, n) => `g${n}`).join(';')}\n`, 'has more than 50 groups'],
]
for (const [content, why] of bad) {
  await t.test(`import: a line is refused with its number when it ${why.slice(0, 60)}`, async (t) => {
    t.strictSame(await rowsOf(content), [{ line: 2, why }])
  })
}

await t.test('import: the file is refused without a word of its content when it is no table with these columns', async (t) => {
  for (const [content, why] of [
    [`${secret},小明\n`, /users\.csv has to begin with a line that names its columns/],
    [`openid,openid\n${secret},a\n`, /names its columns/],
    [`openid,phone\n${secret},1\n`, /names its columns/],
    [`openid\n"${secret}`, /has a line that is no CSV.*: look at its quotes/],
    [`openid\n${secret}"\n`, /has a line that is no CSV/],
    [`openid\n${secret.repeat(1000)}\n`, /has a line that is no CSV/],
    ['', /is empty/],
  ] as const) {
    const error = await rowsOf(content).then(() => new Error('none'), (error: Error) => error)
    t.match(error.message, why)
    t.notOk(error.message.includes(secret))
  }
  await t.rejects(async () => { for await (const row of readRows(join(file, '..', 'none.csv'))) t.fail(String(row)) }, /none\.csv can't be read: there is no such file/)
})
