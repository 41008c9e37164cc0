/** The device flow (RFC 8628): a code, the phone's browser that types it in and confirms, and a device that asks for its token. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnectionPool, expectStatus, requestText, type WireAnswer } from '../load/connection.ts'
import type { Way } from './way.ts'

/** RFC 8628 §3.2, where the server names no other interval. */
export const deviceIntervalMs = 5000

const form = 'application/x-www-form-urlencoded'
const grantType = encodeURIComponent('urn:ietf:params:oauth:grant-type:device_code')

export interface DeviceOptions {
  readonly port: number
  /** How often the device asks; `deviceIntervalMs` by default. */
  readonly askEveryMs?: number
}

export const createDeviceWay = ({ port, askEveryMs = deviceIntervalMs }: DeviceOptions): Way => {
  const pool = createConnectionPool(port)
  const host = `127.0.0.1:${port}`
  /** The cookies of phones that are logged in at the provider, and not at work now: one page of a browser at a time. */
  const phones: Array<Map<string, string>> = []

  return {
    close: pool.close,
    logIn: async ({ beforeScanMs = 0, beforeTapMs = 0, isNewcomer = false } = {}) => {
      let requests = 0
      const call = async (path: string, { body, cookies }: { readonly body?: string, readonly cookies?: Map<string, string> } = {}): Promise<WireAnswer> => {
        requests++
        const headers = cookies === undefined || cookies.size === 0 ? [] : [`cookie: ${[...cookies].map((pair) => pair.join('=')).join('; ')}`]
        const request = requestText({ method: body === undefined ? 'GET' : 'POST', path, host, headers, type: form, ...(body !== undefined && { body }) })
        const answer = await pool.use((connection) => connection.send(request))
        for (const [, name = '', value = ''] of answer.head.matchAll(/^set-cookie: ([^=]+)=([^;\r]*)/gim)) {
          if (value === '') cookies?.delete(name)
          else cookies?.set(name, value)
        }
        return answer
      }

      const started = JSON.parse(expectStatus(await call('/device/auth', { body: 'client_id=page&scope=openid' }), 200).body) as { device_code: string, user_code: string }
      const token = async (): Promise<number> => {
        for (;;) {
          const answer = await call('/token', { body: `grant_type=${grantType}&client_id=page&device_code=${started.device_code}` })
          if (answer.status === 200) return performance.now()
          if (!answer.body.includes('authorization_pending')) throw new Error(`no token: ${answer.body}`)
          await sleep(askEveryMs)
        }
      }
      const loggedIn = token()
      loggedIn.catch(() => {}) // awaited below, unless the phone fails first
      await sleep(beforeScanMs)
      const cookies = (isNewcomer ? undefined : phones.shift()) ?? new Map<string, string>()
      const scanAt = performance.now()
      const page = expectStatus(await call(`/device?user_code=${started.user_code}`, { cookies }), 200)
      const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page.body) ?? []
      const typed = `xsrf=${xsrf}&user_code=${started.user_code}`
      expectStatus(await call('/device', { body: typed, cookies }), 200)
      const scanToPageMs = performance.now() - scanAt // the page shows nothing of it: this is what the phone waits
      await sleep(beforeTapMs)
      const tapAt = performance.now()
      const tap = async (): Promise<void> => {
        let answer = await call('/device', { body: `${typed}&confirm=yes`, cookies })
        // The first time a phone comes, the provider sends it to its login.
        for (let location = locationOf(answer); location !== undefined; location = locationOf(answer)) answer = await call(location, { cookies })
        expectStatus(answer, 200)
      }
      const [seenAt] = await Promise.all([loggedIn, tap()])
      phones.push(cookies)
      return { scanToPageMs, tapToPageMs: seenAt - tapAt, requests }
    },
  }
}

/** The path that an answer redirects to. */
const locationOf = ({ status, head }: WireAnswer): string | undefined =>
  status === 303 ? /^location: (?:http:\/\/[^/]+)?(\S+)/im.exec(head)?.[1] : undefined
