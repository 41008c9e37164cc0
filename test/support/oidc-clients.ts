/** Files of clients, as an owner writes them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { hashClientSecret } from '../../src/oidc/client.ts'

/** As `npm run clients` makes them: 43 characters of base64url. */
export const clientSecret = 'abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE'

/** An entry as small as it may be. */
export const giteaEntry = { client_id: 'gitea', app: 'gitea', url: 'https://git.example.com', allow: 'everybody', client_secret_sha256: hashClientSecret(clientSecret) } as const

export const makeClientsFolder = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-clients-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Writes a file of clients; a text is written as it is. */
export const writeClients = (path: string, clients: readonly unknown[] | string): void => {
  writeFileSync(path, typeof clients === 'string' ? clients : JSON.stringify({ clients }), { mode: 0o600 })
}

/** A file with these clients. */
export const clientsFile = (t: Test, clients: readonly unknown[] | string): string => {
  const path = join(makeClientsFolder(t), 'clients.json')
  writeClients(path, clients)
  return path
}
