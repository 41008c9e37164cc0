/** `npm run restore`: puts a backup in place, where there is nothing yet. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isShared, quoted } from '../file-rights.ts'
import { restoreTerms } from './backup/help.ts'
import { putBack } from './backup/put-back.ts'
import { runCommand } from './backup/run.ts'
import { counted } from './people/output.ts'
import { print } from './print.ts'

/** Steps of the audit log that a restore undoes. */
const undone = 'grep -E \'"event":"(person\\.(blocked|erased|changed)|session\\.ended|phone-key\\.ended)"\''

const linesAboutSince = (madeAt: string, signedOut: number | null): readonly string[] => [
  `What has happened since ${madeAt} is lost: new people, and changes of names, groups and owners${signedOut === null ? '. Whoever has logged in since logs in once more' : ''}`,
  ...signedOut === null
    ? [
        'What had ended since is back: browsers and phones that were signed out are logged in again, and so are people who were blocked or have deleted their data',
        `Before you start the service, find them in its log since then (${undone}), and run "npm run people -- block <who>", "erase <who>" or "sign-out <who>" again`,
        'Where you can\'t tell, move the store away and restore it with --sign-everybody-out',
      ]
    : [
        `Everybody is signed out: ${counted(signedOut, 'login')} ended, and all phone keys. Everybody scans once more`,
        'People who were blocked or have deleted their data since are back, and could log in again',
        `Before you start the service, find them in its log since then (${undone}), and run "npm run people -- block <who>" or "erase <who>" again`,
      ],
]

/** Root may restore into a folder of its own, where a service that runs as another user can't read. */
const linesAboutOwner = (paths: readonly string[]): readonly string[] => {
  const ofRoot = process.geteuid?.() === 0 ? paths.filter((path) => statSync(path).uid === 0) : []
  if (ofRoot.length === 0) return []
  const places = new Set(ofRoot.map((path) => isShared(dirname(path)) ? path : dirname(path)))
  return [`${ofRoot.join(', ')} ${ofRoot.length === 1 ? 'belongs' : 'belong'} to root, as the folder does. A service that runs as another user can't start with that. For it run: sudo chown -R <user> ${[...places].map(quoted).join(' ')}`]
}

await runCommand(restoreTerms, async ({ config, folder, passphrase, has }) => {
  const isSigningOut = has('sign-everybody-out')
  if (isSigningOut && has('keys-only')) throw new Error('--sign-everybody-out changes the store, which --keys-only leaves out')
  const { manifest, restored, kept, clientsFile, signedOut } = await putBack(config, { folder, passphrase, isKeysOnly: has('keys-only'), isSigningOut })
  const { version, made_at: madeAt, store, not_included: notIncluded } = manifest
  if (has('json')) {
    await print(`${JSON.stringify({ folder, version, made_at: madeAt, people: store?.people ?? null, logins: store?.logins ?? null, restored, kept, signed_out: signedOut, not_included: notIncluded })}\n`)
    return
  }
  await print([
    ...restored.length === 0 ? [] : [`${restored.join(', ')} ${restored.length === 1 ? 'is' : 'are'} restored as of ${madeAt}, from scan-login ${version}`],
    ...linesAboutOwner(restored),
    ...kept.map((path) => `${path} was there already with the same content, and stays`),
    ...clientsFile !== null && config.OIDC_CLIENTS_FILE === null ? [`Set OIDC_CLIENTS_FILE=${clientsFile}, so that apps can be logged in to`] : [],
    ...notIncluded.map((one) => `Not in the backup: ${one}`),
    ...has('keys-only') ? [] : linesAboutSince(madeAt, signedOut),
    '',
  ].join('\n'))
})
