/** The process of the service: listening, signals, exit code. */
import { Server } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { CodedFields } from './log-codes.ts'
import type { Log } from './login/ports.ts'
import { createRareLine } from './rare-line.ts'

/** Drain, phase 1: still accepting but not ready, so that balancers with health checks stop sending traffic. */
const unreadyMs = 1500
/** Drain, phase 2: no new connections, open ones are still served. Balancers without health checks get a refused connection and try another instance. */
const refusingMs = 500
/** From the end of the drain: connections on which an answer has not been read are destroyed. */
const destroyAfterMs = 1000
/** From the end of the drain: the process exits, even where something hangs. In all within 5 s of a signal, on a busy machine, too. */
const exitAfterMs = 2000

/**
 * Error codes of a socket whose peer, or the way there, is gone. Such an error without a listener is a bug of ours, but it concerns one connection only: it is
 * logged with its stack, and the process goes on with all the polls it holds. After any other uncaught error the state is unknown, and the process ends.
 */
const lostPeerCodes: ReadonlySet<unknown> = new Set([
  'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ECONNREFUSED', 'ENOTCONN', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET',
])

/** Between two lines about such errors: if a stranger can cause one, they can cause many. */
const lostPeerLineEveryMs = 60_000

/** Whether an error comes from a system call on a socket that has lost its peer. */
const isLostPeer = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'code' in error && lostPeerCodes.has(error.code)

/**
 * Listens, and shuts down in order: on SIGTERM it drains first (held polls are answered at once, all else as usual), then it takes no new connections, answers
 * the calls under way, and calls `release`. SIGINT and an uncaught error skip the drain. Resolves when the service can be reached.
 */
export const serve = async (app: FastifyInstance, { host, port }: { host: string, port: number }, release: () => Promise<void>): Promise<void> => {
  const log: Log & { fatal (fields: CodedFields<'fatal'>, message: string): void } = app.log
  let lostPeer: unknown
  const lostPeers = createRareLine({ after: (ms, call) => clearTimeout.bind(null, setTimeout(call, ms).unref()) }, lostPeerLineEveryMs, (times) => {
    log.error({ code: 'socket-unhandled', err: lostPeer, times }, 'a socket error had no listener: one connection is lost, the service goes on. Please report this with its stack')
  })
  let isClosing = false
  let failure: { readonly err: unknown } | undefined
  const { close } = closeWithGrace({ delay: exitAfterMs, logger: false, skip: ['SIGTERM', 'uncaughtException', 'unhandledRejection'] }, async ({ signal }) => {
    isClosing = true
    if (signal !== undefined) log.info({ signal }, 'shutting down')
    const destroyTimer = setTimeout(() => app.server.closeAllConnections(), destroyAfterMs)
    await app.close()
    lostPeers.flush()
    clearTimeout(destroyTimer)
    await release()
    if (failure !== undefined) throw failure.err // ends the process with 1
  })
  // Unhandled rejections come here, too.
  process.on('uncaughtException', (err) => {
    if (isLostPeer(err)) {
      lostPeer = err
      lostPeers.add(1)
      return
    }
    log.fatal({ code: 'crashed', err }, 'shutting down after an uncaught error. Please report this with its stack')
    if (failure !== undefined) process.exit(1)
    failure = { err }
    if (!isClosing) close()
  })
  const drain = async (): Promise<void> => {
    log.info({ signal: 'SIGTERM' }, 'shutting down')
    app.beginShutdown()
    await sleep(unreadyMs)
    await setImmediate() // the event loop runs timers before it accepts connections, and those that wait to be accepted would be reset
    Server.prototype.close.call(app.server) // the HTTP server's own `close` would also close idle connections, on which a call may be on its way
    await sleep(refusingMs)
    if (!isClosing) close()
  }
  let draining: Promise<void> | undefined
  process.on('SIGTERM', () => { draining ??= drain() }) // npm and systemd may both send it
  try {
    await listen(app, host === 'localhost' ? '127.0.0.1' : host, port) // the name may resolve to ::1 first, and a server listens on one address
  } catch (cause) {
    throw new Error(`HOST ${host}, PORT ${port}: ${listenFailures[(cause as NodeJS.ErrnoException).code ?? ''] ?? String(cause)}`, { cause }) // listen rejects with system errors
  }
}

/** Listens on an address; on `::`, which takes both families, where the machine has IPv6, and otherwise on 0.0.0.0. */
const listen = async (app: FastifyInstance, host: string, port: number): Promise<void> => {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if (host !== '::' || !noIpv6Codes.has((error as NodeJS.ErrnoException).code)) throw error // listen rejects with system errors
    await app.listen({ host: '0.0.0.0', port })
  }
}

/** What a system without IPv6 answers: one that was built or started without it, and one that has switched it off. */
const noIpv6Codes: ReadonlySet<unknown> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/** What keeps the service from listening, and what the operator can do. */
const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already. Stop it, or set another PORT',
  EADDRNOTAVAIL: 'this machine has no such address. Set HOST to one that it has, or leave it out',
  EAFNOSUPPORT: 'this machine has no IPv6. Set HOST to an IPv4 address, or leave it out',
  ENOTFOUND: 'there is no host of this name. Set HOST to an address of this machine',
  EACCES: 'this user may not listen there. Set a PORT from 1024 up',
}

/** Runs a start. When that fails, prints the error's lines for the operator and exits with 1. */
export const orExit = async (start: () => Promise<void>): Promise<void> => {
  try {
    await start()
  } catch (error) {
    for (const line of linesOf(error)) process.stderr.write(`scan-login: ${line}\n`)
    process.exit(1)
  }
}

const linesOf = (error: unknown): readonly string[] => {
  if (error instanceof Error) return error.message.split('\n')
  return [String(error)]
}
