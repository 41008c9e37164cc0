/** What `npm run people` works with: the store and the keys of a service that may be running, and the audit of the command. */
import { createSecretKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Config } from '../../config.ts'
import { newId } from '../../domain/ids.ts'
import { randomBytes } from '../../domain/random-pool.ts'
import { readServiceSettings } from '../../environment.ts'
import type { Audit } from '../../login/audit.ts'
import type { Log } from '../../login/ports.ts'
import type { Store } from '../../login/store-port.ts'
import { createPeople } from '../../people/people.ts'
import { createWechatIds } from '../../people/wechat-ids.ts'
import { systemClock } from '../../runtime.ts'
import { createBrowserSessions } from '../../sessions/browser-sessions.ts'
import { readKeyFile } from '../../sessions/key-file.ts'
import type { Keys } from '../../sessions/key-set.ts'
import { hasKeys, readKeyMark, type KeyMark } from '../../sessions/key-mark.ts'
import { createSessionLists } from '../../sessions/session-lists.ts'
import { storeFileOf } from '../../stores/file-lock.ts'
import { createPhoneKeys } from '../../stores/phone-keys.ts'
import { announcementKey, announcementTtlMs } from '../../stores/sqlite-changes.ts'
import { createStore } from '../../stores/store.ts'
import { createTickets } from '../../stores/tickets.ts'
import { openStepQueue, withStepQueue } from '../../webhook/webhook.ts'
import { connectRetryMs, connectWithinMs, untilReady } from '../until-ready.ts'

/** Rejects where the service on this store has other keys. A service that has just been started may not have left its mark yet. */
const markOfService = async (store: Store, keys: Keys, keysFile: string): Promise<KeyMark> => {
  const giveUpAt = systemClock.steady() + connectWithinMs
  for (;;) {
    const mark = await readKeyMark(store)
    if (mark !== undefined && hasKeys(mark, keys)) return mark
    if (mark !== undefined) throw new Error(`KEYS_FILE ${keysFile} is not that of the service on this store: nothing was done, as the service could not use it`)
    if (systemClock.steady() >= giveUpAt) throw new Error('no service of this release has worked on this store yet: is STORE_URL that of the service, and is it running?')
    await sleep(connectRetryMs)
  }
}

/** Opening a file makes it where there is none, and a service's store in memory can't be reached. */
const assertReachable = ({ STORE_URL }: Config): void => {
  if (!STORE_URL.startsWith('sqlite:')) return
  const file = storeFileOf(STORE_URL)
  if (file === null) throw new Error(`STORE_URL is ${STORE_URL}: only the service itself reaches what it has in memory`)
  if (!existsSync(file)) throw new Error(`${file} does not exist: is STORE_URL that of the service, and has the service been started once?`)
}

/** The steps of a command, as the service's log has them, on the standard error. */
const createCommandAudit = (): Audit => {
  const output = pino.destination({ dest: 2, sync: true })
  output.on('error', () => {}) // a full disk must not end a command halfway
  const log = pino({ level: 'info', base: null }, output)
  return { record: (step) => { log.info(step, 'audit') } }
}

const openParts = (config: Config) => {
  const keys = readKeyFile(config.KEYS_FILE)
  assertReachable(config)
  const store = createStore(config.STORE_URL, { clock: systemClock, log: quiet })
  const clock = { ...systemClock, now: store.now, errorMs: store.timeErrorMs }
  const people = createPeople(store, clock)
  const commandAudit = createCommandAudit()
  let hasChanged = false
  const audit: Audit = {
    record: (step) => {
      hasChanged = true
      commandAudit.record(step)
    },
  }
  const queue = config.WEBHOOK_URL === null ? null : openStepQueue(store, { sealingKey: keys.cookie, clock, random: randomBytes, log: told })
  return {
    config,
    keys,
    clock,
    people,
    wechatIds: createWechatIds(store, { subjectKey: keys.subject, isKept: config.KEEP_WECHAT_IDS === 'on' }),
    tickets: createTickets(store, { clock, maxTickets: config.MAX_TICKETS }),
    sessions: createBrowserSessions(store, createSessionLists(store, clock), clock, { people, idleMs: config.SESSION_IDLE * 1000, maxMs: config.SESSION_MAX * 1000, cookieKey: createSecretKey(keys.cookie) }),
    phoneKeys: createPhoneKeys(store, { clock, sealingKey: keys.cookie }),
    /** With a webhook, an instance of the service sends each step. */
    audit: queue === null ? audit : withStepQueue(audit, queue),
    /** Resolves when the webhook's queue has the steps up to now: what makes many has to wait for it, as only some are kept in memory. */
    flushSteps: async () => { await queue?.flush() },
    /** Resolves when the store answers; rejects after some seconds. */
    untilReady: () => untilReady(store),
    /** The mini program of the service. Rejects where that has another key file. */
    appidOfService: async () => (await markOfService(store, keys, config.KEYS_FILE)).appid,
    /** Rejects where the store doesn't take the webhook's last steps. */
    close: async () => {
      try {
        await queue?.close()
      } catch (cause) {
        throw new Error('the store stopped answering. What was done stays, and the last steps are not posted to WEBHOOK_URL', { cause })
      } finally {
        await store.close()
      }
    },
    /** Has the service on a file look at what was changed, if anything was: on Redis it hears of each change by itself. */
    announce: async () => { if (hasChanged) await store.write(announcementKey, newId(randomBytes), announcementTtlMs) },
  }
}

/** Instead of the store's log lines, the command prints one line with what went wrong. */
const quiet: Log = { info () {}, warn () {}, error () {} }

const told: Log = { ...quiet, error: (fields, message) => { process.stderr.write(`scan-login: ${message} ${JSON.stringify(fields)}\n`) } }

export type Parts = ReturnType<typeof openParts>

/** Runs work with the store and the keys of the settings. */
export const withParts = async <T>(work: (parts: Parts) => Promise<T>): Promise<T> => {
  const parts = openParts(readServiceSettings({ withSecretFiles: true }).config)
  try {
    await parts.untilReady()
    await parts.appidOfService()
    return await work(parts).finally(parts.announce)
  } finally {
    await parts.close()
  }
}
