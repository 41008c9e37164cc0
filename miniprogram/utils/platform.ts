/** The `Platform` of ports.ts, by WeChat's `wx`. */
import type { Platform, Reply } from './ports'
import { isTooOld } from './wechat'

const timeoutMs = 15_000 // the service answers a failure within 6 s; WeChat's own limit is a minute

/** Some systems give a header's name as it was sent, others in lower case. */
const retryAfterIn = (header: object = {}): Pick<Reply, 'retryAfter'> => {
  const [, value] = Object.entries(header).find(([name]) => name.toLowerCase() === 'retry-after') ?? []
  const seconds = Number(value ?? NaN)
  return seconds >= 0 ? { retryAfter: seconds } : {}
}

export const wxPlatform: Platform = {
  isTooOld,
  request: ({ method, url, headers, body }) => new Promise<Reply>((resolve, reject) => {
    wx.request({
      method,
      url,
      timeout: timeoutMs,
      header: { ...headers },
      ...(body === undefined ? {} : { data: body }),
      success: ({ statusCode, data, header }) => resolve({ status: statusCode, body: data, ...retryAfterIn(header) }),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  }),
  login: () => new Promise<string>((resolve, reject) => {
    // All calls share one login: if WeChat never answered it, every later call would hang.
    const timer = setTimeout(() => reject(new Error('login:fail timeout')), timeoutMs)
    wx.login({
      timeout: timeoutMs,
      success: ({ code, errMsg }) => code ? resolve(code) : reject(new Error(errMsg)),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
      complete: () => clearTimeout(timer),
    })
  }),
  isConnected: () => new Promise<boolean>((resolve, reject) => {
    wx.getNetworkType({
      success: ({ networkType }) => resolve(networkType !== 'none'),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  }).catch(() => true),
  // WeChat's storage throws if the phone's is full or broken; the mini program works without.
  getStorage: (key) => {
    try {
      const value: unknown = wx.getStorageSync(key)
      return typeof value === 'string' && value !== '' ? value : undefined // WeChat returns '' for a missing key
    } catch {
      return undefined
    }
  },
  setStorage: (key, value) => {
    try {
      if (value === undefined) wx.removeStorageSync(key)
      else wx.setStorageSync(key, value)
    } catch {}
  },
  randomBytes: (size) => new Promise<Uint8Array>((resolve, reject) => {
    wx.getRandomValues({
      length: size,
      success: ({ randomValues }) => resolve(new Uint8Array(randomValues)),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    })
  }),
  now: () => Date.now(),
}
