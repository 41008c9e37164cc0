import { Agent } from 'undici'
import { asAnswer, type Answer, type Call } from './test-service.ts'

/** A service at an address, with the same `call` as an app in this process. */
export interface Remote {
  /** Rejects when no answer comes. */
  call (call: Call): Promise<Answer>
  /** Aborts pending calls and closes the connections. */
  close (): Promise<void>
}

/** Returns a client for `url`, an origin without a path. Each pending call has a connection of its own, unless `options` say otherwise. */
export const remote = (url: string, options: Agent.Options = {}): Remote => {
  const agent = new Agent(options)
  return {
    async call ({ method = 'GET', path, headers = {}, body }) {
      const raw = typeof body === 'string' || Buffer.isBuffer(body)
      const response = await agent.request({
        origin: url,
        method,
        path,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? null : raw ? body : JSON.stringify(body),
      })
      return asAnswer(response.statusCode, response.headers, await response.body.text())
    },
    close: () => agent.destroy(),
  }
}
