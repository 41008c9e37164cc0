/** A login controller with a fake clock, network, randomness and view, all controlled by the test. */
import { setImmediate } from 'node:timers/promises'
import { createLoginController } from '../../static/scan-login/login-controller.js'
import { createPollHold } from '../../static/scan-login/poll-hold.js'
import { createSavedTickets } from '../../static/scan-login/saved-tickets.js'
import { createTicketApi } from '../../static/scan-login/ticket-api.js'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { createSharedLocks } from './shared-locks.ts'
import type { Locks } from '../../static/scan-login/locks.js'

export type BrowserCall = 'create' | 'read' | 'consume' | 'cancel' | 'session'
export type PlannedAnswer = Response | 'cut' | 'silence'

interface HarnessOptions {
  readonly tab?: ReturnType<typeof createStorage>
  /** What an earlier page learned about this network. */
  readonly learned?: unknown // null: nothing yet
  readonly clock?: FakeClock
  /** Those of this page among the browser's. */
  readonly locks?: Locks
  /** The person whom the browser was logged in as before. */
  readonly lastPerson?: string | null
  /** False on a site that embeds the element. */
  readonly isOwnPage?: boolean
}

interface MadeCall {
  readonly call: BrowserCall
  /** Without the server and the random parameter of polls. */
  readonly url: string
  /** That parameter. */
  readonly poll: string | null
  readonly at: number
  readonly init: RequestInit
  readonly headers: Headers
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { Vary: 'Cookie, Authorization, X-Ticket-Secret', 'Content-Type': status < 400 ? 'application/json; charset=utf-8' : 'application/problem+json', ...headers } })

export const problem = (status: number, code: string, headers: Record<string, string> = {}): Response => json(status, { code, status }, headers)

export const html = (status: number): Response => new Response('<html>no</html>', { status, headers: { 'Content-Type': 'text/html' } })

/** JSON of something between browser and service, which may use our codes or other ones. */
export const foreignJson = (status: number, code: string): Response =>
  new Response(JSON.stringify({ code, status }), { status, headers: { 'Content-Type': 'application/json' } })

export const ticketAnswer = (id: string, extra: object = {}): Response =>
  json(201, { ticket: id, secret: `secret-of-${id}`, state: 'pending', version: 1, expires_in: 180, code_url: `/p/api/tickets/${id}/code`, max_wait: 25, match: true, ...extra })

export const viewAnswer = (state: string, version: number, extra: object = {}): Response =>
  json(200, { ticket: 'any', state, version, expires_in: 100, ...((state === 'confirmed' || state === 'consumed') && { sub: 's', phone: { name: '小雨' } }), ...extra })

const server = 'https://login.example.com/p/'

/** Returns the address of a ticket's code. */
export const codeOf = (ticket: string): string => `${server}api/tickets/${ticket}/code`

/** A browser's storage for the site or the tab, which outlives the page. */
export const createStorage = () => {
  const items = new Map<string, string>()
  return {
    items,
    getItem: (key: string): string | null => items.get(key) ?? null,
    setItem: (key: string, value: string): void => { items.set(key, value) },
  }
}

/** What a page has learned on a network that never cut a poll. */
const patientNetwork = { seconds: 55, ceiling: 55, patience: 8, at: createFakeClock().now() }

/**
 * Creates a controller that isn't started yet. Calls without a planned answer succeed: tickets are created, nobody is logged in yet, consuming opens a
 * session, and polls are held for ever or, if `world.isPunctual`, for as long as they ask, as for a ticket that nobody scans. If `world.isOlder`, an instance of
 * an older release answers, which knows no `X-Ticket-Secret`.
 */
