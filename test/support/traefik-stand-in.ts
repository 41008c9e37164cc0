/**
 * A stand-in for Traefik, which neither npm nor Debian has: it reads the recipe's file, and does what the documents and the sources of Traefik 3.7
 * (`middlewares/auth/forward.go`, `middlewares/forwardedheaders`, `proxy/httputil`) say of ForwardAuth, the header middleware and the entry point. Where older
 * releases are laxer (`X_Forwarded_For` stays), it is as lax as they are.
 */
import { request as openRequest, type IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'

/** A part of the file: `key: value`, deeper by two spaces, lists of words or of one key. */
interface Part { readonly [key: string]: Part | string }

/** Reads as much of YAML as the recipe has. */
const parse = (text: string): Part => {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#')).map((line) => ({ depth: line.search(/\S/), text: line.trim().replace(/^- /, '') }))
  const read = (depth: number): Part => {
    const part: Record<string, Part | string> = {}
    for (let line = lines[0]; line !== undefined && line.depth >= depth; line = lines[0]) {
      lines.shift()
      const [, key = '', value = ''] = /^([^:]+):(?: (.*))?$/.exec(line.text) ?? []
      part[key] = value === '' ? read(line.depth + 1) : value
    }
    return part
  }
  return read(0)
}

type Fields = [name: string, value: string][]

/** Go's canonical form: `remote_USER` becomes `Remote_user`. */
const canonical = (name: string): string => name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
const fieldsOf = (raw: readonly string[]): Fields => raw.flatMap((name, index) => index % 2 === 0 ? [[canonical(name), raw[index + 1] ?? '']] : [])
const get = (fields: Fields, name: string): string | undefined => fields.find(([found]) => found === name)?.[1]
const without = (fields: Fields, isGone: (name: string) => boolean): Fields => fields.filter(([name]) => !isGone(name))
const set = (fields: Fields, name: string, value: string): Fields => [...without(fields, (found) => found === name), [name, value]]

const managed = new Set(['Proto', 'For', 'Host', 'Port', 'Server', 'Uri', 'Method', 'Prefix', 'Tls-Client-Cert', 'Tls-Client-Cert-Info'].map((name) => `X-Forwarded-${name}`).concat('X-Real-Ip'))
const hopByHop = new Set(['Connection', 'Keep-Alive', 'Te', 'Trailer', 'Transfer-Encoding', 'Upgrade'])

const textOf = (part: Part | string | undefined): string => typeof part === 'string' ? part : ''
const inside = (part: Part | string | undefined, ...keys: string[]): Part | string | undefined =>
  keys.reduce<Part | string | undefined>((found, key) => typeof found === 'object' ? found[key] : undefined, part)

/** What the entry point makes of a request's headers. */
const atEntryPoint = ({ rawHeaders, headers: { host = '' }, socket }: IncomingMessage): Fields => {
  let fields = without(fieldsOf(rawHeaders), (name) => managed.has(name))
  const connection = fields.filter(([name]) => name === 'Connection').flatMap(([, value]) => value.split(',')).map((name) => canonical(name.trim()))
  const upgrade = connection.includes('Upgrade') ? get(fields, 'Upgrade') : undefined
  fields = set(fields, 'X-Real-Ip', socket.remoteAddress ?? '')
  fields = set(fields, 'X-Forwarded-Proto', upgrade === undefined ? 'https' : 'wss')
  fields = set(fields, 'X-Forwarded-Port', '443')
  fields = set(fields, 'X-Forwarded-Host', host)
  fields = set(fields, 'X-Forwarded-Server', 'traefik')
  fields = without(fields, (name) => name === 'Connection' || (connection.includes(name) && !managed.has(name)))
  return upgrade === undefined ? fields : set(set(fields, 'Upgrade', upgrade), 'Connection', 'Upgrade')
}

interface Reply {
  readonly status: number
  readonly reason: string
  readonly fields: Fields
  readonly body: IncomingMessage
  /** After an upgrade. */
  readonly socket?: Duplex
}

/** Passes a request on with these headers. */
const send = async ({ hostname, port }: URL, path: string, method: string, fields: Fields, body?: IncomingMessage): Promise<Reply> => {
  const asked = openRequest({ host: hostname, port, path, method, headers: fields.flat(), agent: false })
  const answered = new Promise<Reply>((resolve, reject) => {
    const reply = (answer: IncomingMessage, socket?: Duplex): void => {
      const fields = without(fieldsOf(answer.rawHeaders), (name) => socket === undefined && hopByHop.has(name))
      resolve({ status: answer.statusCode ?? 500, reason: answer.statusMessage ?? '', fields, body: answer, ...socket !== undefined && { socket } })
    }
    asked.once('response', (answer) => { reply(answer) })
    asked.once('upgrade', (answer, socket, head) => {
      socket.unshift(head)
      reply(answer, socket)
    })
    asked.once('error', reject)
  })
  if (body === undefined) asked.end()
  else body.pipe(asked)
  return await answered
}

/** Asks the service. Returns the request's headers if it may go on, else the answer for the visitor. */
const forwardAuth = async (how: Part, request: IncomingMessage, fields: Fields): Promise<Fields | Reply> => {
  const address = new URL(textOf(how.address))
  if (how.trustForwardHeader !== 'false') throw new Error('the stand-in trusts no X-Forwarded-*')
  const sent: Fields = [
    ['Host', address.host],
    ...without(fields, (name) => hopByHop.has(name) || managed.has(name) || name === 'Host' || name === 'Content-Length'),
    ['X-Forwarded-For', request.socket.remoteAddress ?? ''],
    ['X-Forwarded-Method', request.method ?? ''],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Host', request.headers.host ?? ''],
    ['X-Forwarded-Uri', request.url ?? ''],
  ]
  const reply = await send(address, `${address.pathname}${address.search}`, 'GET', sent)
  if (reply.status < 200 || reply.status > 299) {
    // Go resolves a relative one against the address that it called.
    return { ...reply, fields: reply.fields.map(([name, value]) => [name, name === 'Location' && !/^https?:/.test(value) ? new URL(value, address).href : value]) }
  }
  reply.body.resume()
  const [, insensitive, pattern = ''] = /^(\(\?i\))?(.*)$/.exec(textOf(how.authResponseHeadersRegex)) ?? []
  const copied = new RegExp(pattern, insensitive === undefined ? '' : 'i')
  return [...without(fields, (name) => copied.test(name)), ...reply.fields.filter(([name]) => copied.test(name))]
}

/** Runs the stand-in on a file of the recipe's form, with a certificate, until the test ends. */
export const startTraefik = async (t: Test, listenAt: string, pem: string, file: string): Promise<void> => {
  const { routers = {}, middlewares = {}, services = {} } = (parse(file) as { http: Record<string, Part> }).http // the file is the recipe's

  /** The router with the longest rule that fits. */
  const routerOf = (host: string, path: string): Part | undefined => Object.values(routers).filter((router) => typeof router !== 'string')
    .filter(({ rule }) => textOf(rule).split(' && ').every((part) => {
      const [, what, value = ''] = /^(Host|PathPrefix)\(`([^`]*)`\)$/.exec(part) ?? []
      if (what === undefined) throw new Error(`the stand-in does not know ${part}`)
      return what === 'Host' ? value === host.replace(/:\d+$/, '') : path.startsWith(value)
    })).toSorted((a, b) => textOf(b.rule).length - textOf(a.rule).length)[0]

  const handle = async (request: IncomingMessage): Promise<Reply> => {
    const router = routerOf(request.headers.host ?? '', request.url ?? '')
    if (router === undefined) throw new Error('no router')
    let fields = atEntryPoint(request)
    for (const name of textOf(router.middlewares).split(/[[\], ]+/).filter((name) => name !== '')) {
      const auth = inside(middlewares, name, 'forwardAuth')
      const custom = inside(middlewares, name, 'headers', 'customRequestHeaders')
      if (typeof auth === 'object') {
        const found = await forwardAuth(auth, request, fields)
        if (!Array.isArray(found)) return found
        fields = found
      } else if (typeof custom === 'object') {
        for (const [header, value] of Object.entries(custom)) fields = set(fields, canonical(header), textOf(value))
      } else throw new Error(`the stand-in does not know ${name}`)
    }
    const hops = [get(fields, 'X-Forwarded-For'), request.socket.remoteAddress].filter((hop) => hop !== undefined)
    const backend = new URL(textOf(inside(services, textOf(router.service), 'loadBalancer', 'servers', 'url')))
    return await send(backend, request.url ?? '', request.method ?? '', set(fields, 'X-Forwarded-For', hops.join(', ')), get(fields, 'Upgrade') === undefined ? request : undefined)
  }

  const pair = readFileSync(pem)
  const server = createServer({ key: pair, cert: pair, maxHeaderSize: 1024 * 1024 }, (request, response) => {
    handle(request).then(({ status, fields, body }) => {
      response.writeHead(status, fields.flat())
      body.pipe(response)
    }).catch(() => { if (!response.headersSent) response.writeHead(500).end() })
  })
  server.on('upgrade', (request: IncomingMessage, client: Duplex) => {
    client.on('error', () => {})
    handle(request).then(({ status, reason, fields, body, socket }) => {
      client.write(`HTTP/1.1 ${status} ${reason}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
      socket?.on('error', () => {})
      if (socket === undefined) body.pipe(client)
      else socket.pipe(client).pipe(socket)
    }).catch(() => { client.destroy() })
  })
  const open = new Set<Duplex>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  const [host, port] = listenAt.split(':')
  server.listen(Number(port), host)
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of open) socket.destroy()
    server.close()
    await once(server, 'close')
  })
}
