/** What `npm run people` works with: the store and the keys of a service that may be running, and the audit of the command. */
import { createSecretKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Config } from '../../config.ts'
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
import { createSessionLists } from '../../sessions/session-lists.ts'
import { storeFileOf } from '../../stores/file-lock.ts'
import { createPhoneKeys } from '../../stores/phone-keys.ts'
import { createStore } from '../../stores/store.ts'
import { createTickets } from '../../stores/tickets.ts'
import { openStepQueue, withStepQueue } from '../../webhook/webhook.ts'

/** Redis is connected to in the background, and calls are refused until then. */
const connectWithinMs = 5000
const connectRetryMs = 100

const untilReady = async (store: Store): Promise<void> => {
  const giveUpAt = systemClock.steady() + connectWithinMs
  for (;;) {
    try {
      return await store.check()
    } catch (cause) {
      if (systemClock.steady() >= giveUpAt) throw new Error('the store does not answer: is STORE_URL that of the service, and is it running?', { cause })
    }
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
  const log = pino({ level: 'info', base: null }, pino.destination({ dest: 2, sync: true }))
  return { record: (step) => { log.info(step, 'audit') } }
}

const openParts = (config: Config) => {
  const keys = readKeyFile(config.KEYS_FILE)
  assertReachable(config)
  const store = createStore(config.STORE_URL, { clock: systemClock, log: quiet })
  const clock = { ...systemClock, now: store.now, errorMs: store.timeErrorMs }
  const people = createPeople(store, clock)
  const audit = createCommandAudit()
  const queue = config.WEBHOOK_URL === null ? null : openStepQueue(store, { sealingKey: keys.cookie, clock, random: randomBytes, log: quiet })
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
    /** Resolves when the store answers; rejects after some seconds. */
    untilReady: () => untilReady(store),
    close: async () => {
      await queue?.close()
      await store.close()
    },
  }
}

/** Instead of the store's log lines, the command prints one line with what went wrong. */
const quiet: Log = { info () {}, warn () {}, error () {} }

export type Parts = ReturnType<typeof openParts>

/** Runs work with the store and the keys of the settings. */
export const withParts = async <T>(work: (parts: Parts) => Promise<T>): Promise<T> => {
  const parts = openParts(readServiceSettings({ withSecretFiles: true }).config)
  try {
    await parts.untilReady()
    return await work(parts)
  } finally {
    await parts.close()
  }
}
