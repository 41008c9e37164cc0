/** Owns the addresses of the demo: its window, the simulated phone, and the js_code that stands in for `wx.login`. Never loaded in production. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { build } from 'esbuild'
import { Type } from 'typebox'

export interface DemoPhoneOptions {
  /** Whoever plays WeChat's part; gives a person's js_code, good for one login. */
  readonly wechat: { jsCode (person: string): string }
}

const room = join(import.meta.dirname, 'phone')

/** What the demo's pages may load and run: nothing from elsewhere, nothing inline. */
export const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'",
  "frame-src 'self'", "frame-ancestors 'self'", "base-uri 'none'", "form-action 'none'",
].join('; ')

const JsCodeBody = Type.Object({ person: Type.String({ minLength: 1, maxLength: 32 }) })

/** Serves the demo under the prefix it is registered with. Whoever reaches it can be any person: for a demo only. */
export const demoPhonePlugin = async (app: FastifyInstance, { wechat }: DemoPhoneOptions): Promise<void> => {
  const scripts = await scriptsOf({ phone: 'phone.ts', demo: 'demo-window.ts' })
  const [demoHtml, phoneHtml, demoCss, phoneCss] = await Promise.all(
    ['demo.html', 'phone.html', 'demo.css', 'phone.css'].map((file) => readFile(join(room, file), 'utf8')))

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' })
  })

  const serve = (path: string, type: string, content: string | undefined): void => {
    app.get(path, async (_request, reply): Promise<FastifyReply> => reply.type(`${type}; charset=utf-8`).send(content))
  }
  serve('/demo', 'text/html', demoHtml)
  serve('/demo/phone', 'text/html', phoneHtml)
  serve('/demo/demo.css', 'text/css', demoCss)
  serve('/demo/phone.css', 'text/css', phoneCss)
  serve('/demo/demo.js', 'text/javascript', scripts.get('demo.js'))
  serve('/demo/phone.js', 'text/javascript', scripts.get('phone.js'))

  app.post<{ Body: { person: string } }>('/demo/js-code', { schema: { body: JsCodeBody } }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store')
    return { js_code: wechat.jsCode(request.body.person) }
  })
}

/** File name → script, bundled in memory since a browser reads no TypeScript. */
const scriptsOf = async (entries: Record<string, string>): Promise<Map<string, string>> => {
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
