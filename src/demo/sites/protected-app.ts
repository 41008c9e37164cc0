/** An app that knows nothing of logins: it shows what the proxy in front of it says of the visitor. */
import { createServer, type Server } from 'node:http'
import { renderSitePage, sitePageHeaders } from './page.ts'
import { siteLanguageOf, siteLanguages } from './words.ts'

const shown = ['Remote-User', 'Remote-Name', 'Remote-Email', 'Remote-Groups']

export const createProtectedApp = ({ serviceUrl }: { serviceUrl: string }): Server => createServer(({ headers }, response) => {
  const language = siteLanguageOf(headers['accept-language'] ?? '')
  const words = siteLanguages[language]
  const facts = shown.flatMap((name) => {
    const value = headers[name.toLowerCase()]
    return typeof value === 'string' && value !== '' ? [[name, name === 'Remote-Name' ? decodeURIComponent(value) : value] as const] : []
  })
  response.writeHead(200, sitePageHeaders).end(renderSitePage({ language, ...words.proxy, facts, action: { href: `${serviceUrl}/me`, text: words.logOut }, serviceUrl }))
})
