/** Honest people: each with a browser and a phone at addresses of their own. They retry where page and mini program do, and give up after a minute. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../chaos/random.ts'
import { openBrowser, openPhone, type Service, type TestPhone } from '../support/clients.ts'
import type { Answer, Call } from '../support/test-service.ts'
import { cookieOf } from '../support/login.ts'
import { maxAnswerMs, type HonestLogin, type SlowAnswer } from './report.ts'

export interface HonestOptions {
  /** The service behind its proxy. */
  readonly proxy: Service
  readonly authority: string
  readonly random: Random
  jsCode (person: string): string
  violation (text: string): void
}

export interface Honest {
  readonly logins: readonly HonestLogin[]
  readonly longestAnswer: { readonly ms: number, readonly call: string }
  /** Those slower than `maxAnswerMs`. */
  readonly slowAnswers: readonly SlowAnswer[]
  /** Starts a login. */
  begin (): void
  /** Resolves when every login has ended. */
  untilOver (): Promise<void>
}

/** How many people there are. */
export const people = 40
const giveUpAfterMs = 60_000
const callTimeoutMs = 35_000
const waitSeconds = 20
/** The share of logins for which the phone logs in again, as after its mini program was closed for long. */
const phoneLoginShare = 0.2
const phoneRetryMs = 1000

/** Returns a browser's address, each in a /24 of its own and none an attacker's. */
export const browserAddress = (n: number): string => `198.51.${n % people}.7`
const phoneAddress = (n: number): string => `192.0.${n % people}.9`

interface Attempt {
  /** What was refused or failed and then retried. */
  readonly retries: string[]
  readonly giveUpAt: number
}

class LoginFailed extends Error {}

