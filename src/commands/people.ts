/** `npm run people`: signs a person out, on the store of a service that may be running. */
import { createSecretKey } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { isSecret } from '../domain/ids.ts'
import { readServiceSettings } from '../environment.ts'
import type { Log } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { signOutEverywhere } from '../login/sign-out-everywhere.ts'
import { systemClock } from '../runtime.ts'
import { orExit } from '../serve.ts'
import { createPeople } from '../people/people.ts'
import { createBrowserSessions } from '../sessions/browser-sessions.ts'
import { readKeyFile } from '../sessions/key-file.ts'
import { createSessionLists } from '../sessions/session-lists.ts'
import { createPhoneKeys } from '../stores/phone-keys.ts'
import { createStore } from '../stores/store.ts'

const help = `npm run people -- sign-out <sub>

  sign-out <sub>  signs a person out everywhere: every browser and every phone, at once. For a phone that was lost or stolen.
                  The person can log in again at once.

A person's sub is in the log (event "session.opened"), and in GET /api/session. The settings are those of the service: STORE_URL and KEYS_FILE,
from the environment or from .env. The service need not be stopped.
`

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

/** Runs work with the store and the keys of the settings. */
const withStore = async <T>(work: (parts: { phoneKeys: ReturnType<typeof createPhoneKeys>, sessions: ReturnType<typeof createBrowserSessions>, log: Log }) => Promise<T>): Promise<T> => {
  const { config } = readServiceSettings({ withSecretFiles: true })
  const log = pino({ level: 'info', base: null }, pino.destination({ dest: 2, sync: true }))
  const keys = readKeyFile(config.KEYS_FILE)
  const store = createStore(config.STORE_URL, { clock: systemClock, log: quiet })
  try {
    await untilReady(store)
    const clock = { ...systemClock, now: store.now, errorMs: store.timeErrorMs }
    const sessions = createBrowserSessions(store, createSessionLists(store, clock), clock, { people: createPeople(store, clock), idleMs: config.SESSION_IDLE * 1000, maxMs: config.SESSION_MAX * 1000, cookieKey: createSecretKey(keys.cookie) })
    return await work({ phoneKeys: createPhoneKeys(store, { clock, sealingKey: keys.cookie }), sessions, log })
  } finally {
    await store.close()
  }
}

/** Instead of the store's log lines, the command prints one line with what went wrong. */
const quiet: Log = { info () {}, warn () {}, error () {} }

const signOut = async (sub: string): Promise<string> => {
  if (!isSecret(sub)) throw new Error(`${JSON.stringify(sub)} is no sub: a sub has 43 characters, and is in the log as "sub"`)
  const { browsers, phones } = await withStore(({ phoneKeys, sessions, log }) =>
    signOutEverywhere({ phoneKeys, sessions, audit: { record: (step) => { log.info(step, 'audit') } } }, { sub, by: 'operator', exceptKeyId: null }))
  return `${sub} is signed out everywhere: ${counted(browsers, 'browser')}, ${counted(phones, 'phone key')}`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

await orExit(async () => {
  const [word, ...rest] = process.argv.slice(2)
  if (word === '--help' || word === '-h') process.stdout.write(help)
  else if (word === 'sign-out' && rest.length === 1) process.stdout.write(`${await signOut(rest[0] ?? '')}\n`)
  else throw new Error('usage: "npm run people -- sign-out <sub>"; "npm run people -- --help" says more')
})
