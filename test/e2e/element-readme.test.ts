/** The page to copy from static/README.md, in a real Chromium, with the README's policy, on another site than the service's. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openPhone } from '../support/clients.ts'
import { serveDemo } from '../support/demo-window.ts'
import { approve, openHostPage } from '../support/host-site.ts'
import { makeFolder } from '../support/service-process.ts'
import { repository } from '../support/readmes.ts'
import { remote } from '../support/remote.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())

for (const file of ['README.md', 'README.zh-CN.md']) {
  await t.test(`static/${file}: a visitor of the page to copy is logged in, and its backend knows who they are`, async (t) => {
    const readme = readFileSync(join(repository, 'static', file), 'utf8')
    const blocks = (mark: string): string[] => [...readme.matchAll(new RegExp(`^\`\`\`${mark}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text)
    const [html = ''] = blocks('html')
    const [script = '', backend = ''] = blocks('js')
    const [, policy = ''] = /^Content-Security-Policy: (.+)$/m.exec(blocks('http')[0] ?? '') ?? []

    const tokens: string[] = []
    const server = createServer((request, response) => {
      const [type, body] = request.url === '/' ? ['text/html', html] : request.url === '/login.js' ? ['text/javascript', script] : ['text/plain', '']
      if (request.method === 'POST') tokens.push(request.headers.authorization?.replace('Bearer ', '') ?? '')
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': ours(policy) }).end(ours(body))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // an object for a TCP server
    const service = await serveDemo(t, { ALLOWED_ORIGINS: origin })
    const ours = (text: string): string => text.replaceAll('https://login.example.com', service.url).replaceAll('https://www.example.org', origin)

    const host = await openHostPage(t, browser, origin)
    await host.page.locator('scan-login .code-image').waitFor()
    const caller = remote(service.url)
    t.teardown(() => caller.close())
    const phone = await openPhone(caller, { jsCode: service.simulator.jsCode('ming'), authority: new URL(service.url).host })
    const [, ticket = ''] = /\/api\/tickets\/([\w-]{22})\/code/.exec(host.requests.join('\n')) ?? []
    const isBack = host.page.waitForEvent('load') // the page's script goes to / once the backend has answered
    await approve(phone, host, ticket)
    await isBack
    t.strictSame(host.complaints, [])

    const module = join(makeFolder(t), 'backend.mjs')
    writeFileSync(module, ours(backend).replace("'jose'", () => `'${import.meta.resolve('jose')}'`))
    const { verify } = await import(pathToFileURL(module).href) as { verify: (token: string) => Promise<string> }
    t.strictSame(await Promise.all(tokens.map(verify)), [phone.sub])
  })
}
