/** Many browsers that wait, each with a connection of its own. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeasuredProcess } from '../measured-process.ts'
import { createTicket, pollRequest, type OpenTicket } from '../ways/long-poll.ts'
import { nextVisitor } from '../ways/person.ts'
import { createConnectionPool, expectStatus, openConnection, requestText, type Connection } from './connection.ts'
import { closedLoop } from './loops.ts'
import { openWebSocket, type WebSocketClient } from './web-socket.ts'

export interface Held {
  /** Ends all of them. Throws where some were answered meanwhile, as their time was over: what was measured then is the work of their next polls, too. */
  release (): void
}

const openingAtATime = 64
/** The longest MAX_WAIT. */
const longestWaitSeconds = 55
/** For programs, pools and the load itself. */
const otherFiles = 1000

/** How many of `count` connections this process may open, by its limit of open files; a subject has the same. */
export const heldWithinLimits = (count: number): number => {
  const [, limit = 'unlimited'] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return limit === 'unlimited' ? count : Math.min(count, Number(limit) - otherFiles)
}

/** Creates a ticket for each of `count` browsers. */
export const createTickets = async ({ port }: MeasuredProcess, count: number): Promise<readonly OpenTicket[]> => {
  const pool = createConnectionPool(port)
  const tickets: OpenTicket[] = []
  await closedLoop({ width: openingAtATime, count, work: async () => { tickets.push(await pool.use((connection) => createTicket(connection, port, nextVisitor()))) } })
  pool.close()
  return tickets
}

/** Starts a poll for each ticket, and the next one when it is answered, as pages do. Resolves when the process has nothing left to do. */
export const holdPolls = async (process: MeasuredProcess, tickets: readonly OpenTicket[]): Promise<Held> => {
  const connections: Connection[] = []
  let answered = 0
  for (const ticket of tickets) {
    const connection = openConnection(process.port)
    connections.push(connection)
    const poll = async (): Promise<void> => {
      for (;;) {
        expectStatus(await connection.send(pollRequest(ticket, 1, longestWaitSeconds)), 200)
        answered++
      }
    }
    poll().catch(() => {}) // it ends with its connection
    if (connections.length % openingAtATime === 0) await untilAccepted(process)
  }
  await untilQuiet(process)
  const release = (): void => {
    for (const connection of connections) connection.close()
    if (answered > 0) throw new Error(`the machine is too busy: ${answered} polls ended before all was measured`)
  }
  return { release }
}

/**
 * Waits until a process has accepted all connections so far: it does so in their order. One that finds the listener's backlog full is tried again by the system
 * seconds later, when the process has long been quiet.
 */
const untilAccepted = async ({ port }: MeasuredProcess): Promise<void> => {
  const connection = openConnection(port)
  expectStatus(await connection.send(requestText({ path: '/health/ready', host: `127.0.0.1:${port}` })), 200)
  connection.close()
}

/** Opens a WebSocket for each of `count` browsers of the Express way. */
export const holdWebSockets = async (process: MeasuredProcess, count: number): Promise<Held> => {
  const pool = createConnectionPool(process.port)
  const ids: string[] = []
  const request = requestText({ method: 'POST', path: '/api/logins', host: `127.0.0.1:${process.port}`, body: '{}' })
  await closedLoop({ width: openingAtATime, count, work: async () => { ids.push((JSON.parse((await pool.use((connection) => connection.send(request))).body) as { id: string }).id) } })
  pool.close()
  const sockets: WebSocketClient[] = []
  await closedLoop({ width: openingAtATime, count, work: async () => { sockets.push(await openWebSocket(process.port, `/?id=${ids.pop() ?? ''}`)) } })
  await untilQuiet(process)
  return { release: () => { for (const socket of sockets) socket.close() } }
}

const lookEveryMs = 250
const quietShare = 0.05
/** In a row: on a busy machine the load generator pauses, too. */
const quietLooks = 4
const quietWithinMs = 20_000

/** Waits until a process uses hardly any processor time. */
const untilQuiet = async (process: MeasuredProcess): Promise<void> => {
  const giveUpAt = performance.now() + quietWithinMs
  for (let quiet = 0; quiet < quietLooks && performance.now() < giveUpAt;) quiet = await process.cpuMsOf(() => sleep(lookEveryMs)) > lookEveryMs * quietShare ? 0 : quiet + 1
}
