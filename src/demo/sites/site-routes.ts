/** The demo's routes for its sample websites: the list of them, what a camera sees of their pages, and the READMEs that they link to. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { DemoSite } from './demo-sites.ts'
import { siteLanguageOf, siteLanguages, siteReadmeOf } from './words.ts'

export interface SiteRouteOptions {
  readonly sites: readonly DemoSite[]
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  readonly newestTicket: () => string | undefined
}

const repository = join(import.meta.dirname, '../../..')

export const siteRoutes = async (app: FastifyInstance, { sites, basePath, newestTicket }: SiteRouteOptions): Promise<void> => {
  const style = await readFile(join(import.meta.dirname, 'list.css'), 'utf8')

  app.get<{ Querystring: { lang?: string } }>('/demo/sites', async (request, reply) => {
    const language = siteLanguageOf(request.query.lang ?? request.headers['accept-language'] ?? '')
    const words = siteLanguages[language]
    const items = sites.map(({ kind, url }) => `
  <li>
    <h2><a href="${url}/">${words.ways[kind].title}</a></h2>
    <p>${words.ways[kind].what}</p>
    <p><a href="${url}/" target="_blank" rel="noopener">${words.openInTab}</a> <code>${url.replace('http://', '')}</code></p>
  </li>`)
    return reply.type('text/html; charset=utf-8').send(`<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${words.title}</title>
<link rel="stylesheet" href="sites.css">
<h1>${words.title}</h1>
<ul>${items.join('')}
</ul>
<p><a href="${siteReadmeOf(language)}" target="_blank" rel="noopener">${words.readme}</a></p>
`)
  })
  app.get('/demo/sites.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send(style))

  app.get('/demo/newest-code', async (_request, reply) => {
    reply.header('Cache-Control', 'no-store')
    const ticket = newestTicket()
    return ticket === undefined ? reply.callNotFound() : reply.redirect(`${basePath}/api/tickets/${ticket}/code`)
  })

  for (const name of ['README.md', 'README.zh-CN.md']) {
    app.get(`/demo/${name}`, async (_request, reply) => reply.type('text/plain; charset=utf-8').send(await readFile(join(repository, name))))
  }
}
