/** The file of the clients (OIDC_CLIENTS_FILE). Changed by `npm run clients` or by hand, and re-read while the service runs. */
import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Log } from '../login/ports.ts'
import { readPrivateFile, readProtectedFile } from '../sessions/private-file.ts'
import { clientOf, entryLabel, faultsOf, type ClientEntry } from './client-entry.ts'
import type { OidcClient } from './client.ts'

export interface FollowedClients {
  /** In the order of the file. A client stays the same object while the file says the same of it. */
  list (): readonly OidcClient[]
  find (clientId: string): OidcClient | undefined
  /** Subscribes to the ids of clients that were added, changed or removed, once `find` has them as they are now; returns the unsubscribe function. */
  onChange (listener: (clientIds: readonly string[]) => void): () => void
  /** Stops re-reading the file. */
  stop (): void
}

/** The file is small, and a watch misses files that are swapped under a mount. */
const rereadEveryMs = 5000

/** Far more than anybody has: the whole file is checked whenever it changes, in the process that answers. */
const maxClients = 500
const maxLength = 2_000_000

/** A generated secret has 43 characters. Shorter ones, which somebody made up, could be guessed: their hash is a fast one. */
const secretForm = /^[A-Za-z0-9_-]{32,256}$/
const leastDifferentChars = 10

/** Reads the clients. Throws an Error whose message is a line for the operator for each mistake; it quotes no secret. */
export const readClientsFile = (path: string): readonly OidcClient[] => readSources(path).clients

/** Reads the clients now and, every 5 s, again. Throws as `readClientsFile` does; later such errors are logged once, and the clients stay as they are. */
export const followClientsFile = (path: string, clock: Clock, log: Log): FollowedClients => {
  const listeners = new Set<(clientIds: readonly string[]) => void>()
  let clients: ReadonlyMap<string, OidcClient> = new Map()
  let last: Sources | undefined
  let lastError: string | undefined

  const update = (): readonly string[] => {
    const read = readSources(path, last)
    for (const risk of read.risks) if (last?.risks.includes(risk) !== true) log.warn({ code: 'file-exposed' }, risk)
    last = read
    const before = clients
    clients = new Map(read.clients.map((client) => {
      const known = before.get(client.clientId)
      return [client.clientId, isDeepStrictEqual(known, client) ? known as OidcClient : client] // equal to a client, so it is one
    }))
    return [...new Set([...before.keys(), ...clients.keys()])].filter((id) => before.get(id) !== clients.get(id))
  }

  const reread = (): void => {
    try {
      const changed = update()
      lastError = undefined
      if (changed.length > 0) log.info({ client_ids: changed }, `${path} has changed: its clients are in use from now on`)
      if (changed.length > 0) for (const listener of listeners) listener(changed)
    } catch (error) {
      const { message } = error as Error // `update` throws Errors, and none quotes a secret
      if (message !== lastError) log.error({ code: 'clients-file-invalid' }, `${message}; keeping the clients as they were. Fix the file: the service would not start with it`)
      lastError = message
    }
    cancel = clock.after(rereadEveryMs, reread)
  }

  update()
  let cancel = clock.after(rereadEveryMs, reread)
  return {
    list: () => [...clients.values()],
    find: (clientId) => clients.get(clientId),
    onChange: (listener) => {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    stop: () => { cancel() },
  }
}

interface Sources {
  readonly text: string
  readonly entries: readonly ClientEntry[]
  readonly clients: readonly OidcClient[]
  /** Lines about files that others can read or change, where this user can't prevent that. */
  readonly risks: readonly string[]
}

/** Of a text that was read `before`, only the files of secrets are read again: to check five hundred entries takes time. */
const readSources = (path: string, before?: Sources): Sources => {
  const { text, risk } = readClientsText(path)
  const entries = before?.text === text ? before.entries : parseEntries(path, text)
  const risks = risk === null ? [] : [risk]
  const lines: string[] = []
  const clients = entries.flatMap((entry, i) => {
    try {
      const secret = secretOf(path, entry)
      if (secret?.risk != null) risks.push(secret.risk)
      return [clientOf(entry, secret?.text ?? null)]
    } catch (error) {
      lines.push(`${path}: ${entryLabel(entry, i)}: ${(error as Error).message}`) // `secretOf` throws Errors
      return []
    }
  })
  if (lines.length > 0) throw new Error(lines.join('\n'))
  return { text, entries, clients, risks }
}

const readClientsText = (path: string): ReturnType<typeof readProtectedFile> => {
  try {
    return readProtectedFile(path)
  } catch (error) {
    const { cause } = error as Error & { cause?: NodeJS.ErrnoException } // it throws Errors, with that of the system as their cause
    if (cause?.code !== 'ENOENT') throw error
    throw new Error(`${path} does not exist: "npm run clients -- add <app> <address>" makes it`, { cause: error })
  }
}

/** Parses the text of the file. Throws as `readClientsFile` does. */
export const parseEntries = (path: string, text: string): readonly ClientEntry[] => {
  const entries = listIn(path, text)
  const ids = entries.map((entry) => (entry as ClientEntry | null)?.client_id) // whatever it is, it is only compared
  const lines = entries.flatMap((entry, i) => {
    const faults = faultsOf(entry)
    const isTwice = ids[i] !== undefined && ids.indexOf(ids[i]) < i
    return [...faults, ...isTwice ? [`is there twice: it is also the entry ${ids.indexOf(ids[i]) + 1} of the file`] : []].map((fault) => `${path}: ${entryLabel(entry, i)}: ${fault}`)
  })
  if (lines.length > 0) throw new Error(lines.join('\n'))
  return entries as readonly ClientEntry[] // without faults
}

const listIn = (path: string, text: string): readonly unknown[] => {
  if (text.length > maxLength) throw new Error(`${path} is too long for a file of clients`)
  const content = parseJson(path, text)
  if (!isWhole(content)) throw new Error(`${path} is no file of clients: it must be {"clients": […]}`)
  const others = Object.keys(content).filter((name) => name !== 'clients')
  if (others.length > 0) throw new Error(`${path} has ${others.map((name) => JSON.stringify(name.slice(0, 64))).join(', ')} beside "clients", and this release does not know that`)
  if (content.clients.length > maxClients) throw new Error(`${path} has ${content.clients.length} clients: at most ${maxClients} are possible`)
  return content.clients
}

const isWhole = (content: unknown): content is { readonly clients: readonly unknown[] } =>
  typeof content === 'object' && content !== null && 'clients' in content && Array.isArray(content.clients)

const parseJson = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    const [where = ''] = /\(line \d+ column \d+\)/.exec((error as Error).message) ?? [] // the rest quotes the file
    throw new Error(`${path} is no JSON${where === '' ? '' : ` ${where}`}`) // no cause, for the same reason
  }
}

/** The secret that an entry names a file for. A relative path begins at the folder of the clients' file, wherever the service runs. */
const secretOf = (path: string, { client_secret_file: name }: ClientEntry): { readonly text: string, readonly risk: string | null } | null => {
  if (name === undefined) return null
  const { text, risk } = readPrivateFile(resolve(dirname(path), name))
  const secret = text.trim() // a line that `echo` has written ends with a newline
  if (!secretForm.test(secret)) throw new Error('the secret in client_secret_file must be 32 to 256 of A-Z, a-z, 0-9, "_" and "-", which every app sends unchanged: openssl rand -hex 32 makes one')
  if (new Set(secret).size < leastDifferentChars) throw new Error('the secret in client_secret_file can be guessed: openssl rand -hex 32 makes one')
  return { text: secret, risk }
}
