/** A load of logins: people who log in again and again and never repeat a call. Every unexpected answer is recorded. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser, openPhone, type Service, type TestBrowser, type TestPhone } from './clients.ts'
import type { Answer, Call } from './test-service.ts'
import { seededFraction } from './seeded-random.ts'

export interface LoadOptions {
  readonly service: Service
  /** Host and port of PUBLIC_URL. */
  readonly authority: string
  /** One per person. */
  readonly jsCodes: readonly string[]
}

export interface Load {
  /** Lets everybody finish the current login, and resolves with the report. */
  stop (): Promise<LoadReport>
}

export interface LoadReport {
  readonly calls: number
  readonly logins: number
  /** Each call without an answer or with one that isn't 2xx, as `POST /api/tickets/:id/consume: 502`. */
  readonly odd: readonly string[]
  /** How many more sessions than logins there are; negative if sessions are missing. */
  readonly surplus: number
}

/** The longest time that a person takes to get the phone out, or to tap the number. */
const thinkMs = 300

/** Starts the load. After an unexpected answer, a person gives that login up and begins the next. */
export const startLoad = async ({ service, authority, jsCodes }: LoadOptions): Promise<Load> => {
  const odd: string[] = []
  let calls = 0
  const stopping = { isAsked: false }

  const recording: Service = {
    async call (call) {
      calls++
      const answer = await service.call(call).catch((error: unknown): Answer => ({ status: 0, headers: {}, text: String(error), json: undefined }))
      if (answer.status < 200 || answer.status > 299) odd.push(`${nameOf(call)}: ${answer.status === 0 ? answer.text : answer.status} ${answer.json?.code ?? ''}`.trim())
      return answer
    },
  }

  /** Polls until the ticket is past a version; undefined if a poll fails. */
  const pastVersion = async (browser: TestBrowser, version: number): Promise<Answer | undefined> => {
    for (;;) {
      const answer = await browser.poll(version, 25)
      if (answer.status !== 200) return undefined
      if (answer.json.version > version) return answer
    }
  }

  const logIn = async (phone: TestPhone): Promise<boolean> => {
    const browser = await openBrowser(recording)
    if (browser.created.status !== 201) return false
    const scanned = pastVersion(browser, 1)
    await sleep(seededFraction() * thinkMs)
    if ((await phone.scan(browser.ticket)).status !== 200) return await abandon(browser, scanned)
    const matchCode = (await scanned)?.json.match_code as string | undefined
    if (matchCode === undefined) return false
    const confirmed = pastVersion(browser, 2)
    await sleep(seededFraction() * thinkMs)
    if ((await phone.confirm(browser.ticket, matchCode)).status !== 200) return await abandon(browser, confirmed)
    if (await confirmed === undefined) return false
    return (await browser.consume()).status === 200
  }

  /** Gives a login up, which ends its pending poll. */
  const abandon = async (browser: TestBrowser, waiting: Promise<unknown>): Promise<false> => {
    await browser.giveUp()
    await waiting
    return false
  }

  const phones = await Promise.all(jsCodes.map((jsCode) => openPhone(recording, { jsCode, authority })))
  const everybody = phones.map(async (phone) => {
    let logins = 0
    while (!stopping.isAsked) if (await logIn(phone)) logins++
    return { phone, logins }
  })

  return {
    async stop () {
      stopping.isAsked = true
      const people = await Promise.all(everybody)
      const logins = people.reduce((sum, { logins }) => sum + logins, 0)
      const lists = await Promise.all(people.map(({ phone }) => phone.sessions()))
      const sessions = lists.reduce((sum, { json }) => sum + (json?.sessions?.length ?? 0), 0)
      return { calls, logins, odd, surplus: sessions - logins }
    },
  }
}

const nameOf = ({ method = 'GET', path }: Call): string => `${method} ${path.replace(/\?.*/s, '').replace(/[\w-]{22}/, ':id')}`