export const createHonest = ({ proxy, authority, random, jsCode, violation }: HonestOptions): Honest => {
  const logins: HonestLogin[] = []
  const slowAnswers: SlowAnswer[] = []
  const phones = new Map<number, TestPhone>()
  const busy = new Set<number>()
  const underWay = new Set<Promise<void>>()
  let longestAnswer = { ms: 0, call: 'none' }
  let begun = 0

  /** Makes a call once from an address. Status 0: no answer; -1: none in time. */
  const ask = async (call: Call, address: string): Promise<Answer> => {
    const start = performance.now()
    const answer = await Promise.race([
      proxy.call({ ...call, headers: { ...call.headers, 'x-forwarded-for': address } }).catch((): Answer => ({ status: 0, headers: {}, text: '', json: undefined })),
      sleep(callTimeoutMs, undefined, { ref: false }).then((): Answer => ({ status: -1, headers: {}, text: '', json: undefined })),
    ])
    const waited = /[?&]wait=(\d+)/.exec(call.path)?.[1] ?? 0
    const endMs = performance.now()
    const ms = endMs - start - Number(waited) * 1000
    if (ms > maxAnswerMs) slowAnswers.push({ call: nameOf(call), startMs: start, endMs, ms })
    if (ms > longestAnswer.ms) longestAnswer = { ms, call: nameOf(call) }
    return answer
  }

  /** Repeats a call until it succeeds or is refused for good, and records why. Rejects when the person gives up. */
  const untilAnswered = async (name: string, { retries, giveUpAt }: Attempt, make: () => Promise<Answer>): Promise<Answer> => {
    for (;;) {
      const answer = await make()
      if (answer.status > 0 && answer.status < 500 && answer.status !== 429) return answer
      const reason = `${name}: ${answer.status > 0 ? `${answer.status} ${answer.json?.code ?? ''}` : answer.status === 0 ? 'no answer' : 'no answer in time'}`
      retries.push(reason)
      const pauseMs = Math.min(5, Number(answer.headers['retry-after'] ?? 1)) * 1000
      if (performance.now() + pauseMs > giveUpAt) throw new LoginFailed(reason)
      await sleep(pauseMs)
    }
  }

  /** Returns a person's phone, logged in. Its calls are retried by their callers, as each is signed anew. */
  const phoneOf = async (n: number, random: Random, { retries, giveUpAt }: Attempt): Promise<TestPhone> => {
    const known = phones.get(n)
    if (known !== undefined && !random.chance(phoneLoginShare)) return known
    for (;;) {
      try {
        const phone = await openPhone({ call: (call) => ask(call, phoneAddress(n)) }, { jsCode: jsCode(`honest-${n}`), authority })
        phones.set(n, phone)
        return phone
      } catch (error) {
        if (performance.now() + phoneRetryMs > giveUpAt) throw error
        retries.push(error instanceof Error ? error.message.slice(0, 34) : String(error)) // up to the status
        await sleep(phoneRetryMs) // the next try has another js_code
      }
    }
  }

  /** Runs one login; throws LoginFailed if the ticket is lost or an answer is unexpected. */
  const logIn = async (n: number, random: Random, attempt: Attempt): Promise<void> => {
    const site: Service = { call: (call) => untilAnswered(nameOf(call), attempt, () => ask(call, browserAddress(n))) }
    const browser = await openBrowser(site)
    expectStatus(browser.created, 201, 'ticket')
    expectStatus(await site.call({ path: browser.created.json.code_url }), 200, 'code')
    const scanned = pastVersion(browser.poll, 1)
    scanned.catch(() => {}) // awaited below
    await sleep(random.integer(300, 1500))
    const phone = await phoneOf(n, random, attempt)
    const scan = await untilAnswered('scan', attempt, () => phone.scan(browser.ticket))
    if (scan.json?.code === 'key-unknown') phones.delete(n)
    expectStatus(scan, 200, 'scan')
    if (scan.text.includes(browserAddress(n))) violation('a scan got the address of the browser')
    const number = (await scanned).json.match_code as string
    const confirmed = pastVersion(browser.poll, 2)
    confirmed.catch(() => {})
    await sleep(random.integer(300, 1500))
    expectStatus(await untilAnswered('confirm', attempt, () => phone.confirm(browser.ticket, number)), 200, 'confirm')
    if ((await confirmed).json.state !== 'confirmed') throw new LoginFailed(`the ticket is ${(await confirmed).json.state}`)
    const consumed = await browser.consume()
    expectStatus(consumed, 200, 'consume')
    const headers = { cookie: cookieOf(consumed), 'sec-fetch-site': 'same-origin' }
    expectStatus(await site.call({ path: '/api/session', headers }), 200, 'session')
    expectStatus(await site.call({ method: 'DELETE', path: '/api/session', headers }), 204, 'log-out')
  }

  const attempt = async (n: number, random: Random): Promise<void> => {
    const startMs = performance.now()
    const giveUpAt = startMs + giveUpAfterMs
    const retries: string[] = []
    for (;;) {
      try {
        await logIn(n, random, { retries, giveUpAt })
        logins.push({ startMs, isIn: true, retries })
        return
      } catch (error) {
        const reason = error instanceof Error ? error.message.slice(0, 120) : String(error)
        retries.push(`started again: ${reason}`)
        if (performance.now() > giveUpAt - 5000) {
          logins.push({ startMs, isIn: false, reason, retries })
          return
        }
        await sleep(1000)
      }
    }
  }

  return {
    logins,
    slowAnswers,
    get longestAnswer () { return longestAnswer },
    begin: () => {
      const n = Array.from({ length: people }, (_, i) => (begun + i) % people).find((person) => !busy.has(person))
      begun++
      if (n === undefined) return // everybody is logging in already
      busy.add(n)
      const login = attempt(n, random.fork(begun)).finally(() => {
        busy.delete(n)
        underWay.delete(login)
      })
      underWay.add(login)
    },
    untilOver: async () => { await Promise.all(underWay) },
  }
}

const expectStatus = (answer: Answer, status: number, what: string): void => {
  if (answer.status !== status) throw new LoginFailed(`${what}: ${answer.status} ${answer.json?.code ?? ''}`)
}

const pastVersion = async (poll: (after: number, wait: number) => Promise<Answer>, version: number): Promise<Answer> => {
  for (;;) {
    const answer = await poll(version, waitSeconds)
    expectStatus(answer, 200, 'poll')
    if (answer.json.version > version) return answer
    if (answer.json.poll_after !== undefined) await sleep(answer.json.poll_after * 1000)
  }
}

const nameOf = ({ method = 'GET', path }: Call): string => `${method} ${path.replace(/\?.*/s, '').replace(/[\w-]{22}/, ':id')}`
