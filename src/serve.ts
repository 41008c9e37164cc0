/** Owns the process: listening, signals, the exit code. */
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'

/** The process is gone this long after a signal, whatever hangs. Milliseconds. */
const endWithinMs = 4500
/** Whoever has not read their answer by then is cut off. Milliseconds. */
const cutAfterMs = 2000

/**
 * Listens, and goes down in order on SIGTERM, SIGINT or an error nobody caught: no new connections, held polls are answered, then the
 * rest is released. Resolves when the service can be reached.
 */
export const serve = async (app: FastifyInstance, { host, port }: { host: string, port: number }, release: () => Promise<void>): Promise<void> => {
  closeWithGrace({ delay: endWithinMs, logger: false }, async ({ err, signal }) => {
    if (err !== undefined) app.log.fatal({ err }, 'going down after an error that nobody caught')
    else app.log.info({ signal }, 'going down')
    const cut = setTimeout(() => app.server.closeAllConnections(), cutAfterMs)
    await app.close()
    clearTimeout(cut)
    await release()
  })
  try {
    await app.listen({ host, port })
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
