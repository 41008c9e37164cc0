/**
 * A mark in the store of the keys and the mini program that its people belong to. A command with another key file would make people of subs that nobody gets, and seal
 * what no instance can read: it compares the mark first.
 */
import { createHmac } from 'node:crypto'
import { schema, type StoredRecord } from '../domain/record.ts'
import type { Clock, Log } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import type { Keys } from './key-set.ts'

/** Of the keys it has a hash each, which tells nothing of them. */
export interface KeyMark {
  readonly appid: string
  readonly subject: string
  readonly cookie: string
}

/** As stored. */
interface MarkRecord extends StoredRecord, KeyMark {}

const id = 'keys'
/** Redis may be unreachable at the start. */
const retryMs = 250

const marksIn = (store: Store) => createRecords<MarkRecord>(store, { prefix: 'mark:' })

const hashOf = (key: Buffer): string => createHmac('sha256', key).update('scan-login: the mark of a key').digest('base64url')

export const keyMarkOf = (appid: string, { subject, cookie }: Pick<Keys, 'subject' | 'cookie'>): KeyMark => ({ appid, subject: hashOf(subject), cookie: hashOf(cookie) })

/** Tells whether a service that left this mark has the same keys. */
export const hasKeys = ({ subject, cookie }: KeyMark, keys: Pick<Keys, 'subject' | 'cookie'>): boolean => subject === hashOf(keys.subject) && cookie === hashOf(keys.cookie)

/** Undefined where no service of this release has worked on the store. */
export const readKeyMark = (store: Store): Promise<KeyMark | undefined> => marksIn(store).read(id)

/** Stores the mark, and warns where that before belonged to other people. Tries again until the store takes it; returns the function that stops that. */
export const writeKeyMark = (store: Store, mark: KeyMark, { clock, log }: { clock: Pick<Clock, 'after'>, log: Log }): () => void => {
  const marks = marksIn(store)
  let isStopped = false
  let isSaid = false
  let cancel = (): void => {}

  const write = async (): Promise<void> => {
    const before = await marks.read(id)
    const isSame = (name: keyof KeyMark): boolean => before?.[name] === mark[name]
    if (isStopped || (isSame('appid') && isSame('subject') && isSame('cookie'))) return
    if (before !== undefined && !(isSame('appid') && isSame('subject')) && !isSaid) log.warn({ code: 'store-of-other-keys' }, 'the store was used with another KEYS_FILE or WECHAT_APPID before: everybody gets another sub than they had, and is nobody\'s owner and in no group. If you did not mean that, stop the service and give it those of before')
    isSaid = true
    await marks.write(id, { schema, ...mark }, null)
  }
  const attempt = (): void => {
    write().catch(() => { // the store logs its faults
      if (!isStopped) cancel = clock.after(retryMs, attempt)
    })
  }
  attempt()
  return () => {
    isStopped = true
    cancel()
  }
}
