/** Owns the pages and the files they need, from `static/`. No listing, no dot files; a path that isn't a file is an ordinary "not found". */
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'

const folder = join(import.meta.dirname, '../../../static')

export const pageRoutes = (basePath: string): FastifyPluginAsync => async (app) => {
  await app.register(fastifyStatic, {
    root: folder,
    prefix: '/',
    wildcard: false, // a route for each file, so that nothing else can be asked for
    globIgnore: ['**/*.html'],
    index: false,
    list: false,
    dotfiles: 'deny',
  })
  // Under a prefix the root has two spellings; each is a route, so that each is known to have GET and HEAD.
  for (const root of basePath === '' ? ['/'] : ['', '/']) {
    app.get(root, { schema: { hide: true }, prefixTrailingSlash: root === '/' ? 'slash' : 'no-slash' }, (_request, reply) => reply.redirect(`${basePath}/login`))
  }
  app.get('/login', { schema: { hide: true } }, (_request, reply) => reply.sendFile('login.html'))
  app.get('/me', { schema: { hide: true } }, (_request, reply) => reply.sendFile('me.html'))
}
