// The mini program in an old WeChat, in a new one, and with an update ready.
import t from 'tap'
import '../support/miniprogram.ts'

const did: string[] = []
let updateReady: () => void = () => {}

interface Wechat { readonly isTooOld: boolean, readonly language: string, watchForUpdate (): void, update (): void }

/** Loads it in a WeChat with this base library, which has `getAppBaseInfo` or is older. */
const load = async (SDKVersion: string, hasBaseInfo = true): Promise<Wechat> => {
  const info = () => ({ SDKVersion, language: 'zh_CN' })
  const wx = {
    ...(hasBaseInfo && { getAppBaseInfo: info }),
    getSystemInfoSync: info,
    getUpdateManager: () => ({ onUpdateReady: (call: () => void) => { updateReady = call }, applyUpdate: () => { did.push('applyUpdate') } }),
    updateWeChatApp: () => { did.push('updateWeChatApp') },
    exitMiniProgram: () => { did.push('exit') },
  }
  Object.assign(globalThis, { wx })
  did.length = 0
  return await import(`../../miniprogram/utils/wechat.ts?${SDKVersion}${hasBaseInfo}`)
}

await t.test('wechat: too old when the base library is older than 2.32.3, by number and not by text', async (t) => {
  for (const [version, isTooOld] of [['2.32.2', true], ['2.32.3', false], ['2.4.9', true], ['2.100.0', false], ['3.0', false], ['3', false], ['2.32', true], ['', true], ['rubbish', true]] as const) {
    t.equal((await load(version)).isTooOld, isTooOld, version)
  }
})

await t.test('wechat: too old when it has no getAppBaseInfo', async (t) => {
  const wechat = await load('2.19.0', false)
  t.equal(wechat.isTooOld, true)
  t.equal(wechat.language, 'zh_CN')
  wechat.update()
  t.strictSame(did, ['updateWeChatApp'])
})

await t.test('update: applies a version that is ready, else exits so that WeChat checks for one', async (t) => {
  const wechat = await load('3.17.2')
  wechat.watchForUpdate()
  wechat.update()
  updateReady()
  wechat.update()
  t.strictSame(did, ['exit', 'applyUpdate'])
})
