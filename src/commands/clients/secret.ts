/** `secret`: another secret for an app, while the old one still works or in its place. */
import { newSecret } from '../../domain/ids.ts'
import { randomBytes } from '../../domain/random-pool.ts'
import { changeClients } from '../../oidc/clients-change.ts'
import type { ClientEntry } from '../../oidc/client-entry.ts'
import { hashClientSecret } from '../../oidc/client.ts'
import { print } from '../print.ts'
import { readPlace } from './place.ts'

/** `add`: both secrets work. `finish`: the old one no longer does. `replace`: the new one alone does, at once. */
export type SecretChange = 'add' | 'finish' | 'replace'

export const changeSecret = async (clientId: string, change: SecretChange, asJson: boolean): Promise<void> => {
  const { file } = readPlace()
  const secret = change === 'finish' ? null : newSecret(randomBytes)
  changeClients(file, (entries) => {
    if (!entries.some(({ client_id: id }) => id === clientId)) throw new Error(`${file} has no client ${JSON.stringify(clientId)}: "npm run clients -- list" has those that there are`)
    return entries.map((entry) => entry.client_id === clientId ? changed(entry, change, secret) : entry)
  })
  await print(asJson ? `${JSON.stringify({ client_id: clientId, client_secret: secret })}\n` : said(clientId, change, secret ?? ''))
}

const changed = (entry: ClientEntry, change: SecretChange, secret: string | null): ClientEntry => {
  const label = JSON.stringify(entry.client_id)
  if (entry.client_secret_file !== undefined) throw new Error(`the secret of ${label} is in ${entry.client_secret_file}: write another one into that file`)
  const before = [entry.client_secret_sha256 ?? []].flat()
  if (before.length === 0) throw new Error(`${label} is public: it has no secret`)
  if (secret === null) {
    if (before.length < 2) throw new Error(`${label} has one secret: there is nothing to finish`)
    return { ...entry, client_secret_sha256: before[0] as string } // it has two
  }
  if (change === 'add' && before.length > 1) throw new Error(`${label} has two secrets already: "npm run clients -- secret ${entry.client_id} --finish" ends the older one`)
  return { ...entry, client_secret_sha256: change === 'replace' ? hashClientSecret(secret) : [hashClientSecret(secret), ...before] }
}

const said = (clientId: string, change: SecretChange, secret: string): string => ({
  add: `The new secret of "${clientId}", which is shown this once. Enter it at the app, and then run "npm run clients -- secret ${clientId} --finish": until then the old one works, too.\n  ${secret}\n`,
  replace: `The new secret of "${clientId}", which is shown this once. The old one ends within five seconds, and nobody can log in there before the app has this one.\n  ${secret}\n`,
  finish: `The old secret of "${clientId}" ends within five seconds.\n`,
})[change]
