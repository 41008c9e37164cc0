/** A login's use cases on a store in memory, without HTTP and WeChat. */
import { createSecretKey } from 'node:crypto'
import type { Test } from 'tap'
import type { Step } from '../../src/domain/step.ts'
import type { Audit } from '../../src/login/audit.ts'
import { createTicket, type TicketOrder } from '../../src/login/create-ticket.ts'
import type { LoginDeps } from '../../src/login/deps.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createWaitingRoom } from '../../src/login/waiting-room.ts'
import { createPeople } from '../../src/people/people.ts'
import { createWechatIds } from '../../src/people/wechat-ids.ts'
import { createBrowserSessions, type BrowserSessions } from '../../src/sessions/browser-sessions.ts'
import { createSessionLists } from '../../src/sessions/session-lists.ts'
import { createStore } from '../../src/stores/store.ts'
import { createTickets } from '../../src/stores/tickets.ts'
import { createWrongNumbers } from '../../src/stores/wrong-numbers.ts'
import { seededBytes } from './seeded-random.ts'
import { createFakeClock } from './fake-clock.ts'
import { createRecordingLog } from './recording-log.ts'

export interface LoginUseCaseOptions {
  readonly settings?: Partial<LoginDeps['settings']>
  readonly wrapStore?: (store: Store) => Store
  readonly keepsWechatIds?: boolean
}

/** Creates them, with a clock that the test moves and an audit that it reads. */
export const openLoginUseCases = (t: Test, { settings = {}, wrapStore = (store) => store, keepsWechatIds = false }: LoginUseCaseOptions = {}) => {
  const clock = createFakeClock()
  const inner = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => inner.close())
  const store = wrapStore(inner)
  const people = createPeople(store, clock)
  const steps: Step[] = []
  const audit: Audit = { record: (step) => { steps.push(step) } }
  const deps: LoginDeps & { readonly sessions: BrowserSessions } = {
    tickets: createTickets(store, { clock, maxTickets: 1_000 }),
    waitingRoom: createWaitingRoom(clock, 100),
    people,
    wechatIds: createWechatIds(store, { subjectKey: Buffer.alloc(32, 9), isKept: keepsWechatIds }),
    places: { placeOf: () => null },
    wrongNumbers: createWrongNumbers(store, clock, seededBytes),
    sessions: createBrowserSessions(store, createSessionLists(store, clock), clock, { people, idleMs: 3_600_000, maxMs: 36_000_000, cookieKey: createSecretKey(Buffer.alloc(32, 7)) }),
    clock,
    random: seededBytes,
    audit,
    settings: { ticketTtlSeconds: 180, matchNumbers: 'tap', registration: 'open', returnOrigins: ['https://login.example.com'], ...settings },
  }
  return {
    deps,
    store,
    clock,
    people,
    /** Returns the audit's steps since the last call. */
    recorded: () => steps.splice(0),
    make: async (order: Partial<TicketOrder> = {}) => {
      const { ticket, secret } = await createTicket(deps, { returnTo: null, browser: { name: 'Chrome', system: 'Windows', ip: '192.0.2.1' }, site: null, ...order })
      return { ticket, secret, credentials: { id: ticket.id, secret }, number: ticket.match?.code }
    },
  }
}
