import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { memberNames } from '../../../src/oidc/client-entry.ts'
import { appNames } from '../../../src/oidc/presets/presets.ts'
import { appSection } from '../../support/oidc-readme.ts'
import { repository } from '../../support/readmes.ts'

for (const file of ['src/oidc/README.md', 'src/oidc/README.zh-CN.md']) {
  const text = readFileSync(join(repository, file), 'utf8')

  await t.test(`readme: ${file} lists every member of a client's entry, and no other`, async (t) => {
    const [, table = ''] = /<!-- members -->\n([^]*?)\n\n/.exec(text) ?? []
    t.strictSame([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name), memberNames)
  })
}

for (const [file, language] of [['src/oidc/README.md', 'en'], ['src/oidc/README.zh-CN.md', 'zh']] as const) {
  await t.test(`readme: ${file} says of each app what the command prints`, async (t) => {
    const [, ...sections] = readFileSync(join(repository, file), 'utf8').split(/^(?=### )/m)
    t.strictSame(sections.map((section) => section.trimEnd()), appNames.map((app) => appSection(app, language).trimEnd()))
  })
}
