/** `npm run backup`: a whole copy of a running service's store, with its keys. */
import { backupTerms } from './backup/help.ts'
import { makeBackup } from './backup/make.ts'
import { runCommand } from './backup/run.ts'
import { counted } from './people/output.ts'
import { print } from './print.ts'

await runCommand(backupTerms, async ({ config, folder, passphrase, has }) => {
  const { version, made_at: madeAt, store, files, not_included: notIncluded } = await makeBackup(config, { folder, passphrase, isKeysOnly: has('keys-only') })
  const [people, logins] = [store?.people ?? null, store?.logins ?? null]
  if (has('json')) {
    await print(`${JSON.stringify({ folder, version, made_at: madeAt, encrypted: passphrase !== null, people, logins, files, not_included: notIncluded })}\n`)
    return
  }
  await print([
    `${folder} is made: ${files.map(({ name }) => name).join(', ')} as of ${madeAt}${store === null ? '' : `, with ${counted(store.people, 'person', 'people')} and ${counted(store.logins, 'login')}`}`,
    passphrase === null
      ? 'It is not encrypted: whoever has it has the keys of the service. --passphrase-file encrypts it'
      : 'It is encrypted: without the passphrase nobody can read it, you neither',
    ...notIncluded.map((one) => `Not in it: ${one}`),
    '',
  ].join('\n'))
})
