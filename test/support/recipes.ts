/** The recipes for an app behind a proxy that asks the service, as complete configurations for a test: with its addresses and its certificate. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { makeCertificate } from './certificate.ts'
import { runProxy } from './proxies.ts'
import { readProxyFile, replace, wraps, type ProxyAddresses } from './proxy-files.ts'
import { freePort } from './redis.ts'
import { openShownApp, type ShownApp } from './shown-app.ts'
import { startTraefik } from './traefik-stand-in.ts'

export const recipeKinds = ['nginx', 'caddy', 'haproxy', 'traefik'] as const
export type RecipeKind = (typeof recipeKinds)[number]

export type Edits = readonly (readonly [part: string, by: string])[]

export interface RecipeOptions {
  /** The service below a path of the app's own origin, `/auth`. */
  readonly isSameOrigin?: boolean
  /** Replacements in the recipe: text, and new text. */
  readonly edits?: Edits
  /** The same in HAProxy's script. */
  readonly scriptEdits?: Edits
}

/** Reads a file of the recipes. */
export const readRecipe = (name: string): string => readFileSync(join(import.meta.dirname, '../../src/http/recipes', name), 'utf8')

export const recipeFiles: Readonly<Record<RecipeKind, string>> = { nginx: 'nginx.conf', caddy: 'Caddyfile', haproxy: 'haproxy.cfg', traefik: 'traefik.yaml' }

/** What the README says to do for one origin: where the path goes, and which line or block joins the recipe, in front of which. */
const sameOrigin: Readonly<Record<RecipeKind, Edits>> = {
  nginx: [['    location / {', `${readRecipe('nginx-same-origin.conf').replace(/^(?=.)/gm, '    ')}\n    location / {`]],
  caddy: [['\t\theader +Vary', `\t\t${readRecipe('Caddyfile-same-origin')}\t\theader +Vary`]],
  haproxy: [['    use_backend app', `    ${readRecipe('haproxy-same-origin.cfg')}    use_backend app`]],
  traefik: [['rule: Host(`login.example.com`)', readRecipe('traefik-same-origin.yaml').trimEnd()]],
}

export const appHost = 'app.example.com'
export const loginHost = 'login.example.com'

export interface ProtectedApp {
  /** Where the proxy listens, for both hosts. */
  readonly address: string
  readonly app: ShownApp
}

/** Starts an app, and in front of it a proxy with the recipe, which asks the service at `upstream`, and passes on calls for it. */
export const openProtectedApp = async (t: Test, kind: RecipeKind, upstream: string, { isSameOrigin = false, edits = [], scriptEdits = [] }: RecipeOptions = {}): Promise<ProtectedApp> => {
  const app = await openShownApp(t)
  const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream }
  const pem = makeCertificate(t, '*.example.com')
  const edit = (text: string, changes: Edits): string => changes.reduce((changed, [part, by]) => replace(changed, part, by), text)
  const atPath = (text: string): string => isSameOrigin ? text.replaceAll('/api/forward-auth', '/auth/api/forward-auth').replaceAll(loginHost, appHost) : text
  const atAddresses = (text: string): string => text.replaceAll('127.0.0.1:3000', upstream).replaceAll('127.0.0.1:8080', app.address)
  const recipe = atAddresses(atPath(edit(readRecipe(recipeFiles[kind]), [...isSameOrigin ? sameOrigin[kind] : [], ...edits])))
  if (kind === 'traefik') await startTraefik(t, addresses.listen, pem, recipe)
  else {
    await runProxy(t, kind, addresses, (folder) => {
      if (kind === 'haproxy') writeFileSync(join(folder, 'scan-login.lua'), atAddresses(atPath(edit(readRecipe('scan-login.lua'), scriptEdits))))
      return complete[kind](recipe, folder, addresses, pem, !isSameOrigin)
    })
  }
  return { address: addresses.listen, app }
}

/** Adds the README's part for the service itself, unless that is below a path of the app's. */
const complete: Readonly<Record<Exclude<RecipeKind, 'traefik'>, (recipe: string, folder: string, addresses: ProxyAddresses, pem: string, hasLogin: boolean) => string>> = {
  nginx: (recipe, folder, addresses, pem, hasLogin) => {
    const login = hasLogin ? readProxyFile('nginx').replaceAll('127.0.0.1:3000', addresses.upstream) : ''
    const file = `${login}\n${recipe}`.replaceAll('listen 443 ssl', `ssl_certificate ${pem};\n    ssl_certificate_key ${pem};\n    listen ${addresses.listen} ssl`)
    return wraps.nginx(file, folder, addresses)
  },
  caddy: (recipe, folder, addresses, pem, hasLogin) => {
    const login = hasLogin ? readProxyFile('caddy').replaceAll('127.0.0.1:3000', addresses.upstream) : ''
    const [, port] = addresses.listen.split(':')
    const file = `${login}\n${recipe}`.replaceAll(/^(\w+\.example\.com) \{/gm, (_all, host: string) => `https://${host}:${port} {\n\ttls ${pem} ${pem}`)
    return wraps.caddy(file, folder, addresses)
  },
  haproxy: (recipe, folder, addresses, pem) => {
    const [backend = ''] = /^backend [^]*/m.exec(readProxyFile('haproxy').replaceAll('127.0.0.1:3000', addresses.upstream)) ?? []
    const file = replace(replace(recipe, '/etc/haproxy/scan-login.lua', join(folder, 'scan-login.lua')), ':443 ssl crt /etc/haproxy/certs', `${addresses.listen} ssl crt ${pem}`)
    return wraps.haproxy(`${file}\n${backend}`, folder, addresses)
  },
}
