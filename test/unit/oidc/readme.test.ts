import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { memberNames } from '../../../src/oidc/client-entry.ts'
import { repository } from '../../support/readmes.ts'

for (const file of ['src/oidc/README.md', 'src/oidc/README.zh-CN.md']) {
  const text = readFileSync(join(repository, file), 'utf8')

  await t.test(`readme: ${file} lists every member of a client's entry, and no other`, async (t) => {
    const [, table = ''] = /<!-- members -->\n([^]*?)\n\n/.exec(text) ?? []
    t.strictSame([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name), memberNames)
  })
}
