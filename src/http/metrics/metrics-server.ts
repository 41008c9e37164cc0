/** The listener for scrapers, apart from the one for visitors: `GET /metrics` and nothing else. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock, Log } from '../../login/ports.ts'
import { createHourlyLine } from '../../rare-line.ts'
import type { Metrics } from './metrics.ts'

/** A scraper has one connection; two scrapers, a shell and a few that have broken unnoticed are well below this. */
export const maxConnections = 16
const maxHeadBytes = 8 * 1024
const receiveMs = 5_000
/** Longer than scrapers usually rest: a minute. */
const keepAliveMs = 65_000
/** A connection on which nothing moves is closed. */
const stalledMs = 70_000

export interface MetricsServer {
  readonly port: number
  /** Ends scrapes under way, too. */
  close (): Promise<void>
}

export interface MetricsServerOptions {
  readonly host: string
  readonly port: number
  readonly clock: Pick<Clock, 'after'>
  readonly log: Pick<Log, 'error'>
}

/** Listens. Rejects with an Error of one line where that fails. */
export const serveMetrics = async (metrics: Pick<Metrics, 'text' | 'contentType'>, { host, port, clock, log }: MetricsServerOptions): Promise<MetricsServer> => {
  let underWay: Promise<string> | undefined
  /** Scrapes at the same time share one text: no number of callers makes it more often. */
  const sharedText = (): Promise<string> => {
    underWay ??= metrics.text().finally(() => { underWay = undefined })
    return underWay
  }

  let scrapeFailure: unknown
  const unread = createHourlyLine(clock, (times) => {
    log.error({ code: 'metrics-failed', err: scrapeFailure, times }, 'the metrics could not be read. The store has failed, or it is a bug: then please report it')
  })
  let acceptFailure: unknown
  const unaccepted = createHourlyLine(clock, (times) => {
    log.error({ code: 'accept-failed', err: acceptFailure, times }, 'a connection to METRICS_PORT could not be accepted: the machine lacks memory, or the process file descriptors. See err, and raise the limit of that')
  })

  const scrape = async (response: ServerResponse): Promise<void> => {
    try {
      end(response, 200, await sharedText(), { 'content-type': metrics.contentType, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    } catch (err) {
      scrapeFailure = err
      unread.add(1)
      end(response, 500)
    }
  }

  const server = createServer({
    maxHeaderSize: maxHeadBytes,
    headersTimeout: receiveMs,
    requestTimeout: receiveMs,
    connectionsCheckingInterval: 2000,
    keepAliveTimeout: keepAliveMs,
  }, (request, response) => {
    const [path] = (request.url ?? '').split('?')
    if (path !== '/metrics') end(response, 404)
    else if (request.method !== 'GET') end(response, 405, '', { allow: 'GET' })
    else scrape(response).catch(() => {}) // it catches all itself
  })
  server.maxConnections = maxConnections
  server.setTimeout(stalledMs)
  await listen(server, host, port)
  server.on('error', (err) => {
    acceptFailure = err
    unaccepted.add(1)
  })
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      for (const line of [unread, unaccepted]) line.flush()
    },
  }
}

const listen = async (server: Server, host: string, port: number): Promise<void> => {
  const listening = once(server, 'listening')
  server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
  try {
    await listening
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException // of the system
    const why = code === 'EADDRINUSE' ? 'another program listens there already. Set another METRICS_PORT' : code === 'EADDRNOTAVAIL' ? 'this machine has no such address. Set METRICS_HOST to one that it has' : String(cause)
    throw new Error(`METRICS_HOST ${host}, METRICS_PORT ${port}: ${why}`, { cause })
  }
}

/** Without a body that isn't read, the connection can be used again; with one it is closed. */
const end = (response: ServerResponse, status: number, body = '', headers: Readonly<Record<string, string>> = {}): void => {
  const hasBody = response.req.headers['content-length'] !== undefined || response.req.headers['transfer-encoding'] !== undefined
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), ...hasBody && { connection: 'close' } }).end(body)
}
