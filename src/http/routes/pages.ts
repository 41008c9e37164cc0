/** Owns the pages and the files they need, from `static/`, compressed. No listing, no dot files; a path that isn't a file is an ordinary "not found". */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { constants } from 'node:zlib'
import compress from '@fastify/compress'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { pageScripts, staticFolder } from '../page-scripts.ts'

export interface PageOptions {
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  readonly siteName: string
}

export const pageRoutes = ({ basePath, siteName }: PageOptions): FastifyPluginAsync => async (app) => {
  // Here and not for the API: nothing that is sent from this file holds a secret whose length could tell something.
  await app.register(compress, {
    encodings: ['br', 'gzip'],
    globalDecompression: false,
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } },
  })
  await app.register(fastifyStatic, {
    root: staticFolder,
    prefix: '/',
    wildcard: false, // a route for each file, so that nothing else can be asked for
    globIgnore: ['**/*.html', '**/*.js'],
    index: false,
    list: false,
    dotfiles: 'deny',
    setHeaders: (reply, path) => { if (path.endsWith('.d.ts')) reply.header('content-type', 'text/plain; charset=utf-8') },
  })
  for (const [name, { text, etag }] of pageScripts()) {
    app.get(`/${name}`, { schema: { hide: true } }, (request, reply) => {
      reply.headers({ etag, 'cache-control': 'no-cache' })
      if (name === elementScript) reply.headers(forAnySite)
      if (request.headers['if-none-match']?.includes(etag) === true) return reply.code(304).send()
      return reply.type('text/javascript; charset=utf-8').send(text)
    })
  }
  // Under a prefix the root has two spellings; each is a route, so that each is known to have GET and HEAD.
  for (const root of basePath === '' ? ['/'] : ['', '/']) {
    app.get(root, { schema: { hide: true }, prefixTrailingSlash: root === '/' ? 'slash' : 'no-slash' }, (_request, reply) => reply.redirect(`${basePath}/login`))
  }
  for (const page of ['login', 'me']) {
    const html = (await readFile(join(staticFolder, `${page}.html`), 'utf8')).replaceAll('{{site_name}}', () => escapeHtml(siteName))
    app.get(`/${page}`, { schema: { hide: true } }, (_request, reply) => reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(html))
  }
}

/** The one script that other sites load. It is no secret; what it may do there, ALLOWED_ORIGINS decides with each call. */
const elementScript = 'scan-login.js'
const forAnySite = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' }

/** For text and quoted attributes. */
const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
