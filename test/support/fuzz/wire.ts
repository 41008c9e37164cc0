/** Owns requests as bytes on a socket of their own: nothing between the test and the service mends what is wrong with them. */
import { connect } from 'node:net'

export interface RawRequest {
  readonly method: string
  /** As it stands in the first line. */
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Buffer
}

export interface RawAnswer {
  readonly status: number
  /** By lower-case name; the last one of a name. */
  readonly headers: Readonly<Record<string, string>>
  /** Head and body. */
  readonly text: string
  readonly body: string
}

/** The bytes of a request, well framed; the service hangs up after its answer. Each character of a header is one byte. */
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
  /** Hangs up on its own side after so many milliseconds, for what may never become a request. */
  readonly finAfterMs?: number
}

/** Sends bytes and gives back all that is answered until the service hangs up. */
export const sendRaw = (port: number, bytes: Buffer, { finAfterMs }: SendOptions = {}): Promise<string> => new Promise((resolve) => {
  const heard: Buffer[] = []
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => { socket.write(bytes) })
  const fin = finAfterMs === undefined ? undefined : setTimeout(() => { socket.end() }, finAfterMs)
  socket.on('data', (data) => { heard.push(data) })
  socket.on('error', () => {}) // 'close' follows; what had come until then counts
  socket.on('close', () => {
    clearTimeout(fin)
    resolve(Buffer.concat(heard).toString('latin1'))
  })
})

/** Takes one answer apart, without "go on" before it; undefined for what is none. */
export const readAnswer = (text: string): RawAnswer | undefined => {
  const [, status, lines = '', body = ''] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n([^]*)$/.exec(text.replace(/^(?:HTTP\/1\.1 100 Continue\r\n\r\n)+/, '')) ?? []
  if (status === undefined) return undefined
  const headers = Object.fromEntries(lines.split('\r\n').filter((line) => line !== '').map((line) => {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
    return [name.toLowerCase(), value]
  }))
  return { status: Number(status), headers, text, body }
}
