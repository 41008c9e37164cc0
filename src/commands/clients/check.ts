/** `check`: what is wrong or risky in the file, and with --fetch whether both sides can be reached. */
import { readClientsFile } from '../../oidc/clients-file.ts'
import type { OidcClient } from '../../oidc/client.ts'
import { risksOf } from '../../oidc/client-risks.ts'
import { issuerOf } from '../../oidc/endpoints.ts'
import { print } from '../print.ts'
import { readPlace } from './place.ts'

const answerWithinMs = 5000

/** What came of a call; `error` is null where it is as it should be. */
interface Fetched {
  readonly url: string
  readonly status: number | null
  readonly error: string | null
}

export const check = async ({ asJson, isFetching }: { readonly asJson: boolean, readonly isFetching: boolean }): Promise<void> => {
  const { config, file, missingSetting } = readPlace()
  const { clients, errors } = read(file)
  const risks = [
    ...missingSetting === null ? [] : [`the service doesn't read this file: put ${missingSetting} into .env`],
    ...risksOf(clients, config),
  ]
  const fetched = isFetching ? await fetchBoth(clients, config.PUBLIC_URL) : []
  const failures = fetched.filter(({ error }) => error !== null)
  if (asJson) await print(`${JSON.stringify({ file, errors, risks, fetched })}\n`)
  else await print([...risks.map((risk) => `risk: ${risk}\n`), ...fetched.map(({ url, status, error }) => `${error === null ? 'answers' : 'fails'}: ${url} (${error ?? String(status)})\n`), errors.length > 0 ? '' : `${file}: ${clients.length === 1 ? '1 app' : `${clients.length} apps`}, no mistakes\n`].join(''))
  if (asJson && errors.length + failures.length > 0) process.exitCode = 1
  else if (errors.length > 0) throw new Error(errors.join('\n'))
  else if (failures.length > 0) throw new Error(`${failures.length} of ${fetched.length} calls failed`)
}

const read = (file: string): { readonly clients: readonly OidcClient[], readonly errors: readonly string[] } => {
  try {
    return { clients: readClientsFile(file), errors: [] }
  } catch (error) {
    return { clients: [], errors: (error as Error).message.split('\n') } // it throws Errors
  }
}

/** An app answers with whatever it likes: its login may redirect, and its first page may want one. */
const fetchBoth = async (clients: readonly OidcClient[], publicUrl: string): Promise<readonly Fetched[]> => {
  const origins = new Set(clients.flatMap(({ url, redirectUris }) => [url, ...redirectUris].map((uri) => `${new URL(uri).origin}/`)))
  return await Promise.all([fetchDiscovery(publicUrl), ...[...origins].map((url) => fetchOne(url, ({ status }) => status >= 500 ? `it answers ${status}` : null))])
}

/** A proxy that changes the path, or sends it elsewhere, shows here. */
const fetchDiscovery = (publicUrl: string): Promise<Fetched> => {
  const issuer = issuerOf(publicUrl)
  return fetchOne(`${issuer}/.well-known/openid-configuration`, async (response) => {
    if (response.status !== 200) return `it answers ${response.status}: has the service been started with OIDC_CLIENTS_FILE, and does the proxy pass /oidc on?`
    const { issuer: told } = await response.json() as { issuer?: unknown }
    return told === issuer ? null : `its issuer is ${JSON.stringify(told)} instead of ${JSON.stringify(issuer)}: is PUBLIC_URL that of the service?`
  })
}

const fetchOne = async (url: string, faultIn: (response: Response) => string | null | Promise<string | null>): Promise<Fetched> => {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(answerWithinMs) })
    const error = await faultIn(response)
    await response.body?.cancel().catch(() => {}) // it may have been read
    return { url, status: response.status, error }
  } catch (error) {
    return { url, status: null, error: reasonOf(error) }
  }
}

const reasonOf = (error: unknown): string => {
  const { cause, message } = error as Error & { cause?: { message?: string } } // `fetch` rejects with Errors, and names the reason in their cause
  return cause?.message || message
}
