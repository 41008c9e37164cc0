/** The pages and their files from `static/`. Each is a route of its own, so that any other path is an ordinary `not-found`. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { readPage, type Site } from '../page-html.ts'
import type { SiteLogo } from '../site-logo.ts'
import { staticFolder } from '../page-files.ts'
import { pageScripts } from '../page-scripts.ts'
import { encodingFor, isOfVersion, makeStaticFile, sendStaticFile } from '../static-files.ts'

export interface PageOptions extends Omit<Site, 'hasLogo' | 'hasColor'> {
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  readonly logo: SiteLogo | null
  /** `#rrggbb` */
  readonly color: string | null
}

export const pageRoutes = ({ basePath, logo, color, ...rest }: PageOptions): FastifyPluginAsync => async (app) => {
  const site = { ...rest, hasLogo: logo !== null, hasColor: color !== null }
  const versions = new Map<string, string>()
  await app.register(fastifyStatic, { root: staticFolder, serve: false })
  for (const [name, type] of plainFiles) {
    const file = await makeStaticFile(type, await readFile(join(staticFolder, name), 'utf8'))
    versions.set(name, file.version)
    app.get(`/${name}`, { schema: { hide: true } }, (request, reply) => {
      if (isOfVersion(file, request) || encodingFor(request) !== 'identity') return sendStaticFile(file, request, reply)
      // From the folder, for ranges and dates. Not under a version, as the file may have changed since the start.
      return reply.headers({ vary: 'Accept-Encoding', 'cache-control': 'no-cache' }).type(type).sendFile(name, { cacheControl: false, contentType: false })
    })
  }
  for (const [name, file] of await pageScripts()) {
    versions.set(name, file.version)
    app.get(`/${name}`, { schema: { hide: true } }, (request, reply) => {
      if (name === elementScript) reply.headers(forAnySite)
      return sendStaticFile(file, request, reply)
    })
  }
  const own = [['site-logo', logo?.type, logo?.bytes], ['site-color.css', 'text/css; charset=utf-8', color === null ? undefined : colorStyle(color)]] as const
  for (const [name, type, content] of own) {
    if (type === undefined || content === undefined) continue
    const file = await makeStaticFile(type, content)
    versions.set(name, file.version)
    app.get(`/${name}`, { schema: { hide: true } }, (request, reply) => sendStaticFile(file, request, reply))
  }
  // Under a prefix the root has two spellings. Each is a route of its own, so that `Allow` is right for both.
  for (const root of basePath === '' ? ['/'] : ['', '/']) {
    app.get(root, { schema: { hide: true }, prefixTrailingSlash: root === '/' ? 'slash' : 'no-slash' }, (_request, reply) => reply.redirect(`${basePath}/login`))
  }
  for (const page of ['login', 'me'] as const) {
    const html = await readPage(page, site)
    // With a slash at its end, too, as people type it. Not by a redirect: a proxy that adds the slash would send the visitor round in circles.
    for (const [path, folder] of [[`/${page}`, ''], [`/${page}/`, '../']] as const) {
      const file = await makeStaticFile('text/html; charset=utf-8', html
        .replace(/ (src|href)="([\w.-]+\.(?:js|css)|site-logo)"/g, (_all, attribute: string, name: string) => ` ${attribute}="${folder}${name}?v=${versions.get(name) ?? ''}"`))
      app.get(path, { schema: { hide: true } }, (request, reply) => sendStaticFile(file, request, reply))
    }
  }
}

/** On the white card only: it may be too dark for the other. */
const colorStyle = (color: string): string =>
  `@media not all and (prefers-color-scheme: dark) { :root { --accent: ${color}; --on-accent: #fff; --scan-login-accent: ${color}; --scan-login-on-accent: #fff; } }\n`

/** Files that are sent unchanged. */
const plainFiles = [['style.css', 'text/css; charset=utf-8'], ['scan-login.d.ts', 'text/plain; charset=utf-8']] as const

/** The only script that other sites load. It is public: ALLOWED_ORIGINS decides with each call what it may do there. */
const elementScript = 'scan-login.js'
const forAnySite = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }
