/** Owns the way to a login for tests that begin where it ends. */
import { openBrowser, openPhone, type TestBrowser, type TestPhone } from './clients.ts'
import type { Answer, House } from './house.ts'

/** A phone of this person's, on the house's clock. */
export const phoneOf = (house: House, person = 'ming'): Promise<TestPhone> => openPhone(house, {
  jsCode: house.simulator.jsCode(person),
  authority: new URL(house.config.PUBLIC_URL).host,
  prefix: house.config.basePath,
  now: () => house.clock.now(),
})

export interface LoginWishes {
  readonly phone?: TestPhone
  readonly body?: unknown
  readonly from?: string
}

/** A browser whose ticket a phone has confirmed. */
export const confirmedBrowser = async (house: House, { phone, body, from }: LoginWishes = {}): Promise<{ browser: TestBrowser, phone: TestPhone }> => {
  const approver = phone ?? await phoneOf(house)
  const browser = await openBrowser(house, { prefix: house.config.basePath, body, ...(from !== undefined && { from }) })
  await approver.scan(browser.ticket)
  const confirmed = await approver.confirm(browser.ticket, await browser.matchCode())
  if (confirmed.status !== 200) throw new Error(`not confirmed: ${confirmed.status} ${confirmed.text}`)
  return { browser, phone: approver }
}

export interface Login {
  readonly browser: TestBrowser
  readonly phone: TestPhone
  readonly consumed: Answer
  readonly token: string
  /** `name=value`, as a browser sends it back. */
  readonly cookie: string
}

/** A browser that is logged in. */
export const logIn = async (house: House, wishes: LoginWishes = {}): Promise<Login> => {
  const { browser, phone } = await confirmedBrowser(house, wishes)
  const consumed = await browser.consume()
  if (consumed.status !== 200) throw new Error(`not logged in: ${consumed.status} ${consumed.text}`)
  return { browser, phone, consumed, token: consumed.json.access_token, cookie: cookieOf(consumed) }
}

/** The cookie that an answer sets, as `name=value`. */
export const cookieOf = (answer: Answer): string => String(answer.headers['set-cookie']).replace(/;.*/s, '')

/** Status and code in one word, for tables. */
export const verdict = (answer: Answer): string => answer.json?.code === undefined ? String(answer.status) : `${answer.status} ${answer.json.code}`
