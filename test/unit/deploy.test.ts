/** The files of src/deploy and their pages, where no Debian has to run for it. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfig, settingNames } from '../../src/config.ts'
import { blocksOf } from '../support/debian/readme.ts'
import { repository } from '../support/readmes.ts'

const config = readConfig({})
const folder = join(repository, 'src/deploy')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

await t.test('deploy: the page has the same blocks in both languages', async (t) => {
  const [english, chinese] = ['README.md', 'README.zh-CN.md'].map((name) => blocksOf(`src/deploy/${name}`).map(({ mark, script }) =>
    ({ mark, script: script.replace('<本仓库的地址>', '<address of this repository>').replaceAll(/ +# .*$/gm, '') })))
  t.strictSame(chinese, english)
  t.ok((english?.length ?? 0) > 10)
})

await t.test('deploy: the page puts every unit in its place, and the settings that it writes are settings', async (t) => {
  const text = read('README.md')
  for (const name of globSync('scan-login*', { cwd: folder })) t.ok(text.includes(name), name)
  const [, written = ''] = /<<'EOF'\n([^]*?)\nEOF/.exec(text) ?? []
  const names = written.split('\n').map((line) => line.replace(/=.*/, ''))
  t.ok(names.length > 5)
  t.strictSame(names.filter((name) => !(settingNames as readonly string[]).includes(name)), [])
})

await t.test('deploy: the backup is confined as the service is', async (t) => {
  const confinement = (name: string): string => /^# Node\.js makes code[^]*?(?=\n\n|\n$)/m.exec(read(name))?.[0] ?? name
  t.equal(confinement('scan-login-backup.service'), confinement('scan-login.service'))
})

await t.test('deploy: the service may open as many files as MAX_HELD_POLLS calls for', async (t) => {
  const [, files] = /^LimitNOFILE=(\d+)$/m.exec(read('scan-login.service')) ?? []
  t.equal(Number(files), config.MAX_HELD_POLLS + 13_000)
})
