/** Owns the binding of the phone's logic to a browser: what WeChat would do, done by fetch, localStorage and the demo server. */
import type { Platform, Reply } from '../../../miniprogram/utils/ports'

/** The phone of one person; several share a browser, each with a storage of its own. `jsCodeUrl` is where the demo server stands in for `wx.login`. */
export const browserPlatform = (person: string, jsCodeUrl: string): Platform => {
  const own = (key: string): string => `scan-login-demo:${person}:${key}`
  return {
    request: async ({ method, url, headers, body }) => {
      // As wx.request does: this type whether or not there is a body, no cookies, no referrer of the page.
      const response = await fetch(url, {
        method,
        headers: { 'Content-Type': 'application/json', ...headers },
        body: body ?? null,
        credentials: 'omit',
        cache: 'no-store',
        signal: AbortSignal.timeout(15_000),
      })
      return { status: response.status, body: parsed(await response.text()) } satisfies Reply
    },
    login: async () => {
      const response = await fetch(jsCodeUrl, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ person }),
      })
      const { js_code: jsCode } = await response.json() as { js_code?: unknown }
      if (!response.ok || typeof jsCode !== 'string') throw new Error('the demo server gave no js_code')
      return jsCode
    },
    getStorage: (key) => localStorage.getItem(own(key)) ?? undefined,
    setStorage: (key, value) => value === undefined ? localStorage.removeItem(own(key)) : localStorage.setItem(own(key), value),
    randomBytes: async (size) => crypto.getRandomValues(new Uint8Array(size)),
    now: () => Date.now(),
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
