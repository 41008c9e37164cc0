/** Owns the addresses of the demo: its window, the simulated phone, the mini program in it, and the js_code that stands in for `wx.login`. Never loaded in production. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { build } from 'esbuild'
import { Type } from 'typebox'
import { refuseForeignPages } from '../http/same-origin.ts'
import { compileMiniProgram } from './miniprogram.ts'

export interface DemoPhoneOptions {
  /** Whoever plays WeChat's part; gives a person's js_code, good for one login. */
  readonly wechat: { jsCode (person: string): string }
  /** Where the mini program calls: PUBLIC_URL. */
  readonly serviceUrl: string
}

const phone = join(import.meta.dirname, 'phone')
const runtime = join(import.meta.dirname, 'runtime')
const miniProgram = join(import.meta.dirname, '../../miniprogram')

/** What the demo's pages may load and run: nothing from elsewhere, nothing inline. */
export const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'",
  "frame-src 'self'", "frame-ancestors 'self'", "base-uri 'none'", "form-action 'none'",
].join('; ')

const JsCodeBody = Type.Object({ person: Type.String({ minLength: 1, maxLength: 32 }) })

/** Serves the demo under the prefix it is registered with, compiled once. Whoever reaches it can be any person: for a demo only. */
export const demoPhonePlugin = async (app: FastifyInstance, { wechat, serviceUrl }: DemoPhoneOptions): Promise<void> => {
  const [phoneScripts, runtimeScripts, compiled] = await Promise.all([
    scriptsOf(phone, { phone: 'phone.ts', demo: 'demo-window.ts' }),
    scriptsOf(runtime, { runtime: 'runtime.ts' }),
    compileMiniProgram({ folder: miniProgram, serviceUrl }),
  ])
  const [demoHtml, phoneHtml, demoCss, phoneCss, appHtml, runtimeCss] = await Promise.all([
    ...['demo.html', 'phone.html', 'demo.css', 'phone.css'].map((file) => readFile(join(phone, file), 'utf8')),
    ...['app.html', 'runtime.css'].map((file) => readFile(join(runtime, file), 'utf8')),
  ])

  const service = new URL(serviceUrl)
  app.addHook('onRequest', async (request, reply) => {
    // The phone calls the service by its one address, and its page may call no other origin than its own.
    if (isOtherNameOf(service, request)) return reply.redirect(service.origin + request.url)
    reply.headers({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' })
  })

  const serve = (path: string, type: string, content: string | undefined): void => {
    app.get(path, async (_request, reply): Promise<FastifyReply> => reply.type(`${type}; charset=utf-8`).send(content))
  }
  serve('/demo', 'text/html', demoHtml)
  serve('/demo/phone', 'text/html', phoneHtml)
  serve('/demo/phone/app', 'text/html', appHtml)
  serve('/demo/demo.css', 'text/css', demoCss)
  serve('/demo/phone.css', 'text/css', phoneCss)
  serve('/demo/demo.js', 'text/javascript', phoneScripts.get('demo.js'))
  serve('/demo/phone.js', 'text/javascript', phoneScripts.get('phone.js'))
  serve('/demo/app/runtime.css', 'text/css', runtimeCss)
  serve('/demo/app/runtime.js', 'text/javascript', runtimeScripts.get('runtime.js'))
  for (const [file, { type, text }] of compiled) serve(`/demo/app/${file}`, type, text)

  // A js_code is whoever it names: no page of another site may ask for one.
  const onRequest = refuseForeignPages({ origin: service.origin, COOKIE_DOMAIN: null, ALLOWED_ORIGINS: [] })
  app.post<{ Body: { person: string } }>('/demo/js-code', { schema: { body: JsCodeBody }, onRequest }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store')
    return { js_code: wechat.jsCode(request.body.person) }
  })
}

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])$/

/** Whether a browser on this machine came by another of the machine's own names. */
const isOtherNameOf = ({ hostname, port }: URL, request: FastifyRequest): boolean =>
  request.method === 'GET' && request.hostname !== hostname && loopback.test(hostname) && loopback.test(request.hostname) && String(request.port ?? '') === port

/** File name → script, bundled in memory since a browser reads no TypeScript. */
const scriptsOf = async (room: string, entries: Record<string, string>): Promise<Map<string, string>> => {
  const { outputFiles } = await build({
    entryPoints: entries,
    absWorkingDir: room,
    outdir: room,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'silent',
  })
  return new Map(outputFiles.map((file) => [file.path.slice(room.length + 1), file.text]))
}
