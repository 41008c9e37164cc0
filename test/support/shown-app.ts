/** An app behind a proxy: it answers with what it was sent, and echoes WebSocket messages. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import { listen } from './listen.ts'
import { acceptHandshake, readTexts, sendText } from './web-socket.ts'

/** A request as the app got it. */
export interface ShownRequest {
  readonly method: string
  readonly url: string
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[]
  readonly bytes: number
  readonly sha256: string
}

export interface ShownApp {
  /** `127.0.0.1:8080` */
  readonly address: string
  /** What has reached it, WebSocket handshakes included. */
  readonly arrivals: readonly Pick<ShownRequest, 'url' | 'rawHeaders'>[]
}

/** Opens the app, closed when the test ends. `/own-401` answers as an app with a login of its own does. */
export const openShownApp = async (t: Test): Promise<ShownApp> => {
  const arrivals: Pick<ShownRequest, 'url' | 'rawHeaders'>[] = []
  const server = createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    const { method = '', url = '', rawHeaders, headers } = request
    arrivals.push({ url, rawHeaders })
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      bytes += chunk.length
    }).once('end', () => {
      const shown: ShownRequest = { method, url, rawHeaders, bytes, sha256: hash.digest('hex') }
      const isPage = headers['sec-fetch-mode'] === 'navigate'
      if (url === '/own-401') response.writeHead(401, { 'www-authenticate': 'Basic realm="app"', vary: 'Accept-Encoding' })
      else response.writeHead(200, { 'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json', 'cache-control': 'max-age=60' })
      response.end(isPage ? '<!doctype html><title>The app</title><link rel="icon" href="data:,">' : JSON.stringify(shown))
    })
  })
  const sockets = new Set<Duplex>()
  server.on('upgrade', ({ url = '', rawHeaders, headers }: IncomingMessage, socket: Duplex, head: Buffer) => {
    arrivals.push({ url, rawHeaders })
    sockets.add(socket)
    socket.on('error', () => {})
    acceptHandshake(socket, headers['sec-websocket-key'] ?? '')
    sendText(socket, JSON.stringify(rawHeaders), false)
    readTexts(socket, (text) => { sendText(socket, text, false) }, head)
  })
  const address = new URL(await listen(t, server)).host
  t.teardown(() => { for (const socket of sockets) socket.destroy() }) // before the server closes, which waits for them
  return { address, arrivals }
}

/** The values of a header, under its name with `-` or `_`, in any case. */
export const valuesOf = ({ rawHeaders }: Pick<ShownRequest, 'rawHeaders'>, name: string): readonly string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase().replaceAll('_', '-') === name)
