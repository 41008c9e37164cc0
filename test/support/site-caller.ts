/** Calls to hosts behind a proxy that encrypts, with headers in any spelling, and any number of times. */
import { request, type Agent } from 'node:https'
import type { Duplex } from 'node:stream'
import { asAnswer, type Answer } from './test-service.ts'
import { handshakeHeaders, readTexts, sendText } from './web-socket.ts'

export interface SiteCall {
  readonly host: string
  readonly method?: string
  readonly path: string
  /** Names and values in turn, or each name once. */
  readonly headers?: readonly string[] | Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Another name than `host` for TLS. */
  readonly servername?: string
  /** Keeps connections; without it each call has its own. */
  readonly agent?: Agent
}

const rawOf = (headers: SiteCall['headers'] = []): readonly string[] => Array.isArray(headers) ? headers : Object.entries(headers).flat() as string[] // TypeScript does not narrow readonly arrays

/** Calls a host at the proxy's address. */
export const callSite = (address: string, { host, method = 'GET', path, headers, body, servername = host, agent }: SiteCall): Promise<Answer> => new Promise((resolve, reject) => {
  const [at, port] = address.split(':')
  const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))]
  // Host comes last: a proxy has to refuse a name before it knows which site is asked for.
  const asked = request({ host: at, port, method, path, servername, rejectUnauthorized: false, agent: agent ?? false, headers: [...rawOf(headers), ...length, 'Host', host] }, (answer) => {
    let text = ''
    answer.setEncoding('utf8').on('data', (part: string) => { text += part }).once('end', () => { resolve(asAnswer(answer.statusCode ?? 0, answer.headers, text)) }).once('error', reject)
  })
  asked.once('error', reject)
  asked.end(body)
})

export interface SocketEnd {
  /** 101 once it is open, else the status of the refusal. */
  readonly status: number
  /** What the app was sent, which is its first message. */
  readonly rawHeaders: readonly string[]
  /** Sends a text and returns the answer. */
  echo (text: string): Promise<string>
  close (): void
}

/** Opens a WebSocket at a host. */
export const openSocket = (address: string, { host, path, headers = [] }: Pick<SiteCall, 'host' | 'path' | 'headers'>): Promise<SocketEnd> => new Promise((resolve, reject) => {
  const [at, port] = address.split(':')
  const asked = request({ host: at, port, path, servername: host, rejectUnauthorized: false, agent: false, headers: [...rawOf(headers), ...rawOf(handshakeHeaders()), 'Host', host] })
  asked.once('response', (answer) => {
    resolve({ status: answer.statusCode ?? 0, rawHeaders: [], echo: async () => '', close: () => {} })
    answer.destroy()
  })
  asked.once('upgrade', (_answer, socket: Duplex, head: Buffer) => {
    let next: (text: string) => void = (text) => {
      resolve({
        status: 101,
        rawHeaders: JSON.parse(text) as string[],
        echo: (message) => new Promise((resolve) => {
          next = resolve
          sendText(socket, message, true)
        }),
        close: () => { socket.destroy() },
      })
    }
    socket.on('error', reject)
    readTexts(socket, (text) => { next(text) }, head)
  })
  asked.once('error', reject)
  asked.end()
})
