/** As much of WebSockets (RFC 6455) as a test of a proxy needs: handshake, and whole text messages of less than 64 KiB. */
import { createHash, randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'

const masked = (bytes: Buffer, mask: Buffer): Buffer => Buffer.from(bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))

/** Sends a text. What a client sends is masked. */
export const sendText = (socket: Duplex, text: string, isClient: boolean): void => {
  const bytes = Buffer.from(text)
  const flag = isClient ? 0x80 : 0
  const length = bytes.length < 126 ? [flag | bytes.length] : [flag | 126, bytes.length >> 8, bytes.length & 0xff]
  const mask = randomBytes(4)
  socket.write(Buffer.concat([Buffer.from([0x81, ...length]), ...isClient ? [mask, masked(bytes, mask)] : [bytes]]))
}

/** Calls `onText` with each text that arrives. Other frames end the connection. */
export const readTexts = (socket: Duplex, onText: (text: string) => void, head: Buffer = Buffer.alloc(0)): void => {
  let bytes = head
  const read = (): void => {
    for (;;) {
      if (bytes.length < 2) return
      const [first = 0, second = 0] = bytes
      if (first !== 0x81) {
        socket.destroy()
        return
      }
      const isLong = (second & 0x7f) === 126
      const start = (isLong ? 4 : 2) + ((second & 0x80) === 0 ? 0 : 4)
      if (bytes.length < start) return
      const length = isLong ? bytes.readUInt16BE(2) : second & 0x7f
      if (bytes.length < start + length) return
      const content = bytes.subarray(start, start + length)
      const mask = bytes.subarray(start - 4, start)
      bytes = bytes.subarray(start + length)
      onText(((second & 0x80) === 0 ? content : masked(content, mask)).toString('utf8'))
    }
  }
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    read()
  })
  read()
}

/** A client's headers for a handshake. */
export const handshakeHeaders = (): Record<string, string> =>
  ({ Connection: 'keep-alive, Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': randomBytes(16).toString('base64') })

/** Answers a client's handshake. */
export const acceptHandshake = (socket: Duplex, key: string): void => {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
}
