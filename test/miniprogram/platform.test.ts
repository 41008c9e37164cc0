// The `Platform` by `wx` when `wx` misbehaves: a storage that throws, a login that is never answered.
import { mock } from 'node:test'
import t from 'tap'
import '../support/miniprogram.ts'
import type { Platform } from '../../miniprogram/utils/ports'

const broken = (): never => { throw new Error('setStorage:fail') }
let logins = 0
let headers: object | undefined

Object.assign(globalThis, {
  wx: {
    getAppBaseInfo: () => ({ language: 'en', SDKVersion: '3.17.2' }),
    getStorageSync: broken,
    setStorageSync: broken,
    removeStorageSync: broken,
    login: () => { logins += 1 },
    request: ({ success }: { success (reply: object): void }): void => success({ statusCode: 429, data: {}, header: headers }),
    getNetworkType: ({ fail }: { fail (reason: { errMsg: string }): void }): void => fail({ errMsg: 'getNetworkType:fail' }),
  },
})
// By a variable: the types of `wx` are the mini program's, and not this file's.
const file = '../../miniprogram/utils/platform.ts'
const { wxPlatform }: { wxPlatform: Platform } = await import(file)

await t.test('platform: the storage is empty when it throws', async (t) => {
  t.equal(wxPlatform.getStorage('key'), undefined)
  wxPlatform.setStorage('key', 'value')
  wxPlatform.setStorage('key', undefined)
})

await t.test('platform: a login fails after 15 s when WeChat never answers', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const login = wxPlatform.login()
  mock.timers.tick(15_000)
  await t.rejects(login, new Error('login:fail timeout'))
  t.equal(logins, 1)
})

await t.test('platform: counts as connected when WeChat cannot tell', async (t) => {
  t.equal(await wxPlatform.isConnected(), true)
  const { wx } = globalThis as unknown as { wx: { getNetworkType: unknown } }
  wx.getNetworkType = undefined
  t.equal(await wxPlatform.isConnected(), true, 'this one has no such interface')
})

await t.test('platform: returns Retry-After in any spelling of its name, and none when it is missing or invalid', async (t) => {
  const told = async (header: object | undefined): Promise<number | undefined> => {
    headers = header
    return (await wxPlatform.request({ method: 'POST', url: 'https://login.example.com', headers: {}, body: undefined })).retryAfter
  }
  for (const name of ['Retry-After', 'retry-after', 'RETRY-AFTER']) t.equal(await told({ Date: 'x', [name]: '600' }), 600, name)
  for (const header of [undefined, {}, { 'Retry-After': 'Fri, 31 Dec 1999 23:59:59 GMT' }, { 'Retry-After': '-1' }]) t.equal(await told(header), undefined)
})
