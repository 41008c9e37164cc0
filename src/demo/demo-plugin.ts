/** Routes of the demo: its window, the simulated phone, the compiled mini program, and js_codes for `wx.login`. Never loaded in production. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { build } from 'esbuild'
import { Type } from 'typebox'
import { refuseForeignPages } from '../http/same-origin.ts'
import type { DemoAdmission } from './demo-people.ts'
import { compileMiniProgram } from './miniprogram.ts'
import { siteRoutes, type SiteRouteOptions } from './sites/site-routes.ts'

export interface DemoPluginOptions {
  /** The simulated WeChat. `jsCode` gives a person's js_code, valid once. */
  readonly wechat: { jsCode (person: string): string | Promise<string> }
  /** What the demo's window switches. */
  readonly admission: DemoAdmission
  /** The address that the mini program calls: PUBLIC_URL. */
  readonly serviceUrl: string
  /** Where other websites may use the demo. */
  readonly sites?: SiteRouteOptions
}

const phoneFolder = join(import.meta.dirname, 'phone')
const runtimeFolder = join(import.meta.dirname, 'runtime')
const miniProgramFolder = join(import.meta.dirname, '../../miniprogram')

/** Content-Security-Policy of the demo's pages: nothing from other origins but sample websites in the window's frame, nothing inline. */
const policyWith = (framed: readonly string[]): string => [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'",
  ["frame-src 'self'", ...framed].join(' '), "frame-ancestors 'self'", "base-uri 'none'", "form-action 'none'",
].join('; ')
export const policy = policyWith([])

const RegistrationBody = Type.Object({ registration: Type.Enum(['open', 'approval', 'closed']) })
const JsCodeBody = Type.Object({ person: Type.String({ minLength: 1, maxLength: 32 }) })

/** Serves the demo under the prefix it is registered with; compiles once, at registration. A client of these routes can log in as any person. */
export const demoPlugin = async (app: FastifyInstance, { wechat, admission, serviceUrl, sites }: DemoPluginOptions): Promise<void> => {
  const [phoneScripts, runtimeScripts, compiled] = await Promise.all([
    bundle(phoneFolder, { phone: 'phone.ts', demo: 'demo-window.ts' }),
    bundle(runtimeFolder, { runtime: 'runtime.ts' }),
    compileMiniProgram({ folder: miniProgramFolder, serviceUrl }),
  ])
  const [demoHtml, phoneHtml, demoCss, phoneCss, appHtml, runtimeCss] = await Promise.all([
    ...['demo.html', 'phone.html', 'demo.css', 'phone.css'].map((file) => readFile(join(phoneFolder, file), 'utf8')),
    ...['app.html', 'runtime.css'].map((file) => readFile(join(runtimeFolder, file), 'utf8')),
  ])

  const service = new URL(serviceUrl)
  const policy = policyWith(sites?.sites.map(({ url }) => url) ?? [])
  app.addHook('onRequest', async (request, reply) => {
    // The policy lets the phone's page call its own origin only, and it calls the service at PUBLIC_URL: both have to be the same origin.
    if (usesOtherLoopbackName(request, service)) return reply.redirect(service.origin + request.url)
    reply.headers({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' })
  })

  const serve = (path: string, type: string, content: string | undefined): void => {
    app.get(path, async (_request, reply): Promise<FastifyReply> => reply.type(`${type}; charset=utf-8`).send(content))
  }
  /** Tells the scripts of a page whether other websites use the demo, and how many of them are samples. */
  const withSites = (html: string | undefined): string | undefined => sites === undefined ? html : html?.replace('<html ', `<html data-sites="${sites.sites.length}" `)
  serve('/demo', 'text/html', withSites(demoHtml))
  serve('/demo/phone', 'text/html', withSites(phoneHtml))
  serve('/demo/phone/app', 'text/html', appHtml)
  serve('/demo/demo.css', 'text/css', demoCss)
  serve('/demo/phone.css', 'text/css', phoneCss)
  serve('/demo/demo.js', 'text/javascript', phoneScripts.get('demo.js'))
  serve('/demo/phone.js', 'text/javascript', phoneScripts.get('phone.js'))
  serve('/demo/app/runtime.css', 'text/css', runtimeCss)
  serve('/demo/app/runtime.js', 'text/javascript', runtimeScripts.get('runtime.js'))
  for (const [file, { type, text }] of compiled) serve(`/demo/app/${file}`, type, text)

  // A js_code is a login as the person it was made for: pages of other sites must not get one.
  const onRequest = refuseForeignPages({ origin: service.origin, COOKIE_DOMAIN: null, ALLOWED_ORIGINS: [] })
  app.post<{ Body: { person: string } }>('/demo/js-code', { schema: { body: JsCodeBody }, onRequest }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store')
    return { js_code: await wechat.jsCode(request.body.person) }
  })

  if (sites !== undefined) await app.register(siteRoutes, sites)

  app.get('/demo/registration', async () => admission)
  app.put<{ Body: DemoAdmission }>('/demo/registration', { schema: { body: RegistrationBody }, onRequest }, async (request) => {
    admission.registration = request.body.registration
    return admission
  })
}

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/

/** Whether the request came to another loopback name (`localhost`, `127.0.0.1`, `[::1]`) than the service's own. */
const usesOtherLoopbackName = (request: FastifyRequest, { hostname, port }: URL): boolean =>
  request.method === 'GET' && request.hostname !== hostname && loopback.test(hostname) && loopback.test(request.hostname) && String(request.port ?? '') === port

/** Bundles TypeScript for a browser, in memory; file name → script. */
const bundle = async (folder: string, entries: Record<string, string>): Promise<Map<string, string>> => {
  const { outputFiles } = await build({
    entryPoints: entries,
    absWorkingDir: folder,
    outdir: folder,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'silent',
  })
  return new Map(outputFiles.map((file) => [file.path.slice(folder.length + 1), file.text]))
}
