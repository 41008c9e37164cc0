/** Owns calls to a service at an address, for clients that otherwise call an app in this process. */
import { Agent } from 'undici'
import { asAnswer, type Answer, type Call } from './test-service.ts'

export interface Remote {
  /** Rejects where no answer came. */
  call (call: Call): Promise<Answer>
  /** Gives up what is under way and closes the connections. */
  close (): Promise<void>
}

/** Calls `url`, which has no path; each call that is under way has a connection of its own. */
export const remote = (url: string): Remote => {
  const agent = new Agent()
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
