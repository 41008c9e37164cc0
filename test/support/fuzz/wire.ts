/** Requests as bytes on a socket of their own, so that no HTTP client corrects what is wrong with them. */
import { connect } from 'node:net'

export interface RawRequest {
  readonly method: string
  /** As in the request line. */
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Buffer
}

export interface RawAnswer {
  readonly status: number
  /** By lower-case name; the last value of each. */
  readonly headers: Readonly<Record<string, string>>
  /** Head and body. */
  readonly text: string
  readonly body: string
}

/** Returns a request's bytes, correctly framed, with `Connection: close`. Each character of a header is one byte. */
export const bytesOf = ({ method, target, headers, body }: RawRequest): Buffer => {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: login.example.com',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body.length > 0 || /^(?:POST|PUT|PATCH)$/.test(method) ? [`Content-Length: ${body.length}`] : []),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

export interface SendOptions {
  /** Sends FIN after this time, for bytes that may never become a request. */
  readonly finAfterMs?: number
}

/** Sends bytes and resolves with all that comes until the service closes the connection. */
export const sendRaw = (port: number, bytes: Buffer, { finAfterMs }: SendOptions = {}): Promise<string> => new Promise((resolve) => {
  const received: Buffer[] = []
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => { socket.write(bytes) })
  const fin = finAfterMs === undefined ? undefined : setTimeout(() => { socket.end() }, finAfterMs)
  socket.on('data', (data) => { received.push(data) })
  socket.on('error', () => {}) // 'close' follows and resolves with what came before
  socket.on('close', () => {
    clearTimeout(fin)
    resolve(Buffer.concat(received).toString('latin1'))
  })
})

/** Parses one answer, skipping `100 Continue`; undefined if it is none. */
export const readAnswer = (text: string): RawAnswer | undefined => {
  const [, status, lines = '', body = ''] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n([^]*)$/.exec(text.replace(/^(?:HTTP\/1\.1 100 Continue\r\n\r\n)+/, '')) ?? []
  if (status === undefined) return undefined
  const headers = Object.fromEntries(lines.split('\r\n').filter((line) => line !== '').map((line) => {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
    return [name.toLowerCase(), value]
  }))
  return { status: Number(status), headers, text, body }
}
