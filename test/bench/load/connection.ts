/** HTTP/1.1 over a bare socket, one request at a time: an HTTP client costs more than the service that is measured. */
import { connect } from 'node:net'

export interface WireAnswer {
  readonly status: number
  /** Latin-1, as it came. */
  readonly head: string
  readonly body: string
}

export interface Connection {
  /** Sends a whole request. Rejects when the connection ends before the answer. */
  send (request: string): Promise<WireAnswer>
  readonly isOpen: boolean
  close (): void
}

interface Pending { readonly resolve: (answer: WireAnswer) => void, readonly reject: (error: Error) => void }

const headEnd = '\r\n\r\n'

/** Connects to a port of this machine. */
export const openConnection = (port: number): Connection => {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  let text = ''
  let pending: Pending | undefined
  let failure: Error | undefined

  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    const headLength = text.indexOf(headEnd)
    if (headLength === -1) return
    const head = text.slice(0, headLength)
    const bodyLength = bodyLengthOf(head)
    const end = headLength + headEnd.length + bodyLength
    if (text.length < end) return
    const answer = { status: Number(head.slice(9, 12)), head, body: text.slice(headLength + headEnd.length, end) }
    text = text.slice(end)
    const { resolve } = pending ?? {}
    pending = undefined
    resolve?.(answer)
  })
  socket.on('error', (error) => { failure = error })
  socket.on('close', () => {
    failure ??= new Error('the connection ended')
    pending?.reject(failure)
    pending = undefined
  })

  return {
    send: (request) => new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(failure)
      if (pending !== undefined) return reject(new Error('the connection is busy'))
      pending = { resolve, reject }
      socket.write(request, 'latin1')
    }),
    get isOpen () { return failure === undefined && !socket.destroyed },
    close: () => { socket.destroy() },
  }
}

const bodyLengthOf = (head: string): number => {
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? []
  if (length !== undefined) return Number(length)
  if (/^HTTP\/1\.1 (?:1\d\d|204|304)/.test(head)) return 0
  throw new Error(`an answer without a length: ${head}`)
}

/** Connections to one port that are used again, as a proxy in front of the service does. */
export interface ConnectionPool {
  /** Lends a connection until the work is over. One that failed is not used again. */
  use<T> (work: (connection: Connection) => Promise<T>): Promise<T>
  close (): void
}

/** Node.js closes connections that are idle for 5 s: an older one may close while a request is on the way. */
const idleForMs = 3000

export const createConnectionPool = (port: number): ConnectionPool => {
  const idle: Array<{ readonly connection: Connection, readonly since: number }> = []
  const all = new Set<Connection>()
  const take = (): Connection => {
    for (;;) {
      const { connection, since } = idle.pop() ?? { connection: openConnection(port), since: Infinity }
      all.add(connection)
      if (connection.isOpen && since > performance.now() - idleForMs) return connection
      drop(connection)
    }
  }
  const drop = (connection: Connection): void => {
    all.delete(connection)
    connection.close()
  }
  return {
    use: async (work) => {
      const connection = take()
      try {
        const result = await work(connection)
        idle.push({ connection, since: performance.now() })
        return result
      } catch (error) {
        drop(connection)
        throw error
      }
    },
    close: () => { for (const connection of all) connection.close() },
  }
}

export interface RequestParts {
  readonly method?: string
  readonly path: string
  readonly host: string
  /** Whole lines, without their ends. */
  readonly headers?: readonly string[]
  readonly body?: string
  readonly type?: string
}

/** Writes a request as text. */
export const requestText = ({ method = 'GET', path, host, headers = [], body, type = 'application/json' }: RequestParts): string => [
  `${method} ${path} HTTP/1.1`,
  `host: ${host}`,
  ...headers,
  ...body === undefined ? [] : [`content-type: ${type}`, `content-length: ${Buffer.byteLength(body)}`],
  '',
  body ?? '',
].join('\r\n')

/** Returns an answer that has this status. Throws with what came instead. */
export const expectStatus = (answer: WireAnswer, status: number): WireAnswer => {
  if (answer.status !== status) throw new Error(`${answer.status} in place of ${status}: ${answer.head.slice(0, 300)} ${answer.body.slice(0, 300)}`)
  return answer
}
