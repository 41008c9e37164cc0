/** How pages of Express services learn of a login: over a WebSocket, or by asking every so often. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnectionPool, expectStatus, requestText, type WireAnswer } from '../load/connection.ts'
import { openWebSocket } from '../load/web-socket.ts'
import { createPeople } from './person.ts'
import type { Way } from './way.ts'

export interface ExpressOptions {
  readonly port: number
  readonly jsCode: (person: string) => string
  /** Asks so often; without it, over a WebSocket. */
  readonly pollEveryMs?: number
}

interface State { readonly state: string, readonly token?: string }

export const createExpressWay = ({ port, jsCode, pollEveryMs }: ExpressOptions): Way => {
  const pool = createConnectionPool(port)
  const people = createPeople()
  const host = `127.0.0.1:${port}`
  return {
    close: pool.close,
    logIn: ({ beforeScanMs = 0, beforeTapMs = 0, isNewcomer = false } = {}) => people.use(isNewcomer, async (person) => {
      let requests = 0
      const call = (method: string, path: string, body?: object, token?: string): Promise<WireAnswer> => {
        requests++
        const headers = token === undefined ? [] : [`authorization: Bearer ${token}`]
        const request = requestText({ method, path, host, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
        return pool.use(async (connection) => expectStatus(await connection.send(request), 200))
      }

      const { id } = JSON.parse((await call('POST', '/api/logins', {})).body) as { id: string }
      await call('GET', `/api/logins/${id}/code`)
      const socket = pollEveryMs === undefined ? await openWebSocket(port, `/?id=${id}`) : undefined
      if (socket !== undefined) requests++

      const until = async (state: string): Promise<number> => {
        for (;;) {
          const text = socket === undefined ? (await call('GET', `/api/logins/${id}`)).body : await socket.message()
          const seen = JSON.parse(text) as State
          if (seen.state === state) return performance.now()
          await sleep(pollEveryMs ?? 0)
        }
      }
      const scanned = until('scanned')
      scanned.catch(() => {}) // awaited below, unless the phone fails first
      await sleep(beforeScanMs)
      const { token } = JSON.parse((await call('POST', '/api/phone/login', { js_code: jsCode(person) })).body) as { token: string }
      const scanAt = performance.now()
      const [seenScanAt] = await Promise.all([scanned, call('POST', `/api/phone/logins/${id}/scan`, {}, token)])

      const confirmed = until('confirmed')
      confirmed.catch(() => {})
      await sleep(beforeTapMs)
      const tapAt = performance.now()
      const [seenTapAt] = await Promise.all([confirmed, call('POST', `/api/phone/logins/${id}/confirm`, {}, token)])
      socket?.close()
      return { scanToPageMs: seenScanAt - scanAt, tapToPageMs: seenTapAt - tapAt, requests }
    }),
  }
}
