// The mini program in an old WeChat, in a new one, and with an update ready.
import t from 'tap'
import '../support/miniprogram.ts'

const did: string[] = []
let updateReady: () => void = () => {}

interface Wechat {
  readonly isTooOld: boolean
  readonly language: string
  readonly appId: string
  entry (): { readonly scene: number, readonly query: Readonly<Record<string, string | undefined>> }
  watchForUpdate (): void
  update (): void
}

const thrown = (): never => { throw new Error('fail') }
const info = (SDKVersion: unknown = '3.17.2', language: unknown = 'en') => () => ({ SDKVersion, language })

/** Loads it in a new WeChat in which some interfaces are others; undefined where one is missing. */
const load = async (others: Record<string, unknown> = {}): Promise<Wechat> => {
  const wx = {
    request: () => {},
    login: () => {},
    getRandomValues: () => {},
    getAppBaseInfo: info(),
    getAccountInfoSync: () => ({ miniProgram: { appId: 'wx0123456789abcdef' } }),
    getSystemInfoSync: info(),
    getEnterOptionsSync: () => ({ scene: 1047, query: { scene: 'x' } }),
    getUpdateManager: () => ({ onUpdateReady: (call: () => void) => { updateReady = call }, applyUpdate: () => { did.push('applyUpdate') } }),
    updateWeChatApp: () => { did.push('updateWeChatApp') },
    exitMiniProgram: () => { did.push('exit') },
    ...others,
  }
  Object.assign(globalThis, { wx })
  did.length = 0
  return await import(`../../miniprogram/utils/wechat.ts?${loads++}`)
}
let loads = 0

await t.test('wechat: too old when the base library is older than 2.32.3, by number and not by text', async (t) => {
  for (const [version, isTooOld] of [['2.32.2', true], ['2.32.3', false], ['2.4.9', true], ['2.100.0', false], ['3.0', false], ['3', false], ['2.32', true]] as const) {
    t.equal((await load({ getAppBaseInfo: info(version) })).isTooOld, isTooOld, version)
  }
})

await t.test('wechat: what it can do decides when its version is missing or is no number, as in developers\' tools and on computers', async (t) => {
  for (const version of [undefined, null, '', 'dev', 'rubbish', 3]) {
    t.equal((await load({ getAppBaseInfo: info(version) })).isTooOld, false, String(version))
    t.equal((await load({ getAppBaseInfo: info(version), getRandomValues: undefined })).isTooOld, true, String(version))
  }
})

await t.test('wechat: too old when it lacks an interface that every login needs, whatever its version', async (t) => {
  for (const name of ['request', 'login', 'getRandomValues']) t.equal((await load({ [name]: undefined })).isTooOld, true, name)
})

await t.test('wechat: too old when it has no getAppBaseInfo, and the older interface tells version and language', async (t) => {
  const wechat = await load({ getAppBaseInfo: undefined, getSystemInfoSync: info('2.19.0', 'zh_TW') })
  t.equal(wechat.isTooOld, true)
  t.equal(wechat.language, 'zh_TW')
  wechat.update()
  t.strictSame(did, ['updateWeChatApp'])
})

await t.test('wechat: starts, in Chinese and as if from no known scene, when an interface is missing, throws or returns nothing', async (t) => {
  for (const odd of [undefined, thrown, () => undefined, () => ({})]) {
    const wechat = await load({ getAppBaseInfo: odd, getSystemInfoSync: odd, getEnterOptionsSync: odd, getUpdateManager: odd, getAccountInfoSync: odd })
    t.equal(wechat.appId, '')
    t.equal(wechat.isTooOld, false, String(odd))
    t.equal(wechat.language, 'zh_CN')
    t.strictSame(wechat.entry(), { scene: 0, query: {} })
    wechat.watchForUpdate()
    wechat.update()
    t.strictSame(did, ['exit'])
  }
})

await t.test('update: does not throw when this WeChat is so old that it can neither be updated nor left from here', async (t) => {
  const wechat = await load({ getRandomValues: undefined, updateWeChatApp: undefined })
  wechat.update()
  t.strictSame(did, ['exit'])
  ;(await load({ getRandomValues: undefined, updateWeChatApp: undefined, exitMiniProgram: undefined })).update()
})

await t.test('update: applies a version that is ready, else exits so that WeChat checks for one', async (t) => {
  const wechat = await load()
  wechat.watchForUpdate()
  wechat.update()
  updateReady()
  wechat.update()
  t.strictSame(did, ['exit', 'applyUpdate'])
})
