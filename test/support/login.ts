import { openBrowser, openPhone, type TestBrowser, type TestPhone } from './clients.ts'
import type { Answer, TestService } from './test-service.ts'

/** Logs a person's phone in; it signs by the service's clock. */
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

/** Opens a browser and confirms its ticket on a phone. */
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

/** Logs a browser in. */
export const logIn = async (service: TestService, options: LoginOptions = {}): Promise<Login> => {
  const { browser, phone } = await confirmedBrowser(service, options)
  const consumed = await browser.consume()
  if (consumed.status !== 200) throw new Error(`not logged in: ${consumed.status} ${consumed.text}`)
  return { browser, phone, consumed, token: consumed.json.access_token, cookie: cookieOf(consumed) }
}

/** Returns the cookie that an answer sets, as `name=value`. */
export const cookieOf = (answer: Answer): string => String(answer.headers['set-cookie']).replace(/;.*/s, '')

/** Returns an answer's status and problem code, as `409 ticket-cancelled`, or the status alone. */
export const verdict = (answer: Answer): string => answer.json?.code === undefined ? String(answer.status) : `${answer.status} ${answer.json.code}`
