/** The pages and the files they need, from `static/`, each a route of its own: a path that isn't one of these is an ordinary "not found". */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { pageScripts, staticFolder } from '../page-scripts.ts'
import { encodingFor, isOfVersion, makeStaticFile, sendStaticFile } from '../static-files.ts'

export interface PageOptions {
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  readonly siteName: string
}

export const pageRoutes = ({ basePath, siteName }: PageOptions): FastifyPluginAsync => async (app) => {
  const versions = new Map<string, string>()
  await app.register(fastifyStatic, { root: staticFolder, serve: false })
  for (const [name, type] of plainFiles) {
    const file = await makeStaticFile(type, await readFile(join(staticFolder, name), 'utf8'))
    versions.set(name, file.version)
    app.get(`/${name}`, { schema: { hide: true } }, (request, reply) => {
      if (isOfVersion(file, request) || encodingFor(request) !== 'identity') return sendStaticFile(file, request, reply)
      // As it lies there now, with all that HTTP knows of parts and dates; under a version, never what came to lie there after the start.
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
  // Under a prefix the root has two spellings; each is a route, so that each is known to have GET and HEAD.
  for (const root of basePath === '' ? ['/'] : ['', '/']) {
    app.get(root, { schema: { hide: true }, prefixTrailingSlash: root === '/' ? 'slash' : 'no-slash' }, (_request, reply) => reply.redirect(`${basePath}/login`))
  }
  for (const page of ['login', 'me']) {
    const html = (await readFile(join(staticFolder, `${page}.html`), 'utf8'))
      .replaceAll('{{site_name}}', () => escapeHtml(siteName))
      .replace(/ (src|href)="([\w.-]+\.(?:js|css))"/g, (_all, attribute: string, name: string) => ` ${attribute}="${name}?v=${versions.get(name) ?? ''}"`)
    const file = await makeStaticFile('text/html; charset=utf-8', html)
    app.get(`/${page}`, { schema: { hide: true } }, (request, reply) => sendStaticFile(file, request, reply))
  }
}

/** What lies in the folder as it is sent. */
const plainFiles = [['style.css', 'text/css; charset=utf-8'], ['scan-login.d.ts', 'text/plain; charset=utf-8']] as const

/** The one script that other sites load. It is no secret; what it may do there, ALLOWED_ORIGINS decides with each call. */
const elementScript = 'scan-login.js'
const forAnySite = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

/** For text and quoted attributes. */
const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
