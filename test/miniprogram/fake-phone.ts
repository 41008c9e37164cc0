/** A phone for tests: a fake clock, a storage in memory, and a service whose answers the test decides. */
import type { PhoneRequest, Platform, Reply } from '../../miniprogram/utils/ports'

export const ticket = 'AbCdEfGhIjKlMnOpQrStUv'
export const serviceUrl = 'https://login.example.com/x'

/** `lost`: no answer, after a while. `cut`: the connection turns out to be gone, at once. */
export type FakeReply = Reply | 'lost' | 'cut' | ((request: PhoneRequest) => Reply | Promise<Reply>)

export const problem = (status: number, code: string, more: object = {}): Reply => ({ status, body: { type: `urn:scan-login:problem:${code}`, code, status, ...more } })
export const ok = (body: unknown = {}): Reply => ({ status: 200, body })

export const grant = (keyId: string, serverTime: number, more: object = {}): Reply => ok({
  key_id: keyId,
  key: Buffer.alloc(32, keyId).toString('base64url'),
  expires_in: 86_400,
  server_time: serverTime,
  user: { sub: 'sub-of-mei', name: null },
  ...more,
})

export const offer = (more: object = {}): Reply => ok({
  state: 'scanned',
  version: 2,
  expires_in: 150,
  site: { name: 'Acme', origin: 'https://acme.example', service: 'https://acme.example' },
  browser: { name: 'Chrome 151', system: 'Windows 11', network: '203.0.113.0/24', place: null, place_en: null, is_phone: false },
  other_country: false,
  same_phone: false,
  phone_place: null,
  phone_place_en: null,
  created_at: '2026-11-23T02:00:00.000Z',
  match: 'tap',
  match_choices: ['12', '47', '83'],
  ...more,
})

/** A promise that the test settles. */
export const held = <T>(): { readonly promise: Promise<T>, readonly settle: (value: T) => void } => {
  let settle: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => { settle = resolve })
  return { promise, settle }
}

/** Twenty seconds after the ticket of `offer` was created. */
export const startMs = Date.parse('2026-11-23T02:00:20.000Z')

export const createFakePhone = (answers: Record<string, FakeReply | FakeReply[]> = {}, { isTooOld = false } = {}) => {
  const storage = new Map<string, string>()
  const requests: PhoneRequest[] = []
  const script: Record<string, FakeReply | FakeReply[]> = { login: grant('key_1', startMs / 1000), sessions: ok({ sessions: [] }), ...answers }
  const phone = {
    now: startMs,
    logins: 0,
    storage,
    requests,
    /** The service's answers by the last part of the path; of several, the last one is repeated. */
    script,
    /** The calls so far, each as "POST scan". */
    calls: () => requests.map(({ method, url }) => `${method} ${nameOf(url)}`),
    loginFails: false,
    isConnected: true,
    /** WeChat's message when no answer comes. */
    errMsg: 'request:fail timeout',
    /** The storage stores nothing. */
    isFull: false,
  }
  const platform: Platform = {
    isTooOld,
    request: async (request) => {
      requests.push(request)
      const planned = script[nameOf(request.url)]
      const answer = Array.isArray(planned) ? (planned.length > 1 ? planned.shift() : planned[0]) : planned
      if (answer === 'cut') throw new Error('request:fail The network connection was lost.')
      if (answer === undefined || answer === 'lost') throw new Error(phone.errMsg)
      return typeof answer === 'function' ? answer(request) : answer
    },
    login: async () => {
      phone.logins++
      if (phone.loginFails) throw new Error('wx.login failed')
      return `js-code-${phone.logins}`
    },
    isConnected: async () => phone.isConnected,
    getStorage: (key) => storage.get(key),
    setStorage: (key, value) => {
      if (phone.isFull) return
      value === undefined ? storage.delete(key) : storage.set(key, value)
    },
    randomBytes: async (size) => Uint8Array.from({ length: size }, (_, at) => requests.length * 16 + at),
    now: () => phone.now,
  }
  return { phone, platform }
}

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1)
