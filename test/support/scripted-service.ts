/** A fake service over real HTTP, whose every answer a test can set: the files of static/ under the product's policy, and enough of the API for one ticket. */
import { EventEmitter, once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { encode } from 'fast-png'
import { encodeQR } from 'qr'
import { readPage } from '../../src/http/page-html.ts'
import { staticFolder } from '../../src/http/page-files.ts'
import { elementStyleSource, pageScripts } from '../../src/http/page-scripts.ts'

export interface Reply {
  readonly status: number
  readonly headers?: Record<string, string>
  /** Sent as JSON, but a string as it is. */
  readonly body?: unknown
}

export type ScriptedCall = 'create' | 'code' | 'read' | 'consume' | 'cancel' | 'session' | 'logOut'

/** The part of the answer to a poll that a test sets. */
export interface View {
  readonly state: string
  readonly match_code?: string
  readonly sub?: string
  readonly phone?: { readonly name: string } | undefined
}

const policy = `default-src 'none'; script-src 'self'; style-src 'self' ${elementStyleSource}; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'`
const types: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' }

/** Starts it under a path prefix, as behind a proxy. */
export const startScriptedService = async ({ prefix = '/some/where' } = {}) => {
  /** Answers in place of a healthy service's; `cut` closes the connection, `hold` never answers. */
  const script: Partial<Record<ScriptedCall, Reply | 'cut' | 'hold'>> = {}
  const calls: { readonly call: ScriptedCall, readonly url: string, readonly headers: IncomingMessage['headers'], readonly body: string }[] = []
  const holding = new Set<() => void>()
  const called = new EventEmitter()
  let made = 0
  let version = 1
  let view: View = { state: 'pending' }
  let lifeSeconds = 180

  const healthy: Record<ScriptedCall, (request: IncomingMessage) => Reply | Promise<Reply>> = {
    create: () => {
      made += 1
      version = 1
      view = { state: 'pending' }
      const ticket = `ticket${made}`.padEnd(22, '0')
      return { status: 201, body: { ticket, secret: 's'.repeat(43), state: 'pending', version, expires_in: lifeSeconds, code_url: `${prefix}/api/tickets/${ticket}/code`, max_wait: 25, match: true } }
    },
    code: ({ url }) => ({ status: 200, headers: { 'content-type': 'image/png', 'cache-control': 'private, max-age=180' }, body: pictureOf(url ?? '') }),
    read: async ({ url }) => {
      const { searchParams } = new URL(url ?? '', 'http://any')
      if (version <= Number(searchParams.get('after')) && searchParams.get('wait') !== '0') {
        await new Promise<void>((resolve) => { holding.add(resolve) })
      }
      return { status: 200, body: { ticket: 'any', version, expires_in: lifeSeconds, ...(view.state === 'confirmed' && { sub: 's', phone: { name: '小雨' } }), ...view } }
    },
    consume: () => ({ status: 200, body: { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 900, user: { sub: 's', name: '小雨' }, return_to: null } }),
    cancel: () => ({ status: 204 }),
    session: () => ({ status: 200, body: { user: null, session: null } }),
    logOut: () => {
      delete script.session
      return { status: 204 }
    },
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '', 'http://any').pathname.slice(prefix.length + 1)
    const call = callOf(request.method ?? '', path)
    if (call === undefined) return file(path, response)
    const body = Buffer.concat(await request.toArray()).toString()
    calls.push({ call, url: request.url ?? '', headers: request.headers, body })
    called.emit(call)
    const reply = script[call] ?? await healthy[call](request)
    if (reply === 'hold') return
    if (reply === 'cut') {
      request.socket.destroy()
      return
    }
    const isRaw = typeof reply.body === 'string' || reply.body instanceof Uint8Array
    const json = reply.status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json'
    response.writeHead(reply.status, { 'content-type': isRaw ? 'text/html' : json, 'cache-control': 'no-store', ...reply.headers })
    response.end(isRaw ? reply.body : reply.body === undefined ? '' : JSON.stringify(reply.body))
  }

  const file = async (path: string, response: ServerResponse): Promise<void> => {
    const isPage = path === 'login' || path === 'me'
    const name = isPage ? `${path}.html` : path
    const bytes = isPage ? await readPage(path, { siteName: 'Example', home: 'http://example.com/', hasLogo: false, hasColor: false, privacyUrl: 'https://example.com/privacy', termsUrl: 'https://example.com/terms', otherLoginUrl: 'https://example.com/login' }) : scripts.get(name)?.representations.identity.bytes ?? await readFile(join(staticFolder, name)).catch(() => undefined)
    response.writeHead(bytes === undefined ? 404 : 200, { 'content-type': types[extname(name)] ?? 'text/plain', 'content-security-policy': policy })
    response.end(bytes)
  }

  const scripts = await pageScripts()
  const server = createServer((request, response) => {
    answer(request, response).catch(() => { request.socket.destroy() })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    script,
    calls,
    /** Returns how many calls of a kind there were. */
    count: (call: ScriptedCall): number => calls.filter((made) => made.call === call).length,
    /** Resolves once there has been a call of this kind. */
    until: async (call: ScriptedCall): Promise<void> => { if (!calls.some((made) => made.call === call)) await once(called, call) },
    /** Changes the ticket and answers the held polls. */
    move: (next: View): void => {
      view = next
      version += 1
      for (const wake of holding) wake()
      holding.clear()
    },
    /** Sets `expires_in` of tickets and views from now on. */
    live: (seconds: number): void => { lifeSeconds = seconds },
    close: async (): Promise<void> => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type ScriptedService = Awaited<ReturnType<typeof startScriptedService>>

const callOf = (method: string, path: string): ScriptedCall | undefined => {
  if (path === 'api/session') return method === 'DELETE' ? 'logOut' : 'session'
  if (path === 'api/tickets') return 'create'
  if (!path.startsWith('api/tickets/')) return undefined
  if (path.endsWith('/code')) return 'code'
  if (path.endsWith('/consume')) return 'consume'
  return method === 'DELETE' ? 'cancel' : 'read'
}

/** Returns a picture as large as WeChat's, different for each ticket. */
const pictureOf = (text: string): Uint8Array => {
  const cells = encodeQR(text, 'raw', { border: 2 })
  const scale = Math.floor(430 / cells.length)
  const size = cells.length * scale
  const data = Uint8Array.from({ length: size * size }, (_, at) => cells[Math.floor(at / size / scale)]?.[Math.floor((at % size) / scale)] === true ? 0 : 255)
  return encode({ width: size, height: size, data, channels: 1, depth: 8 })
}
