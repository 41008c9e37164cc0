import type { Duplex } from 'node:stream'

/** Two round trips over a slow line. */
const lingerMs = 2000

/**
 * Sends what is left and closes our side of a connection, and the client's side later (RFC 9112 §9.6): at once, data that the client still sends could reset
 * the connection and lose the answer.
 */
export const lingeringClose = (socket: Duplex, last?: string): void => {
  socket.end(last)
  const linger = setTimeout(() => { socket.destroy() }, lingerMs)
  socket.once('close', () => { clearTimeout(linger) })
}
