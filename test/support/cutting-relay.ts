import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { Test } from 'tap'

/**
 * Forwards requests from `listen` to `upstream`, and cuts every third answer of the API off in the middle of its body. So two answers in a row are never
 * both cut, and a repeated call gets through. Pages and scripts are never cut: no script runs yet that could recover.
 */
export const startCuttingRelay = async (t: Test, { listen, upstream }: { readonly listen: string, readonly upstream: string }): Promise<{ readonly cuts: () => number }> => {
  const agent = new Agent({ keepAlive: true })
  const [host, port] = listen.split(':')
  const [upstreamHost, upstreamPort] = upstream.split(':')
  let answers = 0
  let cuts = 0
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming
    const passed = request({ agent, host: upstreamHost, port: upstreamPort, method, path: url, headers }, (answer) => {
      answer.toArray().then((chunks) => {
        const body = Buffer.concat(chunks)
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers)
        if (!url.startsWith('/api/') || ++answers % 3 !== 0) return outgoing.end(body)
        cuts += 1
        outgoing.write(body.subarray(0, body.length / 2), () => { outgoing.destroy() })
      }, () => { outgoing.destroy() })
    })
    passed.once('error', () => { outgoing.destroy() })
    outgoing.once('close', () => { if (!outgoing.writableFinished) passed.destroy() })
    incoming.pipe(passed)
  }).listen(Number(port), host)
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
    agent.destroy()
  })
  return { cuts: () => cuts }
}
