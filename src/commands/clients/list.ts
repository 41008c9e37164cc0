/** `list` and `remove`. */
import { existsSync } from 'node:fs'
import { changeClients } from '../../oidc/clients-change.ts'
import { readClientsFile } from '../../oidc/clients-file.ts'
import type { OidcClient } from '../../oidc/client.ts'
import { print } from '../print.ts'
import { readPlace } from './place.ts'

export const list = async (asJson: boolean): Promise<void> => {
  const { file } = readPlace()
  const clients = existsSync(file) ? readClientsFile(file) : []
  if (asJson) await print(clients.map((client) => `${JSON.stringify(viewOf(client))}\n`).join(''))
  else await print(clients.length === 0 ? `no apps in ${file}: "npm run clients -- add <app> <address>" adds one\n` : clients.map(lineOf).join(''))
}

export const remove = async (clientId: string): Promise<void> => {
  const { file } = readPlace()
  if (!existsSync(file)) throw new Error(`${file} does not exist: no app has been added yet`)
  changeClients(file, (entries) => {
    const rest = entries.filter(({ client_id: id }) => id !== clientId)
    if (rest.length === entries.length) throw new Error(`${file} has no client ${JSON.stringify(clientId)}: "npm run clients -- list" has those that there are`)
    return rest
  })
  await print(`${file} no longer has the app "${clientId}": within five seconds nobody can log in there any more. Who is logged in there already stays so until the app asks again\n`)
}

const viewOf = (client: OidcClient) => ({
  client_id: client.clientId,
  app: client.app,
  name: client.name,
  url: client.url,
  allow: client.allow,
  public: client.isPublic,
  redirect_uris: client.redirectUris,
})

const lineOf = ({ clientId, app, url, allow }: OidcClient): string =>
  `${[clientId.padEnd(20), app.padEnd(12), (allow === 'everybody' ? allow : allow.groups.join(', ')).padEnd(20), url].join('  ')}\n`
