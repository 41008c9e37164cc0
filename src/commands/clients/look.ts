/** What `check --fetch` and the doctor look at: the file, and whether both sides answer. */
import { readClientsFile } from '../../oidc/clients-file.ts'
import type { OidcClient } from '../../oidc/client.ts'
import { issuerOf } from '../../oidc/endpoints.ts'

const answerWithinMs = 5000

/** What came of a call; `error` is null where it is as it should be. */
export interface Fetched {
  readonly url: string
  readonly status: number | null
  readonly error: string | null
}

/** Reads the clients, or a line for each mistake in their file. */
export const readClients = (file: string): { readonly clients: readonly OidcClient[], readonly errors: readonly string[] } => {
  try {
    return { clients: readClientsFile(file), errors: [] }
  } catch (error) {
    return { clients: [], errors: (error as Error).message.split('\n') } // it throws Errors
  }
}

/** Calls each address that people are sent to. An app answers with whatever it likes: its login may redirect, and its first page may want one. */
export const fetchApps = (clients: readonly OidcClient[]): ReadonlyArray<Promise<Fetched>> => {
  const origins = new Set(clients.flatMap(({ url, redirectUris }) => [url, ...redirectUris].map((uri) => `${new URL(uri).origin}/`)))
  return [...origins].map((url) => fetchOne(url, ({ status }) => status >= 500 ? `it answers ${status}` : null))
}

/** Calls the provider as an app does. A proxy that changes the path, or sends it elsewhere, shows here. */
export const fetchDiscovery = (publicUrl: string): Promise<Fetched> => {
  const issuer = issuerOf(publicUrl)
  return fetchOne(`${issuer}/.well-known/openid-configuration`, async (response) => {
    if (response.status !== 200) return `it answers ${response.status}: has the service been started with OIDC_CLIENTS_FILE, and does the proxy pass /oidc on?`
    const { issuer: told } = await response.json() as { issuer?: unknown } // what else comes has none, or throws
    return told === issuer ? null : `its issuer is ${JSON.stringify(told)} instead of ${JSON.stringify(issuer)}: is PUBLIC_URL that of the service?`
  })
}

const fetchOne = async (url: string, faultIn: (response: Response) => string | null | Promise<string | null>): Promise<Fetched> => {
  let status: number | null = null
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs) })
    status = response.status
    const error = await faultIn(response)
    await response.body?.cancel().catch(() => {}) // it may have been read
    return { url, status, error }
  } catch (error) {
    return { url, status, error: reasonOf(error) }
  }
}

const reasonOf = (error: unknown): string => {
  const { cause, message } = error as Error & { cause?: { message?: string } } // `fetch` rejects with Errors, and names the reason in their cause
  return cause?.message || message
}
