/** A browser that tries to log in, by src/http/README.md, "API", alone, until it is logged in or shows a fresh code. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser, type TestBrowser } from '../support/clients.ts'
import { cookieOf } from '../support/login.ts'
import type { Answer } from '../support/test-service.ts'
import { createCaller, once, persist, waitToRetry, type Caller } from './caller.ts'
import { endSession, type PhoneRole } from './phone.ts'
import type { Random } from './random.ts'
import type { VisitDeps, VisitPlan } from './visit.ts'

/** What others see of a browser: its ticket, and the number once there is one. */
export interface Screen {
  readonly browser: TestBrowser
  /** How many tickets this browser had before. */
  readonly attempt: number
  /** Resolves with the number when it is shown, and with undefined when polling has ended. */
  readonly number: Promise<string | undefined>
  /** Whether the browser still polls this ticket. */
  readonly isPolling: () => boolean
}

/** How a browser ended, and what it needs to prove that again. */
export interface BrowserResult {
  readonly actor: string
  readonly caller: Caller
  readonly how: 'logged-in' | 'signed-out' | 'fresh'
  readonly cookie: string | null
  readonly browser: TestBrowser | undefined
}

export interface BrowserRole {
  readonly actor: string
  readonly random: Random
  readonly plan: VisitPlan
}

const maxTickets = 6
/** A page whose code nobody scans shows another one; here it does so earlier than the real page. */
const giveUpAfterMs = 45_000

/** Tries until the browser is logged in; calls `show` with each ticket on the screen, and waits for it. */
export const browse = async (deps: VisitDeps, { actor, random, plan }: BrowserRole, show: (screen: Screen) => Promise<void>, owner: PhoneRole): Promise<BrowserResult> => {
  const caller = createCaller(deps, actor, random)
  let browser: TestBrowser | undefined
  for (let attempt = 0; attempt < maxTickets; attempt++) {
    browser = await makeTicket(caller)
    if (browser === undefined) continue
    const polling = pollTicket(caller, browser, random, attempt === 0 ? plan : undefined)
    const shown = show({ browser, attempt, number: polling.number, isPolling: polling.isPolling })
    const consumed = await polling.outcome
    await shown
    if (consumed === undefined) continue
    const cookie = cookieOf(consumed)
    await readSession(caller, cookie)
    const leaves = plan.afterwards !== 'stays'
    if (leaves) await endSession(deps, owner, { caller, browser, consumed, cookie, how: plan.afterwards })
    return { actor, caller, how: leaves ? 'signed-out' : 'logged-in', cookie, browser }
  }
  return { actor, caller, how: 'fresh', cookie: null, browser }
}

/** Makes a ticket, trying all instances. */
export const makeTicket = async (caller: Caller): Promise<TestBrowser | undefined> => {
  let browser: TestBrowser | undefined
  const created = await persist(async () => {
    browser = await openBrowser(caller)
    return browser.created
  })
  return created?.status === 201 ? browser : undefined
}

/** Reads the session with its cookie. */
export const readSession = (caller: Caller, cookie: string): Promise<Answer | undefined> =>
  persist(() => caller.call({ path: '/api/session', headers: { cookie } }))

/** Polls one ticket until it is consumed or final. `outcome` is the answer that logged the browser in. */
const pollTicket = (caller: Caller, browser: TestBrowser, random: Random, plan: VisitPlan | undefined) => {
  const number = Promise.withResolvers<string | undefined>()
  let isPolling = true
  const until = performance.now() + giveUpAfterMs
  const wait = random.pick([1, 3, 10, 25])

  const poll = async (): Promise<Answer | undefined> => {
    let known = 1
    while (performance.now() < until) {
      const answer = await once(() => browser.poll(known, wait))
      if (answer === undefined || answer.status >= 500) {
        await waitToRetry(answer)
        continue
      }
      if (answer.status !== 200) return undefined // the ticket is gone
      known = answer.json.version
      if (answer.json.match_code !== undefined) {
        number.resolve(answer.json.match_code)
        if (plan?.givesUp === true) {
          await sleep(random.integer(0, 30))
          await once(browser.giveUp)
        }
      }
      if (answer.json.state === 'confirmed' || answer.json.state === 'consumed') return await consume(browser, plan)
      if (answer.json.state === 'cancelled' || answer.json.state === 'expired') return undefined
      if (answer.json.poll_after !== undefined) await sleep(answer.json.poll_after * 1000)
    }
    await once(browser.giveUp)
    return undefined
  }

  const outcome = (async () => {
    if (plan?.fetchesCode === true) await once(() => caller.call({ path: `/api/tickets/${browser.ticket}/code` }))
    try {
      return await poll()
    } finally {
      isPolling = false
      number.resolve(undefined)
    }
  })()
  return { outcome, number: number.promise, isPolling: () => isPolling }
}

/** Consumes as the plan says. Undefined if the ticket can no longer be consumed. */
const consume = async (browser: TestBrowser, plan: VisitPlan | undefined): Promise<Answer | undefined> => {
  if (plan?.losesAnswer === true) await once(browser.consume)
  if (plan?.consumesTwice === true) {
    const answers = await Promise.all([once(browser.consume), once(browser.consume)])
    const good = answers.find((answer) => answer?.status === 200)
    if (good !== undefined) return good
  }
  const answer = await persist(browser.consume)
  return answer?.status === 200 ? answer : undefined
}
