/** Attacks by somebody whom WeChat knows: wrong numbers, and calls that were signed rightly and are shown again. Tells what must never be accepted and was. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../chaos/random.ts'
import { openBrowser, openPhone, sign, type Service, type TestPhone } from '../support/clients.ts'
import type { Answer, Call } from '../support/house.ts'
import type { Tally } from './tally.ts'

export interface MemberOptions {
  /** The service behind its proxy. */
  readonly proxy: Service
  readonly authority: string
  readonly random: Random
  readonly tally: Tally
  jsCode (person: string): string
  readonly violations: string[]
  readonly signal: AbortSignal
}

const verdictOf = (answer: Answer | undefined): string => answer === undefined ? 'no answer' : answer.json?.code === undefined ? String(answer.status) : `${answer.status} ${answer.json.code}`
const everyMs = 500
/** A call whose time lies so far ahead is refused, and 6 s later its time is good. */
const aheadSeconds = 124
const untilGoodMs = 6000

/** Runs until the signal says so. */
export const attackAsMembers = async (options: MemberOptions): Promise<void> => {
  await Promise.all([guessNumbers(options), showAgain(options), showEarly(options)])
}

const clientAt = (proxy: Service, address: string): Service => ({ call: (call) => proxy.call({ ...call, headers: { ...call.headers, 'x-forwarded-for': address } }) })

/** Repeats an act with a phone of that person's, which logs in again when its key has ended. */
const withPhone = async ({ proxy, authority, jsCode, signal }: MemberOptions, person: string, address: string, act: (phone: TestPhone, client: Service) => Promise<void>): Promise<void> => {
  const client = clientAt(proxy, address)
  let phone: TestPhone | undefined
  while (!signal.aborted) {
    try {
      phone ??= await openPhone(client, { jsCode: jsCode(person), authority })
      await act(phone, client)
    } catch {
      phone = undefined
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {}) // called off
  }
}

const guessNumbers = (options: MemberOptions): Promise<void> => withPhone(options, 'mallory', '203.0.113.90', async (phone, client) => {
  const { tally, violations, random } = options
  const browser = await openBrowser(client)
  if (browser.created.status !== 201) return tally.add('wrong numbers', `ticket ${verdictOf(browser.created)}`)
  const scan = await phone.scan(browser.ticket)
  if (scan.status !== 200) {
    tally.add('wrong numbers', `scan ${verdictOf(scan)}`)
    await browser.giveUp()
    return
  }
  const number = await browser.matchCode()
  const guess = String((Number(number) - 10 + random.integer(1, 89)) % 90 + 10)
  const answer = await phone.confirm(browser.ticket, guess)
  tally.add('wrong numbers', verdictOf(answer))
  if (answer.status === 200) violations.push(`the number ${guess} was taken for ${number}`)
})

const showAgain = (options: MemberOptions): Promise<void> => withPhone(options, 'mallory', '203.0.113.91', async (phone, client) => {
  const call: Call = { path: '/api/phone/sessions' }
  const headers = sign(call, phone.key, { authority: options.authority, created: Math.floor(Date.now() / 1000) })
  const answers = await Promise.all(Array.from({ length: 10 }, () => client.call({ ...call, headers })))
  for (const answer of answers) options.tally.add('replays', verdictOf(answer))
  if (answers.filter(({ status }) => status === 200).length > 1) options.violations.push('one signed call was accepted more than once')
  if (answers.some(({ json }) => json?.code === 'key-unknown')) throw new Error('the key has ended')
})

const showEarly = (options: MemberOptions): Promise<void> => withPhone(options, 'mallory', '203.0.113.92', async (phone, client) => {
  const call: Call = { path: '/api/phone/sessions' }
  const headers = sign(call, phone.key, { authority: options.authority, created: Math.floor(Date.now() / 1000) + aheadSeconds })
  const early = await client.call({ ...call, headers })
  options.tally.add('signed ahead', `at first ${verdictOf(early)}`)
  if (early.json?.code === 'key-unknown') throw new Error('the key has ended')
  await sleep(untilGoodMs)
  const late = await client.call({ ...call, headers })
  options.tally.add('signed ahead', `later ${verdictOf(late)}`)
  if (early.json?.code === 'clock-skew' && late.status === 200) options.violations.push('a signed call was refused as too early and accepted 6 s later')
})
