/** Owns the process: listening, signals, the exit code. */
import { Server } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'

/** On SIGTERM the service goes on listening for so long, and says that it isn't ready: balancers that ask for that send nobody here any more. Milliseconds. */
const announceMs = 1500
/** Then, for so long, it takes no new connections and answers on those there are: balancers that ask for nothing find nobody, and go elsewhere. Milliseconds. */
const refuseMs = 500
/** Whoever has not read their answer so long after the refusal is cut off. Milliseconds. */
const cutAfterMs = 1000
/** So long after the refusal the process ends, whatever hangs: in all within 5 s of a signal, on a busy machine, too. Milliseconds. */
const endAfterMs = 2000

/**
 * What a socket's error is called when its peer, or the way there, is gone. Such an error that nobody listened for is a mistake of ours, but it tells of one
 * connection and of nothing else: it is logged with its stack, and the process goes on with all the polls it holds. Any other error that nobody caught
 * leaves a state that nobody knows, and ends the process.
 */
const lostPeerCodes: ReadonlySet<unknown> = new Set([
  'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ECONNREFUSED', 'ENOTCONN', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET',
])

/** Whether an error comes from a system call on a socket that has lost its peer. */
const isLostPeer = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'code' in error && lostPeerCodes.has(error.code)

/**
 * Listens, and goes down in order. On SIGTERM held polls are answered at once, and whoever else calls is, until nobody sends calls here any more. After
 * that, and at once on SIGINT or an error nobody caught: no new connections, what is under way is answered, then the rest is released.
 * Resolves when the service can be reached.
 */
export const serve = async (app: FastifyInstance, { host, port }: { host: string, port: number }, release: () => Promise<void>): Promise<void> => {
  let isClosing = false
  let failure: { readonly err: unknown } | undefined
  const { close } = closeWithGrace({ delay: endAfterMs, logger: false, skip: ['SIGTERM', 'uncaughtException', 'unhandledRejection'] }, async ({ signal }) => {
    isClosing = true
    if (signal !== undefined) app.log.info({ signal }, 'shutting down')
    const cut = setTimeout(() => app.server.closeAllConnections(), cutAfterMs)
    await app.close()
    clearTimeout(cut)
    await release()
    if (failure !== undefined) throw failure.err // ends the process with 1
  })
  // Rejections that nobody handles come here, too.
  process.on('uncaughtException', (err) => {
    if (isLostPeer(err)) {
      app.log.error({ err }, 'a lost connection, which nobody listened for; going on')
      return
    }
    app.log.fatal({ err }, 'shutting down after an uncaught error')
    if (failure !== undefined) process.exit(1)
    failure = { err }
    if (!isClosing) close()
  })
  const leave = async (): Promise<void> => {
    app.log.info({ signal: 'SIGTERM' }, 'shutting down')
    app.beginShutdown()
    await sleep(announceMs)
    await setImmediate() // timers come before what is to be accepted, and whoever waits for that would be reset
    Server.prototype.close.call(app.server) // the HTTP server's own would hang up on whoever is about to send a call
    await sleep(refuseMs)
    if (!isClosing) close()
  }
  let left: Promise<void> | undefined
  process.on('SIGTERM', () => { left ??= leave() }) // npm and systemd may both send it
  try {
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port }) // by that name a server listens at whichever address comes first
  } catch (cause) {
    throw new Error(`HOST ${host}, PORT ${port}: ${whyNot[(cause as NodeJS.ErrnoException).code ?? ''] ?? String(cause)}`, { cause }) // listen rejects with system errors
  }
}

/** Why an address can't be listened on, for an operator. */
const whyNot: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no host of this name',
  EACCES: 'this user may not listen there',
}

/** Runs a start; what stops it is told to the operator line by line, and the process ends with 1. */
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
