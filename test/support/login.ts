/** Owns the way to a login for tests that begin where it ends. */
import { openBrowser, openPhone, type TestBrowser, type TestPhone } from './clients.ts'
import type { Answer, TestService } from './test-service.ts'

/** A phone of this person's, on the service's clock. */
export const phoneOf = (service: TestService, person = 'ming'): Promise<TestPhone> => openPhone(service, {
  jsCode: service.simulator.jsCode(person),
  authority: new URL(service.config.PUBLIC_URL).host,
  prefix: service.config.basePath,
  now: () => service.clock.now(),
})

export interface LoginOptions {
  readonly phone?: TestPhone
  readonly body?: unknown
  readonly from?: string
}

/** A browser whose ticket a phone has confirmed. */
export const confirmedBrowser = async (service: TestService, { phone, body, from }: LoginOptions = {}): Promise<{ browser: TestBrowser, phone: TestPhone }> => {
  const approver = phone ?? await phoneOf(service)
  const browser = await openBrowser(service, { prefix: service.config.basePath, body, ...(from !== undefined && { from }) })
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
export const logIn = async (service: TestService, wishes: LoginOptions = {}): Promise<Login> => {
  const { browser, phone } = await confirmedBrowser(service, wishes)
  const consumed = await browser.consume()
  if (consumed.status !== 200) throw new Error(`not logged in: ${consumed.status} ${consumed.text}`)
  return { browser, phone, consumed, token: consumed.json.access_token, cookie: cookieOf(consumed) }
}

/** The cookie that an answer sets, as `name=value`. */
export const cookieOf = (answer: Answer): string => String(answer.headers['set-cookie']).replace(/;.*/s, '')

/** Status and code in one word, for tables. */
export const verdict = (answer: Answer): string => answer.json?.code === undefined ? String(answer.status) : `${answer.status} ${answer.json.code}`
