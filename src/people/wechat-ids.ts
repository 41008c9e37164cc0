/** WeChat's ids of people, where KEEP_WECHAT_IDS is on. A record of their own, so that no other call reads them. */
import { schema, type StoredRecord } from '../domain/record.ts'
import { createSeal } from '../domain/seal.ts'
import type { WechatIds } from '../domain/wechat-ids.ts'
import type { WechatIdRegister } from '../login/people-port.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'

/** As stored. */
interface WechatIdRecord extends StoredRecord {
  readonly sealed: string
  /** Ends by itself: its person isn't known yet. */
  readonly isProvisional?: true
}

/** What is replaced by version has to end: a hundred years. */
const keptMs = 100 * 365 * 86_400_000
/** A phone's key lives as long, and with it the scan that may make its person known. */
const provisionalMs = 24 * 3600_000

export interface WechatIdOptions {
  /** The subject key, which never changes: the cookie key may be replaced, and what it has sealed would be lost. */
  readonly subjectKey: Buffer
  readonly isKept: boolean
}

export const createWechatIds = (store: Store, { subjectKey, isKept }: WechatIdOptions): WechatIdRegister => {
  const seal = createSeal(subjectKey, 'WeChat ids')
  const records = createRecords<WechatIdRecord>(store, { prefix: 'person-wechat-ids:' })

  const opened = (sub: string, { sealed }: WechatIdRecord): WechatIds | undefined => {
    const text = seal.decrypt(sealed, records.keyOf(sub))
    return text === undefined ? undefined : JSON.parse(text) as WechatIds // only `sealedIds` has sealed it
  }

  const sealedIds = (sub: string, { openid, unionid }: WechatIds): WechatIdRecord => ({ schema, version: 1, sealed: seal.encrypt(JSON.stringify({ openid, unionid }), records.keyOf(sub)) })

  const keep: WechatIdRegister['keep'] = async (sub, { openid, unionid }) => {
    if (!isKept) return false
    const { before, after } = await records.update(sub, (record) => {
      const stored = record && opened(sub, record)
      const ids = { openid, unionid: unionid ?? stored?.unionid ?? null } // WeChat leaves it out where the mini program is bound to no platform account
      const isSame = record?.isProvisional !== true && stored?.openid === ids.openid && stored.unionid === ids.unionid
      return isSame ? record : sealedIds(sub, ids)
    }, () => keptMs)
    return before !== after
  }

  return {
    keep,
    remember: async (sub, ids) => {
      if (!isKept) return
      await records.update(sub, (record) => record !== undefined && record.isProvisional !== true ? record : { ...sealedIds(sub, ids), isProvisional: true }, () => provisionalMs)
    },
    keepRemembered: async (sub) => {
      if (!isKept) return false
      const record = await records.read(sub)
      const ids = record && opened(sub, record)
      return ids !== undefined && await keep(sub, ids)
    },
    read: async (sub) => {
      const record = await records.read(sub)
      if (record === undefined) return undefined
      const ids = opened(sub, record)
      if (ids === undefined) throw new Error('the WeChat ids are sealed under another subject key: is KEYS_FILE that of the service?')
      return ids
    },
    erase: (sub) => store.remove(records.keyOf(sub)),
  }
}
