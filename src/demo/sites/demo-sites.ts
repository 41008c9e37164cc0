/** The sample websites that `npm run demo -- --with-site` starts, each on its own port, and the settings that the service needs for them. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { createConnection, type AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { ClientEntry } from '../../oidc/client-entry.ts'
import { hashClientSecret } from '../../oidc/client.ts'
import { changeClients } from '../../oidc/clients-change.ts'
import { createForwardAuthProxy } from './forward-auth-proxy.ts'
import { createOpenidApp } from './openid-app.ts'
import { createProtectedApp } from './protected-app.ts'
import type { SiteKind } from './words.ts'

export interface DemoSite {
  readonly kind: SiteKind
  /** Its origin. */
  readonly url: string
}

export interface DemoSites {
  readonly sites: readonly DemoSite[]
  /** What the service has to know besides ALLOWED_ORIGINS. */
  readonly settings: Readonly<Record<string, string>>
  /** Starts the websites, and resolves once all can be reached; returns the function that stops them. */
  start (serviceUrl: string): Promise<() => Promise<void>>
}

const host = '127.0.0.1'
export const siteKinds: readonly SiteKind[] = ['element', 'proxy', 'openid']
const clientsFile = 'data/demo-clients.json'

/** Prepares the websites on these ports, in the order of `siteKinds`. Writes the file of apps that log people in by OpenID Connect. */
export const prepareSites = (ports: readonly number[]): DemoSites => {
  const sites = siteKinds.map((kind, index): DemoSite => ({ kind, url: `http://localhost:${ports[index]}` }))
  const client = { clientId: 'demo-app', clientSecret: randomBytes(32).toString('base64url') }
  const openidUrl = `http://localhost:${ports[siteKinds.indexOf('openid')]}`
  const entry: ClientEntry = {
    client_id: client.clientId,
    url: openidUrl,
    name: 'Demo app',
    allow: 'everybody',
    client_secret_sha256: hashClientSecret(client.clientSecret),
    redirect_uris: [`${openidUrl}/callback`],
    post_logout_redirect_uris: [`${openidUrl}/`],
  }
  mkdirSync(dirname(clientsFile), { recursive: true })
  changeClients(clientsFile, (entries) => [entry, ...entries.filter(({ client_id: id }) => id !== entry.client_id)]) // others are an owner's, who tries an app
  return {
    sites,
    settings: { TRUST_PROXY: host, OIDC_CLIENTS_FILE: clientsFile },
    start: (serviceUrl) => startSites(sites, serviceUrl, client),
  }
}

const startSites = async (sites: readonly DemoSite[], serviceUrl: string, client: { readonly clientId: string, readonly clientSecret: string }): Promise<() => Promise<void>> => {
  const stops: Array<() => unknown> = []
  const serve = async (server: Server, port: number): Promise<number> => {
    server.listen(port, host)
    await once(server, 'listening')
    stops.push(() => {
      server.close()
      server.closeAllConnections()
    })
    return (server.address() as AddressInfo).port // an object for a TCP server
  }
  const start: Record<SiteKind, (url: string, port: number) => Promise<unknown>> = {
    element: async (url, port) => {
      // The file that owners copy: it reads its settings from the environment, and listens.
      const worker = new Worker(new URL('element/website.mjs', import.meta.url), { env: { SITE_ORIGIN: url, SERVICE_URL: serviceUrl, PORT: String(port) } })
      stops.push(() => worker.terminate())
      await Promise.race([once(worker, 'message'), reachable(port)]) // rejects with an error of the worker: `once` listens for those, too
    },
    proxy: async (_url, port) => {
      const appPort = await serve(createProtectedApp({ serviceUrl }), 0)
      await serve(createForwardAuthProxy({ serviceUrl, appUrl: `http://${host}:${appPort}` }), port)
    },
    openid: async (url, port) => { await serve(createOpenidApp({ url, serviceUrl, ...client }), port) },
  }
  for (const { kind, url } of sites) await start[kind](url, Number(new URL(url).port))
  return async () => { await Promise.all(stops.map((stop) => stop())) }
}

const reachable = async (port: number): Promise<void> => {
  for (;;) {
    const socket = createConnection({ host, port })
    const isOpen = await new Promise<boolean>((resolve) => { socket.once('connect', () => resolve(true)).once('error', () => resolve(false)) })
    socket.destroy()
    if (isOpen) return
    await sleep(20)
  }
}
