/** The client's side of a WebSocket (RFC 6455) over a bare socket: it reads text messages and sends none. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

export interface WebSocketClient {
  /** Resolves with the next message. Rejects when the connection ends before. */
  message (): Promise<string>
  close (): void
}

const headEnd = '\r\n\r\n'

/** Resolves when the server has switched to WebSocket. */
export const openWebSocket = (port: number, path: string): Promise<WebSocketClient> => new Promise((resolve, reject) => {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  const messages: string[] = []
  let bytes = Buffer.alloc(0)
  let isOpen = false
  let waiting: { readonly resolve: (text: string) => void, readonly reject: (error: Error) => void } | undefined

  const message: WebSocketClient['message'] = () => {
    const first = messages.shift()
    return first === undefined ? new Promise((resolve, reject) => { waiting = { resolve, reject } }) : Promise.resolve(first)
  }
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    if (!isOpen) {
      const end = bytes.indexOf(headEnd)
      if (end === -1) return
      isOpen = true
      bytes = bytes.subarray(end + headEnd.length)
      resolve({ message, close: () => { socket.destroy() } })
    }
    for (let frame = readFrame(bytes); frame !== undefined; frame = readFrame(bytes)) {
      bytes = bytes.subarray(frame.length)
      messages.push(frame.text)
    }
    if (waiting === undefined || messages.length === 0) return
    const { resolve: wake } = waiting
    waiting = undefined
    wake(messages.shift() ?? '')
  })
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => {
    const error = new Error('the WebSocket ended')
    reject(error)
    waiting?.reject(error)
  })
  socket.write([
    `GET ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, 'connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13',
    `sec-websocket-key: ${randomBytes(16).toString('base64')}`, '', '',
  ].join('\r\n'))
})

/** Reads a server's unmasked frame of less than 64 KiB; undefined while it isn't whole. */
const readFrame = (bytes: Buffer): { readonly text: string, readonly length: number } | undefined => {
  if (bytes.length < 4) return undefined
  const short = bytes.readUInt8(1) & 0x7f
  const [start, size] = short < 126 ? [2, short] : [4, bytes.readUInt16BE(2)]
  const length = start + size
  return bytes.length < length ? undefined : { text: bytes.toString('utf8', start, length), length }
}
