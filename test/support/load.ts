/** Owns a load of logins: people who log in again and again, never repeat a call, and write down every answer that is not as it should be. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser, openPhone, type Service, type TestBrowser, type TestPhone } from './clients.ts'
import type { Answer, Call } from './test-service.ts'
import { seededFraction } from './seeded-random.ts'

export interface LoadOptions {
  readonly service: Service
  /** Host and port of PUBLIC_URL. */
  readonly authority: string
  /** One for each person. */
  readonly jsCodes: readonly string[]
}

export interface Load {
  /** Lets everybody finish the login they are at, and tells what came of it all. */
  stop (): Promise<LoadReport>
}

export interface LoadReport {
  readonly calls: number
  readonly logins: number
  /** Each call that got no answer, or one that is not 2xx, as `POST /api/tickets/:id/consume: 502`. */
  readonly odd: readonly string[]
  /** How many sessions there are beside those of the logins, or how many too few. */
  readonly surplus: number
}

/** So long a person takes, at the most, to get the phone out, or to tap the number. Milliseconds. */
const thinkMs = 300

/** Starts it. Whoever meets an odd answer gives that login up and begins the next. */
export const startLoad = async ({ service, authority, jsCodes }: LoadOptions): Promise<Load> => {
  const odd: string[] = []
  let calls = 0
  const ending = { hasCome: false }

  const noting: Service = {
    async call (call) {
      calls++
      const answer = await service.call(call).catch((error: unknown): Answer => ({ status: 0, headers: {}, text: String(error), json: undefined }))
      if (answer.status < 200 || answer.status > 299) odd.push(`${nameOf(call)}: ${answer.status === 0 ? answer.text : answer.status} ${answer.json?.code ?? ''}`.trim())
      return answer
    },
  }

  /** Polls until the ticket is past a version; undefined where that goes wrong. */
  const pastVersion = async (browser: TestBrowser, version: number): Promise<Answer | undefined> => {
    for (;;) {
      const answer = await browser.poll(version, 25)
      if (answer.status !== 200) return undefined
      if (answer.json.version > version) return answer
    }
  }

  const logIn = async (phone: TestPhone): Promise<boolean> => {
    const browser = await openBrowser(noting)
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

  /** Whoever still waits there is sent away. */
  const abandon = async (browser: TestBrowser, waiting: Promise<unknown>): Promise<false> => {
    await browser.giveUp()
    await waiting
    return false
  }

  const phones = await Promise.all(jsCodes.map((jsCode) => openPhone(noting, { jsCode, authority })))
  const everybody = phones.map(async (phone) => {
    let logins = 0
    while (!ending.hasCome) if (await logIn(phone)) logins++
    return { phone, logins }
  })

  return {
    async stop () {
      ending.hasCome = true
      const people = await Promise.all(everybody)
      const logins = people.reduce((sum, { logins }) => sum + logins, 0)
      const lists = await Promise.all(people.map(({ phone }) => phone.sessions()))
      const sessions = lists.reduce((sum, { json }) => sum + (json?.sessions?.length ?? 0), 0)
      return { calls, logins, odd, surplus: sessions - logins }
    },
  }
}

const nameOf = ({ method = 'GET', path }: Call): string => `${method} ${path.replace(/\?.*/s, '').replace(/[\w-]{22}/, ':id')}`