export const createLoginHarness = ({ tab = createStorage(), learned = patientNetwork, clock = createFakeClock(), locks = createSharedLocks().ofPage(), lastPerson = null, isOwnPage = true }: HarnessOptions = {}) => {
  const calls: MadeCall[] = []
  const shown: string[] = []
  const views: unknown[] = []
  const redirects: (string | null)[] = []
  const events: string[] = []
  const remembered: unknown[] = []
  const plan: Record<BrowserCall, PlannedAnswer[]> = { create: [], read: [], consume: [], cancel: [], session: [] }
  /** Whether the code's picture loads, one entry per try; it loads when none is left. */
  const pictures: (boolean | Promise<boolean>)[] = []
  const world = { randomValue: 0, isPunctual: false, lastActivityAt: clock.now(), isPrevented: false, wallSkewMs: 0, lastPerson, isOwnPage, isOlder: false, isUnattended: false }
  let tickets = 0
  /** When each ticket was created, by id. */
  const madeAt = new Map<string, number>()
  let openPolls: ((answer: PlannedAnswer) => void)[] = []
  let mostPolls = 0

  const unplanned: Record<BrowserCall, () => PlannedAnswer> = {
    create: () => {
      tickets += 1
      madeAt.set(`t${tickets}`, clock.now())
      return ticketAnswer(`t${tickets}`)
    },
    read: () => 'silence',
    consume: () => json(200, { access_token: 'a.b.c', expires_in: 900, user: { sub: 's', name: '小雨' }, return_to: null }),
    cancel: () => new Response(null, { status: 204 }),
    session: () => json(200, { user: null, session: null }),
  }

  const fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = String(input).replace(server, '').replace(/&poll=\d+$/, '')
    const poll = new URL(String(input)).searchParams.get('poll')
    const method = init.method ?? 'GET'
    const call = callOf(method, url)
    const headers = new Headers(init.headers)
    calls.push({ call, url, poll, init, at: clock.now(), headers })
    const answer = world.isOlder && headers.has('X-Ticket-Secret') ? problem(404, 'ticket-not-found', { Vary: 'Cookie, Authorization' }) : plan[call].shift() ?? unplanned[call]()
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        openPolls = openPolls.filter((open) => open !== give)
        how()
      }
      const give = (answer: PlannedAnswer) => {
        if (answer === 'cut') settle(() => { reject(new TypeError('Failed to fetch')) })
        else if (answer !== 'silence') settle(() => { resolve(answer) })
      }
      if (call === 'read') openPolls.push(give)
      const [, ticket = '', waitSeconds = '0'] = /^api\/tickets\/(\w+)\?.*wait=(\d+)$/.exec(url) ?? []
      if (call === 'read' && world.isPunctual && answer === 'silence') {
        clock.after(Number(waitSeconds) * 1000, () => { give(viewAnswer('pending', 1, { expires_in: Math.ceil(180 - (clock.now() - (madeAt.get(ticket) ?? 0)) / 1000) })) })
      }
      mostPolls = Math.max(mostPolls, openPolls.length)
      init.signal?.addEventListener('abort', () => { settle(() => { reject(new DOMException('aborted', 'AbortError')) }) })
      give(answer)
    })
  }

  const createCondition = () => {
    let now = true
    const listeners: (() => void)[] = []
    return {
      now: () => now,
      onChange: (listener: () => void) => { listeners.push(listener) },
      set: (next: boolean) => {
        now = next
        for (const listener of listeners) listener()
      },
    }
  }
  const visible = createCondition()
  visible.onChange(() => { world.lastActivityAt = clock.now() })
  const online = createCondition()
  let wake = (): void => {}

  const controller = createLoginController({
    server,
    api: createTicketApi({ fetch, clock, server, isOwnPage: world.isOwnPage }),
    lastPerson: { recall: () => world.lastPerson, remember: (sub) => { world.lastPerson = sub } },
    locks,
    hold: createPollHold({ recall: () => learned, remember: (learned) => { remembered.push(learned) } }, () => clock.now() + world.wallSkewMs),
    savedTickets: createSavedTickets({ server, store: tab, locks, clock, wallClock: () => clock.now() + world.wallSkewMs }),
    onWake: (listener) => { wake = listener },
    isUnattended: () => world.isUnattended,
    lastActivityAt: () => world.lastActivityAt,
    emit: (event) => {
      events.push(event.name === 'error' ? `error ${event.reason}` : event.name === 'ticket' ? `ticket ${event.ticket}` : event.name)
      return !(event.name === 'login' && world.isPrevented)
    },
    loadCode: async () => pictures.shift() ?? true,
    clock,
    random: () => world.randomValue,
    visible,
    online,
    show: (view) => {
      views.push(view)
      shown.push('stage' in view ? `${view.name} over ${view.stage.name}` : view.name)
    },
    redirect: ({ returnTo }) => { redirects.push(returnTo) },
  })

  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn += 1) await setImmediate()
  }

  return {
    controller,
    clock,
    plan,
    pictures,
    world,
    visible,
    online,
    calls,
    /** The names of all views so far, in order. */
    shown,
    /** Returns the current view. */
    view: () => views.at(-1),
    /** The destinations of redirects. */
    redirects,
    /** The events emitted so far, in order. */
    events,
    /** What was remembered about the network, in order. */
    remembered,
    /** The tab's storage, which outlives the page. */
    tab,
    /** Wakes the machine from sleep. */
    wake: async (): Promise<void> => {
      wake()
      await settled()
    },
    /** Simulates activity of the visitor. */
    simulateActivity: (): void => { world.lastActivityAt = clock.now() },
    callsOf: (call: BrowserCall): MadeCall[] => calls.filter((made) => made.call === call),
    lastUrl: (): string | undefined => calls.at(-1)?.url,
    openPolls: (): number => openPolls.length,
    mostPolls: (): number => mostPolls,
    settled,
    /** Starts the controller and runs everything that needs no time. */
    begin: async (returnTo: string | null = null): Promise<void> => {
      controller.start(returnTo)
      await settled()
    },
    /** Answers the held poll. */
    answer: async (answer: PlannedAnswer): Promise<void> => {
      openPolls[0]?.(answer)
      await settled()
    },
    /** Lets time pass, and runs everything that happens in it. */
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(Math.min(100, left))
        await setImmediate()
      }
      await settled()
    },
  }
}

const callOf = (method: string, url: string): BrowserCall => {
  if (url.startsWith('api/session?')) return 'session'
  if (method === 'GET') return 'read'
  if (method === 'DELETE') return 'cancel'
  return url.endsWith('/consume') ? 'consume' : 'create'
}
