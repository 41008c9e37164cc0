import type { Duplex } from 'node:stream'
import type { Clock } from '../login/ports.ts'

/** Two round trips over a slow line. */
const lingerMs = 2000

/**
 * Sends what is left and closes our side of a connection, and the client's side later (RFC 9112 §9.6): at once, data that the client still sends could reset
 * the connection and lose the answer.
 */
export const lingeringClose = (socket: Duplex, timer: Pick<Clock, 'after'>, last?: string): void => {
  socket.end(last)
  socket.resume() // nobody reads a socket that Node has handed over, and its end would not be noticed
  socket.once('close', timer.after(lingerMs, () => { socket.destroy() }))
}
