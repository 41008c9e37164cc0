/** Owns a browser that wants to be logged in, by CONTRACT "Browser" alone, and does not rest until it is or shows a fresh code. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser, type TestBrowser } from '../support/clients.ts'
import { cookieOf } from '../support/login.ts'
import type { Answer } from '../support/test-service.ts'
import { createCaller, once, persist, untilRetry, type Caller } from './caller.ts'
import { endSession, type PhoneRole } from './phone.ts'
import type { Random } from './random.ts'
import type { Mischief, VisitDeps } from './visit.ts'

/** What can be seen of a browser: its ticket, and the number once there is one. */
export interface Screen {
  readonly browser: TestBrowser
  /** How many tickets this browser had before. */
  readonly attempt: number
  /** Resolves with the number when it is shown, and with undefined when the ticket is over. */
  readonly number: Promise<string | undefined>
  /** Whether the browser still looks at this ticket. */
  readonly isOn: () => boolean
}

/** How a browser ended, and what it needs to prove that again. */
export interface Browsed {
  readonly actor: string
  readonly caller: Caller
  readonly how: 'logged-in' | 'signed-out' | 'fresh'
  readonly cookie: string | null
  readonly browser: TestBrowser | undefined
}

export interface BrowserRole {
  readonly actor: string
  readonly random: Random
  readonly mischief: Mischief
}

const maxTickets = 6
/** A page whose code nobody scans shows another one; here it does so early. Milliseconds. */
const giveUpAfterMs = 45_000

/** Browses until it is logged in; `show` is called with each ticket on the screen and is waited for. */
export const browse = async (deps: VisitDeps, { actor, random, mischief }: BrowserRole, show: (screen: Screen) => Promise<void>, owner: PhoneRole): Promise<Browsed> => {
  const caller = createCaller(deps, actor, random)
  let browser: TestBrowser | undefined
  for (let attempt = 0; attempt < maxTickets; attempt++) {
    browser = await makeTicket(caller)
    if (browser === undefined) continue
    const looks = look(caller, browser, random, attempt === 0 ? mischief : undefined)
    const shown = show({ browser, attempt, number: looks.number, isOn: looks.isOn })
    const consumed = await looks.outcome
    await shown
    if (consumed === undefined) continue
    const cookie = cookieOf(consumed)
    await readSession(caller, cookie)
    const leaves = mischief.afterwards !== 'stays'
    if (leaves) await endSession(deps, owner, { caller, browser, consumed, cookie, how: mischief.afterwards })
    return { actor, caller, how: leaves ? 'signed-out' : 'logged-in', cookie, browser }
  }
  return { actor, caller, how: 'fresh', cookie: null, browser }
}

/** Makes a ticket, at whichever instance can. */
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

/** Looks at one ticket until it is used or over. `outcome` is the answer that logged the browser in. */
const look = (caller: Caller, browser: TestBrowser, random: Random, mischief: Mischief | undefined) => {
  const number = Promise.withResolvers<string | undefined>()
  let isOn = true
  const until = performance.now() + giveUpAfterMs
  const wait = random.pick([1, 3, 10, 25])

  const poll = async (): Promise<Answer | undefined> => {
    let known = 1
    while (performance.now() < until) {
      const answer = await once(() => browser.poll(known, wait))
      if (answer === undefined || answer.status >= 500) {
        await untilRetry(answer)
        continue
      }
      if (answer.status !== 200) return undefined // it is gone
      known = answer.json.version
      if (answer.json.match_code !== undefined) {
        number.resolve(answer.json.match_code)
        if (mischief?.givesUp === true) {
          await sleep(random.integer(0, 30))
          await once(browser.giveUp)
        }
      }
      if (answer.json.state === 'confirmed' || answer.json.state === 'consumed') return await consume(browser, mischief)
      if (answer.json.state === 'cancelled' || answer.json.state === 'expired') return undefined
      if (answer.json.poll_after !== undefined) await sleep(answer.json.poll_after * 1000)
    }
    await once(browser.giveUp)
    return undefined
  }

  const outcome = (async () => {
    if (mischief?.fetchesCode === true) await once(() => caller.call({ path: `/api/tickets/${browser.ticket}/code` }))
    try {
      return await poll()
    } finally {
      isOn = false
      number.resolve(undefined)
    }
  })()
  return { outcome, number: number.promise, isOn: () => isOn }
}

/** Consumes, with all that may be unusual about it. Undefined where the ticket can't be consumed any more. */
const consume = async (browser: TestBrowser, mischief: Mischief | undefined): Promise<Answer | undefined> => {
  if (mischief?.losesAnswer === true) await once(browser.consume)
  if (mischief?.consumesTwice === true) {
    const answers = await Promise.all([once(browser.consume), once(browser.consume)])
    const good = answers.find((answer) => answer?.status === 200)
    if (good !== undefined) return good
  }
  const answer = await persist(browser.consume)
  return answer?.status === 200 ? answer : undefined
}
