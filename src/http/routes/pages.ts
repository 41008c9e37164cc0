/** Owns the pages and the files they need, from `static/`. No listing, no dot files; a path that isn't a file is an ordinary "not found". */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'

const root = join(import.meta.dirname, '../../../static')

export interface PageOptions {
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  readonly siteName: string
}

export const pageRoutes = ({ basePath, siteName }: PageOptions): FastifyPluginAsync => async (app) => {
  await app.register(fastifyStatic, {
    root,
    prefix: '/',
    wildcard: false, // a route for each file, so that nothing else can be asked for
    globIgnore: ['**/*.html'],
    index: false,
    list: false,
    dotfiles: 'deny',
  })
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect(`${basePath}/login`))
  for (const page of ['login', 'me']) {
    const html = (await readFile(join(root, `${page}.html`), 'utf8')).replaceAll('{{site_name}}', () => escapeHtml(siteName))
    app.get(`/${page}`, { schema: { hide: true } }, (_request, reply) => reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(html))
  }
}

/** For text and quoted attributes. */
const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
